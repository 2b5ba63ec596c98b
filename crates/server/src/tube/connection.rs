//! One client's connection: reads its bytes, and hands its requests on in their order.
//!
//! Requests are pipelined as far as limits go: replies leave in order because the log keeps the order. Two things
//! stop a connection's requests until the earlier ones are answered: a request whose answer may carry a body, since
//! it may wait (a reserve) and a client that doesn't read must not pile bodies up; and an answer that the server
//! gives without asking the state machine.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use trellis_core::ConnectionId;
use trellis_core::tube::Command;
use trellis_replica::Replica;
use trellis_tube_codec::{Decoded, Decoder, Reply, Request};

use super::facts::Facts;
use super::translate::{Step, has_body, step};
use crate::connections::Connections;
use crate::limits::{READ_BYTES, SENT_AHEAD_BYTES_MAX};
use crate::outgoing::Outgoing;

thread_local! {
    /// What was just read, of whichever connection: an idle one keeps no buffer.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// A connection from its acceptance to its end.
pub(crate) struct Connection {
    id: ConnectionId,
    outgoing: Arc<Outgoing>,
    replica: Replica,
    facts: Arc<Facts>,
    connections: Arc<Connections>,
    decoder: Decoder,
    /// Bytes that came and are not decoded yet.
    pending: BytesMut,
    /// The server's own answer to a request, which waits until those before it are answered.
    answer: Option<Reply<'static>>,
    /// A request whose answer may carry a body is under way.
    body_awaited: bool,
    /// The socket may hold bytes that it doesn't tell of.
    unread: bool,
    /// The state machine has been told that the client can send nothing more.
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
    /// It has quit; what it asked for before is still answered.
    Quit,
    /// Its socket has failed.
    Gone,
}

impl Connection {
    pub(crate) fn open(
        outgoing: Arc<Outgoing>,
        replica: Replica,
        facts: Arc<Facts>,
        connections: Arc<Connections>,
    ) -> Self {
        let id = connections.add(Arc::clone(&outgoing));
        replica.submit(id, &Command::Open);
        let decoder = Decoder::new(facts.job_bytes_max);
        Connection {
            id,
            outgoing,
            replica,
            facts,
            connections,
            decoder,
            pending: BytesMut::new(),
            answer: None,
            body_awaited: false,
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
            if self.is_over(stopped) {
                return Poll::Ready(());
            }
            if self.outgoing.lock().unsent() > 0
                && let Poll::Ready(ready) = self.outgoing.socket.poll_write_ready(context)
            {
                self.outgoing.send();
                if ready.is_err() {
                    self.ended = Ended::Gone;
                }
                continue;
            }
            if self.ended == Ended::No && self.poll_client(stopped, context) {
                continue;
            }
            // Whoever only waits for replies is woken by them; whoever waits for its client need not be.
            self.outgoing.lock().rest(context.waker(), stopped || self.ended != Ended::No);
            return Poll::Pending;
        }
    }

    /// Takes what comes from the client. True if something did.
    fn poll_client(&mut self, stopped: bool, context: &mut Context<'_>) -> bool {
        if !stopped || self.pending.len() < SENT_AHEAD_BYTES_MAX {
            if self.unread {
                // The runtime doesn't know of this reading, so it can't see to it that others get their turn.
                self.read(context);
                context.waker().wake_by_ref();
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
        let answered = queue.awaiting == 0 && queue.unsent() == 0 && self.answer.is_none();
        match self.ended {
            Ended::No => queue.is_broken(),
            Ended::HalfClosed => queue.is_broken() || (answered && !stopped),
            Ended::Quit => queue.is_broken() || answered,
            Ended::Gone => true,
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
                        self.take(&mut input, context);
                    }
                    self.pending.extend_from_slice(input);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(_) => self.ended = Ended::Gone,
            }
        });
    }

    /// The client will send nothing more. A reserve of its that waits, or that it has sent ahead, must not wait on.
    fn half_close(&mut self) {
        let waits = self.outgoing.lock().awaiting > 0 || !self.pending.is_empty();
        if waits && !self.half_closed {
            self.half_closed = true;
            self.replica.submit(self.id, &Command::HalfClose);
        }
    }

    /// Decodes what is pending. True if it had to stop before the end.
    fn take_pending(&mut self, context: &mut Context<'_>) -> bool {
        let mut pending = std::mem::take(&mut self.pending);
        let mut input = &pending[..];
        let stopped = self.take(&mut input, context);
        let taken = pending.len() - input.len();
        pending.advance(taken);
        if !pending.is_empty() {
            self.pending = pending;
        }
        stopped
    }

    /// Decodes from `input` as long as requests may be made. True if it had to stop before the end.
    fn take(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> bool {
        loop {
            if !self.may_go_on(context) {
                return true;
            }
            match self.decoder.decode(input) {
                None => return false,
                Some(Decoded::Request(request)) => self.request(&request),
                Some(Decoded::Rejected { op, uses_up_id, reply }) => {
                    if let Some(op) = op {
                        self.facts.count(op);
                    }
                    if uses_up_id {
                        self.replica.submit(self.id, &Command::SkipId);
                    }
                    self.answer = Some(reply.into());
                }
            }
        }
    }

    /// Gives the waiting answer if its turn has come; whether another request may follow now.
    fn may_go_on(&mut self, context: &mut Context<'_>) -> bool {
        if matches!(self.ended, Ended::Quit | Ended::Gone) {
            return false;
        }
        let mut queue = self.outgoing.lock();
        if queue.awaiting == 0 {
            self.body_awaited = false;
            if let Some(answer) = self.answer.take() {
                queue.answer(|out| answer.encode(out));
            }
        }
        let free = !self.body_awaited && self.answer.is_none() && queue.has_room();
        drop(queue);
        free && self.replica.poll_room(context).is_ready()
    }

    fn request(&mut self, request: &Request<'_>) {
        self.facts.count(request.op());
        if let Some(refusal) = self.refusal(request) {
            if refusal == Reply::Draining {
                // In the real server, too, a put that is refused has taken an id and makes a producer. Without
                // memory or room on the disk it must not make the log grow.
                self.replica.submit(self.id, &Command::SkipId);
            }
            self.answer = Some(refusal);
            return;
        }
        let step = step(request);
        if matches!(step, Step::Quit) {
            self.ended = Ended::Quit;
            return;
        }
        self.outgoing.lock().expect();
        self.body_awaited = has_body(&step);
        match step {
            Step::Command(command) => self.replica.submit(self.id, &command),
            Step::Query(query) => self.replica.query(self.id, query),
            Step::Quit => {}
        }
    }

    /// Why a put is not even tried.
    fn refusal(&self, request: &Request<'_>) -> Option<Reply<'static>> {
        let Request::Put { body, .. } = request else { return None };
        if self.facts.is_draining() {
            return Some(Reply::Draining);
        }
        let held = self.replica.body_bytes().saturating_add(body.len() as u64);
        let full = held > self.facts.memory_bytes_max || !self.replica.has_space();
        full.then_some(Reply::OutOfMemory)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.remove(self.id);
        self.replica.submit(self.id, &Command::Close);
    }
}
