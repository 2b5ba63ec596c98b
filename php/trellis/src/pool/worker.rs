//! One child of a pool, as its parent sees it. What its words mean is no business of this file, but for which is the last.

use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use trellis_unix::Signal;
use trellis_unix::frame::Decoder;
use trellis_unix::limits::FRAME_BYTES_MAX;
use trellis_unix::process::{Child, Status};

use super::said::is_last;

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// A child with a task.
pub(super) struct Worker {
    pub(super) pid: i64,
    /// None if it was gone before it could be looked at, because SIGCHLD is ignored.
    child: Option<Child>,
    /// Until it was read to its end, or makes no sense.
    socket: Option<UnixStream>,
    decoder: Decoder,
    spoke: bool,
    /// It has said that it says nothing more.
    is_done: bool,
    was_killed: bool,
}

impl Worker {
    /// A child that was just made; `socket` never makes anyone wait.
    pub(super) fn new(pid: i64, child: Option<Child>, socket: UnixStream) -> Worker {
        let decoder = Decoder::new(FRAME_BYTES_MAX);
        Worker { pid, child, socket: Some(socket), decoder, spoke: false, is_done: false, was_killed: false }
    }

    /// What becomes readable when it has said something, and when it has ended.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd).into_iter().chain(self.child.as_ref().map(AsFd::as_fd))
    }

    /// Whether nothing has to be waited for, since it is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.child.is_none()
    }

    /// Whether its task is done, although it may still be there.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Sends it a signal. After one, nobody wonders about a result that doesn't come.
    pub(super) fn signal(&mut self, signal: Signal) {
        self.was_killed = true;
        if let Some(child) = &self.child {
            // It has become another user's if this fails, and goes its own way.
            let _ = child.signal(signal);
        }
    }

    /// Takes what it has said, and tells whether it has ended. Then there is nothing left to be read: how its end was
    /// noticed first and the rest read then makes sure of that.
    pub(super) fn look(&mut self, frames: &mut Vec<Vec<u8>>) -> bool {
        let ended = match &self.child {
            // A child whose end somebody else took has ended, too.
            Some(child) => {
                trellis_unix::readable(child.as_fd(), Some(std::time::Duration::ZERO)).unwrap_or(true)
            }
            None => true,
        };
        self.read(frames);
        ended
    }

    /// Why there is something to complain about, after it has ended.
    pub(super) fn complaint(&mut self) -> Option<String> {
        let status = self.child.as_mut().and_then(|child| child.wait().ok());
        if self.was_killed || self.is_done {
            return None;
        }
        let how = status.map(|status| format!(" ({status})")).unwrap_or_default();
        let pid = self.pid;
        if self.decoder.is_inside() {
            return Some(format!("worker {pid} ended in the middle of its result{how}"));
        }
        match status {
            Some(Status::Killed(_)) => Some(format!("worker {pid} ended without its result{how}")),
            Some(Status::Exited(code)) if code != 0 && !self.spoke => {
                Some(format!("worker {pid} ended without a result{how}"))
            }
            _ => None,
        }
    }

    fn read(&mut self, frames: &mut Vec<Vec<u8>>) {
        let mut buffer = [0; READ_BYTES];
        while let Some(socket) = &mut self.socket {
            match socket.read(&mut buffer) {
                Ok(0) => self.socket = None,
                Ok(bytes) => self.take(&buffer[..bytes], frames),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It has closed its side, with something of ours unread perhaps: all that it said is here.
                Err(_) => self.socket = None,
            }
        }
    }

    fn take(&mut self, mut bytes: &[u8], frames: &mut Vec<Vec<u8>>) {
        // No frame is too long for this decoder, so there are no errors.
        while let Ok(Some(frame)) = self.decoder.push(&mut bytes) {
            self.spoke = true;
            self.is_done |= is_last(&frame);
            frames.push(frame);
        }
    }
}
