//! One client's connection, of any protocol: reads its bytes for the protocol to decode, sends what is left over, and
//! sees its end.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};

use crate::limits::{READ_BYTES, SENT_AHEAD_BYTES_MAX};
use crate::outgoing::Outgoing;

thread_local! {
    /// What was just read, of whichever connection: an idle one keeps no buffer.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// What a connection's client speaks.
pub(crate) trait Protocol {
    /// Decodes from `input` as long as requests may be made, and makes them. True if it had to stop before the end.
    fn take(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> bool;

    /// So many bytes of memory are taken up by what can't be decoded yet. False if that is too much: the connection ends.
    fn may_keep(&mut self, bytes: usize) -> bool;

    /// The client can send nothing more. Called once; `waits` says whether something of its is still under way.
    fn half_close(&mut self, waits: bool);

    /// Whether an answer of the protocol's own waits for its turn.
    fn has_answer(&self) -> bool;

    /// Whether no more requests are taken: the connection ends with its last reply.
    fn has_quit(&self) -> bool;
}

/// Has the task go on when others have had their turns and the sockets have been looked at, which they are not while there
/// is a task that has woken itself.
pub(crate) fn give_turn(context: &mut Context<'_>) {
    let turn = std::pin::pin!(tokio::task::yield_now());
    // It is never ready at once, or the task would not be woken.
    if turn.poll(context).is_ready() {
        context.waker().wake_by_ref();
    }
}

/// A connection from its acceptance to its end.
pub(crate) struct Connection<P> {
    protocol: P,
    outgoing: Arc<Outgoing>,
    /// Bytes that came and are not decoded yet.
    pending: BytesMut,
    /// The socket may hold bytes that it doesn't tell of.
    unread: bool,
    /// The protocol has been told that the client can send nothing more.
    half_closed: bool,
    ended: Ended,
}

/// How far the client has gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It may send more.
    No,
    /// It has closed its half; what it sent before is still carried out.
    HalfClosed,
    /// Its socket has failed.
    Gone,
}

impl<P: Protocol> Connection<P> {
    pub(crate) fn new(protocol: P, outgoing: Arc<Outgoing>) -> Self {
        Connection {
            protocol,
            outgoing,
            pending: BytesMut::new(),
            unread: false,
            half_closed: false,
            ended: Ended::No,
        }
    }

    /// Serves the client until it has gone.
    pub(crate) async fn run(mut self) {
        poll_fn(|context| self.poll(context)).await;
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let stopped = self.take_pending(context);
            if !self.protocol.may_keep(self.pending.capacity()) || self.is_over(stopped) {
                return Poll::Ready(());
            }
            if self.outgoing.lock().unsent() > 0
                && let Poll::Ready(ready) = self.outgoing.socket.poll_write_ready(context)
            {
                let more = self.outgoing.send();
                if ready.is_err() {
                    self.ended = Ended::Gone;
                } else if more {
                    give_turn(context);
                    return Poll::Pending;
                }
                continue;
            }
            if self.may_send() && self.poll_client(stopped, context) {
                continue;
            }
            // Whoever only waits for replies is woken by them; whoever waits for its client need not be.
            self.outgoing.lock().rest(context.waker(), stopped || !self.may_send());
            return Poll::Pending;
        }
    }

    /// Takes what comes from the client. True if something did.
    fn poll_client(&mut self, stopped: bool, context: &mut Context<'_>) -> bool {
        if !stopped || self.pending.len() < SENT_AHEAD_BYTES_MAX {
            if self.unread {
                // The runtime doesn't know of this reading, so it can't see to it that others get their turn.
                self.read(context);
                give_turn(context);
                return false;
            }
            let ready = self.outgoing.socket.poll_read_ready(context).is_ready();
            if ready {
                self.read(context);
            }
            return ready;
        }
        // It has sent enough ahead. Only its end is of interest, since it may be waiting for a job.
        if self.half_closed || self.outgoing.socket.poll_end(context).is_pending() {
            self.unread = true;
            return false;
        }
        self.unread = true;
        self.half_close();
        true
    }

    /// Whether there is nothing left to do for the client; `stopped` if requests of its are still to be made.
    fn is_over(&self, stopped: bool) -> bool {
        let queue = self.outgoing.lock();
        let sent = queue.unsent() == 0;
        let answered = queue.awaiting == 0 && sent && !self.protocol.has_answer();
        match self.ended {
            Ended::Gone => true,
            _ if queue.is_broken() || (queue.is_closing() && sent) => true,
            _ if self.protocol.has_quit() => answered,
            Ended::No => false,
            Ended::HalfClosed => answered && !stopped,
        }
    }

    /// Takes what the socket has, decoding straight from the shared buffer if nothing is pending.
    fn read(&mut self, context: &mut Context<'_>) {
        SCRATCH.with_borrow_mut(|scratch| {
            let socket = &self.outgoing.socket;
            let result = if self.unread { socket.read_anyway(scratch) } else { socket.try_read(scratch) };
            self.unread &= match &result {
                Ok(count) => *count == scratch.len(),
                Err(error) => error.kind() == ErrorKind::Interrupted,
            };
            match result {
                Ok(0) => {
                    self.ended = Ended::HalfClosed;
                    self.half_close();
                }
                Ok(count) => {
                    let mut input = &scratch[..count];
                    if self.pending.is_empty() {
                        self.protocol.take(&mut input, context);
                    }
                    self.pending.extend_from_slice(input);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(_) => self.ended = Ended::Gone,
            }
        });
    }

    fn may_send(&self) -> bool {
        self.ended == Ended::No && !self.protocol.has_quit()
    }

    fn half_close(&mut self) {
        let waits = self.outgoing.lock().awaiting > 0 || !self.pending.is_empty();
        if !std::mem::replace(&mut self.half_closed, true) {
            self.protocol.half_close(waits);
        }
    }

    /// Decodes what is pending. True if it had to stop before the end.
    fn take_pending(&mut self, context: &mut Context<'_>) -> bool {
        if self.ended == Ended::Gone {
            return true;
        }
        let mut pending = std::mem::take(&mut self.pending);
        let mut input = &pending[..];
        let stopped = self.protocol.take(&mut input, context);
        let taken = pending.len() - input.len();
        pending.advance(taken);
        if !pending.is_empty() {
            self.pending = pending;
        }
        stopped
    }
}
