//! One child of a pool: making it, reading what it writes, and seeing it end.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use super::inbox::Inbox;
use super::outcome::{Outcome, TaskError, TaskId};
use crate::Signal;
use crate::limits::{READ_BYTES, TURN_BYTES};
use crate::process::Child;

/// A child with a task.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) task: TaskId,
    pub(super) child: Child,
    /// Until it was read to its end, or there is no sense in reading it.
    socket: Option<UnixStream>,
    inbox: Inbox,
    /// Set if reading has failed.
    unreadable: Option<io::Error>,
}

impl Worker {
    /// The parent's view of a child that was just made.
    pub(super) fn new(task: TaskId, child: Child, socket: UnixStream, result_bytes_max: u32) -> Worker {
        Worker { task, child, socket: Some(socket), inbox: Inbox::new(result_bytes_max), unreadable: None }
    }

    /// What becomes readable when the child ends.
    pub(super) fn ended(&self) -> BorrowedFd<'_> {
        self.child.as_fd()
    }

    /// What becomes readable when the child has written something; none after its end.
    pub(super) fn written(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there, up to a turn's worth. Returns whether there may be more right now.
    pub(super) fn read(&mut self, buffer: &mut [u8; READ_BYTES]) -> bool {
        let mut turn = 0;
        while turn < TURN_BYTES {
            let Some(socket) = &mut self.socket else { return false };
            match socket.read(buffer) {
                Ok(0) => self.socket = None,
                Ok(bytes) => {
                    turn += bytes;
                    if !self.inbox.push(&buffer[..bytes]) {
                        self.give_up();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It closed with something unread from us, which we never write: all that it wrote is here.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.socket = None,
                Err(error) => {
                    self.unreadable = Some(error);
                    self.give_up();
                }
            }
        }
        true
    }

    /// Nothing that the child may still do can change its outcome.
    fn give_up(&mut self) {
        self.socket = None;
        // The signal does not reach a child that has become another user's; then the outcome waits for its own end, which
        // comes with its next write, since nobody reads any more, and otherwise when it likes.
        let _ = self.child.signal(Signal::KILL);
    }

    /// The outcome, after the child has ended. What it wrote is still in its socket and is read first. The socket's own end
    /// is not waited for: a process that the child has left behind may hold it open for ever.
    pub(super) fn finish(mut self, buffer: &mut [u8; READ_BYTES]) -> Outcome {
        while self.read(buffer) {}
        let status = self.child.wait().ok();
        let result = match self.unreadable {
            Some(error) => Err(TaskError::Unreadable(error)),
            None => self.inbox.close(status),
        };
        Outcome { task: self.task, result }
    }
}
