//! One client of the work queue: hands its requests on in their order.
//!
//! Requests are pipelined as far as limits go: replies leave in order because the log keeps the order. Two things
//! stop a connection's requests until the earlier ones are answered: a request whose answer may carry a body, since
//! it may wait (a reserve) and a client that doesn't read must not pile bodies up; and an answer that the server
//! gives without asking the state machine.

use std::sync::Arc;
use std::task::Context;

use trellis_core::ConnectionId;
use trellis_core::tube::Command;
use trellis_replica::Replica;
use trellis_tube_codec::{Decoded, Decoder, Op, Reply, Request};

use super::facts::Facts;
use super::translate::{Step, has_body, step};
use crate::connection::Protocol;
use crate::connections::Connections;
use crate::outgoing::Outgoing;

/// The requests of one connection.
pub(crate) struct Client {
    id: ConnectionId,
    outgoing: Arc<Outgoing>,
    replica: Replica,
    facts: Arc<Facts>,
    connections: Arc<Connections>,
    decoder: Decoder,
    /// The server's own answer to a request, which waits until those before it are answered.
    answer: Option<Reply<'static>>,
    /// A request whose answer may carry a body is under way.
    body_awaited: bool,
    quit: bool,
}

impl Client {
    pub(crate) fn open(
        outgoing: Arc<Outgoing>,
        replica: Replica,
        facts: Arc<Facts>,
        connections: Arc<Connections>,
    ) -> Self {
        let id = connections.add(Arc::clone(&outgoing));
        replica.submit(id, &Command::Open);
        let decoder = Decoder::new(facts.job_bytes_max);
        Client {
            id,
            outgoing,
            replica,
            facts,
            connections,
            decoder,
            answer: None,
            body_awaited: false,
            quit: false,
        }
    }

    /// Gives the waiting answer if its turn has come; whether another request may follow now.
    fn may_go_on(&mut self, context: &mut Context<'_>) -> bool {
        if self.quit {
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
        tracing::trace!(connection = self.id.number(), op = ?request.op(), "a request");
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
            self.quit = true;
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

impl Protocol for Client {
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

    /// A reserve of its that waits, or that it has sent ahead, must not wait on.
    fn may_keep(&mut self, _bytes: usize) -> bool {
        // Producers with a slow network must not suffer from many others.
        true
    }

    fn half_close(&mut self, waits: bool) {
        if waits {
            self.replica.submit(self.id, &Command::HalfClose);
        }
    }

    fn has_answer(&self) -> bool {
        self.answer.is_some()
    }

    fn has_quit(&self) -> bool {
        self.quit
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        tracing::debug!(connection = self.id.number(), "a client has gone");
        if self.decoder.awaits_body() {
            // The real server counts a put when it has read the line.
            self.facts.count(Op::Put);
        }
        self.connections.remove(self.id);
        self.replica.submit(self.id, &Command::Close);
    }
}
