//! The way of requests: out, or into the line of those that wait for a connection.

use std::time::Instant;

use trellis_zk_codec::{Op, Request, xid};

use super::connection::Phase;
use super::deadlines::after;
use super::watches::Wanted;
use super::{Machine, Ticket};
use crate::error::Error;
use crate::limits::UNSENT_BYTES_MAX;
use crate::settings::Identity;
use crate::state::State;

/// A request that has not been answered.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) xid: i32,
    pub(super) ticket: Ticket,
    pub(super) op: Op,
    pub(super) watch: Option<Wanted>,
    pub(super) request_bytes: usize,
    /// When it was given to the connection.
    pub(super) sent_at: Instant,
    /// Where it begins among all the bytes of its connection.
    pub(super) begins_at: u64,
    pub(super) deadline: Instant,
}

/// A request that waits for a connection, with its frame.
#[derive(Debug)]
pub(super) struct Unsent {
    pub(super) pending: Pending,
    bytes: Vec<u8>,
}

/// An identity, sent anew over each connection.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) identity: Identity,
    /// Who waits to hear whether it is accepted.
    pub(super) asked: Option<Ticket>,
    /// Whether the server has not answered it yet.
    pub(super) under_way: bool,
}

impl Machine {
    /// Sends a request, if need be once there is a connection. Its answer comes as
    /// [`Outcome::Answered`](super::Outcome::Answered) with this ticket, by which the watch that it may set is known,
    /// too.
    pub fn submit(&mut self, ticket: Ticket, request: &Request<'_>, now: Instant) {
        let unsent_bytes = self.unsent_bytes + self.output.len();
        // What ends the session needs little room, and is asked for once.
        let refusal = self.refusal().or_else(|| {
            let busy = unsent_bytes > UNSENT_BYTES_MAX && *request != Request::CloseSession;
            busy.then_some(Error::Busy { unsent_bytes })
        });
        if let Some(refusal) = refusal {
            return self.answer(ticket, Err(refusal));
        }
        let xid = self.next_xid;
        // Numbers below 1 have meanings of their own.
        self.next_xid = xid.checked_add(1).unwrap_or(1);
        let mut pending = Pending {
            xid,
            ticket,
            op: request.op(),
            watch: Wanted::by(request),
            request_bytes: 0,
            sent_at: now,
            begins_at: 0,
            deadline: after(now, self.settings.request_timeout),
        };
        if matches!(self.phase, Phase::Up { .. }) {
            let before = self.output.len();
            request.encode(xid, &mut self.output);
            pending.request_bytes = self.output.len() - before;
            pending.begins_at = self.taken_bytes + before as u64;
            self.pending.push_back(pending);
            self.sent = now;
        } else {
            let mut bytes = Vec::new();
            request.encode(xid, &mut bytes);
            pending.request_bytes = bytes.len();
            self.unsent_bytes += bytes.len();
            self.unsent.push_back(Unsent { pending, bytes });
        }
    }

    /// Claims to be somebody, also over each later connection. The answer has no body.
    pub fn authenticate(&mut self, ticket: Ticket, identity: Identity, now: Instant) {
        if let Some(refusal) = self.refusal() {
            return self.answer(ticket, Err(refusal));
        }
        let up = matches!(self.phase, Phase::Up { .. });
        if up {
            encode_identity(&identity, &mut self.output);
            self.sent = now;
        }
        self.claims.push(Claim { identity, asked: Some(ticket), under_way: up });
    }

    /// Ends the session. If no server can be told, it finds out when the session's time is over.
    pub fn close(&mut self, ticket: Ticket, now: Instant) {
        self.submit(ticket, &Request::CloseSession, now);
        if self.state.is_over() || self.closing.is_some() {
            return;
        }
        self.closing = Some(ticket);
        if !matches!(self.phase, Phase::Up { .. }) {
            self.end(State::Closed);
        }
    }

    /// Whether there is room again for requests, after one was refused with [`Error::Busy`]. It takes more than a little,
    /// so that who waits for it is not called for each piece that goes out.
    pub fn has_room(&self) -> bool {
        self.unsent_bytes + self.output.len() <= UNSENT_BYTES_MAX / 2
    }

    /// What is to be sent over the connection.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// The first `count` bytes of the output were taken by the system.
    pub fn taken(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
        self.taken_bytes += count as u64;
        if self.output.is_empty() && self.output.capacity() > crate::limits::READ_BYTES {
            self.output = Vec::new();
        }
    }

    /// Why no request is taken, if none is.
    fn refusal(&self) -> Option<Error> {
        if self.state.is_over() {
            Some(Error::Over(self.state))
        } else if self.closing.is_some() {
            Some(Error::Over(State::Closed))
        } else {
            None
        }
    }

    /// Sends what has waited for a connection.
    pub(super) fn send_unsent(&mut self, now: Instant) {
        self.unsent_bytes = 0;
        for Unsent { mut pending, bytes } in std::mem::take(&mut self.unsent) {
            pending.begins_at = self.taken_bytes + self.output.len() as u64;
            pending.sent_at = now;
            self.output.extend_from_slice(&bytes);
            self.pending.push_back(pending);
        }
    }

    /// Sends all identities.
    pub(super) fn send_claims(&mut self) {
        for claim in &mut self.claims {
            claim.under_way = true;
            encode_identity(&claim.identity, &mut self.output);
        }
    }

    /// The server has accepted the identity that has waited longest.
    pub(super) fn claim_accepted(&mut self) {
        let Some(claim) = self.claims.iter_mut().find(|claim| claim.under_way) else { return };
        claim.under_way = false;
        if let Some(ticket) = claim.asked.take() {
            self.answer(ticket, Ok(super::Answer { op: Op::Auth, frame: vec![0; 16] }));
        }
    }

    /// The connection is lost: nobody knows what has become of the requests that went out over it. Those that the
    /// system has not taken a byte of wait for the next one.
    pub(super) fn give_up_pending(&mut self) {
        let late = std::mem::take(&mut self.late);
        for (index, pending) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            let begin = pending.begins_at.checked_sub(self.taken_bytes);
            let begin = begin.and_then(|begin| usize::try_from(begin).ok());
            if index < late {
                continue;
            }
            let frame = begin.and_then(|begin| self.output.get(begin..begin + pending.request_bytes));
            match frame {
                Some(frame) if self.closing.is_none() => {
                    self.unsent_bytes += frame.len();
                    self.unsent.push_back(Unsent { bytes: frame.to_vec(), pending });
                }
                _ => {
                    let Pending { ticket, request_bytes, .. } = pending;
                    let server = self.server().clone();
                    self.answer(ticket, Err(Error::Lost { server, request_bytes }));
                }
            }
        }
    }

    /// Tells those that wait for a connection that there is none.
    pub(super) fn refuse_unsent(&mut self) {
        self.unsent_bytes = 0;
        for Unsent { pending, .. } in std::mem::take(&mut self.unsent) {
            let error = self.not_sent();
            self.answer(pending.ticket, Err(error));
        }
    }

    /// Tells those that have waited for too long.
    pub(super) fn tell_late(&mut self, now: Instant) {
        while let Some(unsent) = self.unsent.pop_front_if(|unsent| unsent.pending.deadline <= now) {
            self.unsent_bytes -= unsent.bytes.len();
            let error = self.not_sent();
            self.answer(unsent.pending.ticket, Err(error));
        }
        while let Some(pending) = self.pending.get(self.late).filter(|pending| pending.deadline <= now) {
            let ticket = pending.ticket;
            self.late += 1;
            let (server, timeout) = (self.server().clone(), self.settings.request_timeout);
            self.answer(ticket, Err(Error::Late { server, timeout }));
            if self.closing == Some(ticket) {
                return self.end(State::Closed);
            }
        }
    }

    fn not_sent(&self) -> Error {
        Error::NotSent { server: self.server().clone(), why: self.why.clone() }
    }
}

fn encode_identity(identity: &Identity, out: &mut Vec<u8>) {
    let credentials = identity.credentials.as_deref();
    Request::Auth { kind: 0, scheme: &identity.scheme, credentials }.encode(xid::AUTH, out);
}
