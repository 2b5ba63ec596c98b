//! What is on its way to one client: the only part of a connection that others than its own task may touch.

use std::io::ErrorKind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::limits::{REPLY_BUFFER_BYTES_KEPT, REPLY_BYTES_UNSENT_MAX, REQUESTS_AWAITING_MAX};
use crate::socket::Socket;

/// A connection's socket and the replies for it.
pub(crate) struct Outgoing {
    pub(crate) socket: Socket,
    queue: Mutex<Queue>,
}

/// Replies, and the requests that await them.
#[derive(Default)]
pub(crate) struct Queue {
    buffer: Vec<u8>,
    /// How much of `buffer` the socket has taken.
    sent: usize,
    /// Requests that await a reply.
    pub(crate) awaiting: u32,
    /// Set while the present entry has added something; see [`Outgoing::add`].
    in_entry: bool,
    /// The socket is beyond use: what is added is dropped.
    broken: bool,
    /// The connection's task, and whether it has stopped until replies have gone.
    task: Option<Waker>,
    stopped: bool,
}

impl Queue {
    /// Whether the connection may make one more request.
    pub(crate) fn has_room(&self) -> bool {
        self.awaiting < REQUESTS_AWAITING_MAX && self.unsent() <= REPLY_BYTES_UNSENT_MAX
    }

    /// Counts a request.
    pub(crate) fn expect(&mut self) {
        self.awaiting += 1;
    }

    pub(crate) fn unsent(&self) -> usize {
        self.buffer.len() - self.sent
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Notes the connection's task before it rests: it is woken when replies are left over, and, if it has
    /// `stopped` taking requests, by every reply.
    pub(crate) fn rest(&mut self, waker: &Waker, stopped: bool) {
        self.stopped = stopped;
        if !self.task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            self.task = Some(waker.clone());
        }
    }

    /// Appends a reply that the server gives by itself. Only when nothing is awaited, or it would overtake.
    pub(crate) fn answer(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        debug_assert_eq!(self.awaiting, 0, "a reply overtakes those that are awaited");
        if !self.broken {
            encode(&mut self.buffer);
        }
    }

    fn send(&mut self, socket: &Socket) {
        while self.sent < self.buffer.len() && !self.broken {
            match socket.try_write(&self.buffer[self.sent..]) {
                Ok(0) => self.broken = true,
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
        }
        if self.sent == self.buffer.len() || self.broken {
            self.buffer.clear();
            self.buffer.shrink_to(REPLY_BUFFER_BYTES_KEPT);
            self.sent = 0;
        } else if self.sent > REPLY_BYTES_UNSENT_MAX {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
    }
}

impl Outgoing {
    pub(crate) fn new(socket: Socket) -> Self {
        Outgoing { socket, queue: Mutex::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends the reply to a request. True for the first one of an entry: the caller sees to it that
    /// [`Self::complete`] is called at the entry's end.
    pub(crate) fn add(&self, encode: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut queue = self.lock();
        queue.awaiting = queue.awaiting.saturating_sub(1);
        if !queue.broken {
            encode(&mut queue.buffer);
        }
        !std::mem::replace(&mut queue.in_entry, true)
    }

    /// Sends what an entry has added, in one write if the socket takes it.
    pub(crate) fn complete(&self) {
        let mut queue = self.lock();
        queue.in_entry = false;
        queue.send(&self.socket);
        if (queue.stopped || queue.unsent() > 0 || queue.broken)
            && let Some(task) = &queue.task
        {
            task.wake_by_ref();
        }
    }

    /// Sends what the socket takes now.
    pub(crate) fn send(&self) {
        self.lock().send(&self.socket);
    }

    /// Tells a client that awaits a reply that there will be none.
    pub(crate) fn abandon(&self, reply: &[u8]) {
        let mut queue = self.lock();
        if queue.awaiting > 0 {
            queue.awaiting = 0;
            queue.buffer.extend_from_slice(reply);
            queue.send(&self.socket);
        }
    }
}
