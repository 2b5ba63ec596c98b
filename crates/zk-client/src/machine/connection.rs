//! How a connection begins, what is read from it, and how the next one is found.

use std::time::{Duration, Instant};

use trellis_zk_codec::{ConnectRequest, ConnectResponse, Event, ReplyHeader, take_frame, xid};

use super::deadlines::after;
use super::requests::Pending;
use super::{Answer, Machine, Outcome, Wanted, WatchEvent};
use crate::error::{Attempt, Error, Loss};
use crate::limits::{
    INPUT_BYTES_KEPT, RECONNECT_WAIT_MAX, RECONNECT_WAIT_MIN, REPLY_BYTES_MAX, SESSION_TIMEOUT_MIN,
};
use crate::servers::Server;
use crate::settings::SessionKey;
use crate::state::State;

/// Where a machine stands on its way to a connection. `step` counts the servers in the machine's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A connection was asked for.
    Opening { step: usize, until: Instant },
    /// It is there, and the server was asked for the session.
    ShakingHands { step: usize, until: Instant },
    /// Requests can be sent.
    Up { step: usize },
    /// Every server was tried in vain; the round begins again at that one.
    Resting { step: usize, until: Instant },
    /// There is nothing left to do.
    Over,
}

impl Machine {
    /// Which connection there should be. A driver compares after every call, closes one that is not wanted any more,
    /// and opens the other one.
    pub fn wanted(&self) -> Option<Wanted> {
        let (step, until) = match self.phase {
            Phase::Opening { step, until } | Phase::ShakingHands { step, until } => (step, until),
            Phase::Up { step } => (step, self.heard),
            Phase::Resting { .. } | Phase::Over => return None,
        };
        Some(Wanted { number: self.number, server: self.order[step], until })
    }

    /// The server of the connection, or the last one that was tried.
    pub fn server(&self) -> &Server {
        let step = match self.phase {
            Phase::Opening { step, .. } | Phase::ShakingHands { step, .. } | Phase::Up { step } => step,
            Phase::Resting { step, .. } => (step + self.order.len() - 1) % self.order.len(),
            Phase::Over => 0,
        };
        &self.settings.servers.list[self.order[step]]
    }

    /// The wanted connection is there.
    pub fn opened(&mut self, now: Instant) {
        let Phase::Opening { step, until } = self.phase else { return };
        self.phase = Phase::ShakingHands { step, until };
        self.sent = now;
        let request = ConnectRequest {
            protocol_version: 0,
            last_zxid_seen: self.last_zxid,
            timeout_ms: i32::try_from(self.settings.session_timeout.as_millis()).unwrap_or(i32::MAX),
            session: self.key.id,
            password: &self.key.password,
            read_only: Some(self.settings.read_only),
        };
        request.encode(&mut self.output);
    }

    /// The server has sent these bytes.
    pub fn received(&mut self, bytes: &[u8], now: Instant) {
        if !matches!(self.phase, Phase::ShakingHands { .. } | Phase::Up { .. }) {
            return;
        }
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(bytes);
        let mut rest = input.as_slice();
        let number = self.number;
        let broken = loop {
            match take_frame(&mut rest, REPLY_BYTES_MAX) {
                Err(error) => break Some(Loss::Nonsense(error.to_string())),
                Ok(None) => break None,
                Ok(Some(frame)) => {
                    self.heard = now;
                    if let Err(loss) = self.take(frame, now) {
                        break Some(loss);
                    }
                }
            }
            // A frame can be the end of its connection; what stands behind it is of no interest then.
            if self.number != number || self.phase == Phase::Over {
                return;
            }
        };
        let done = input.len() - rest.len();
        match broken {
            Some(loss) => self.lost(loss, now),
            None => {
                input.drain(..done);
                if input.is_empty() && input.capacity() > INPUT_BYTES_KEPT {
                    input = Vec::new();
                }
                self.input = input;
            }
        }
    }

    /// The connection has ended, or could not be made.
    pub fn lost(&mut self, loss: Loss, now: Instant) {
        let (step, was_up) = match self.phase {
            Phase::Opening { step, .. } | Phase::ShakingHands { step, .. } => (step, false),
            Phase::Up { step } => (step, true),
            Phase::Resting { .. } | Phase::Over => return,
        };
        self.why = loss.to_string();
        self.input = Vec::new();
        if was_up {
            self.give_up_pending();
            self.attempts.clear();
        } else {
            self.attempts.push(Attempt { server: self.server().clone(), loss });
        }
        self.output = Vec::new();
        if self.closing.is_some() {
            return self.end(State::Closed);
        }
        if was_up {
            self.enter(State::Connecting);
        }
        let next = (step + 1) % self.order.len();
        if self.attempts.len() < self.order.len() {
            return self.open(next, now);
        }
        self.outcomes.push_back(Outcome::Unreachable(std::mem::take(&mut self.attempts)));
        if self.settings.fail_fast {
            self.refuse_unsent();
        }
        // Between half of the wait and all of it, so that many clients don't come back at the same moment.
        let wait = self.round_wait.mul_f64(self.random.f64() / 2.0 + 0.5);
        self.round_wait = (self.round_wait * 2).min(RECONNECT_WAIT_MAX);
        self.phase = Phase::Resting { step: next, until: now + wait };
    }

    /// Asks for a connection to the server at this place of the order.
    pub(super) fn open(&mut self, step: usize, now: Instant) {
        self.number += 1;
        let servers = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        // A session that is waited for must not end while a dead server is tried.
        let patience = match self.key.id {
            0 => self.settings.connect_timeout,
            _ => self.settings.connect_timeout.min(self.session_timeout),
        };
        self.phase = Phase::Opening { step, until: after(now, patience / servers) };
    }

    /// Ends the session for good: nobody waits any longer.
    pub(super) fn end(&mut self, state: State) {
        self.give_up_pending();
        self.phase = Phase::Over;
        self.output = Vec::new();
        self.enter(state);
        for unsent in std::mem::take(&mut self.unsent) {
            self.answer(unsent.pending.ticket, Err(Error::Over(state)));
        }
        let asked: Vec<_> = self.claims.iter_mut().filter_map(|claim| claim.asked.take()).collect();
        for ticket in asked {
            self.answer(ticket, Err(Error::Over(state)));
        }
    }

    /// Takes one frame in.
    fn take(&mut self, frame: &[u8], now: Instant) -> Result<(), Loss> {
        if let Phase::ShakingHands { step, .. } = self.phase {
            return self.begin(step, frame, now);
        }
        let nonsense = |error: &dyn std::fmt::Display| Loss::Nonsense(error.to_string());
        let (header, body) = ReplyHeader::decode(frame).map_err(|error| nonsense(&error))?;
        if header.zxid > 0 {
            self.last_zxid = header.zxid;
        }
        match header.xid {
            xid::NOTIFICATION => {
                let event = Event::decode(body).map_err(|error| nonsense(&error))?;
                let tickets = self.watches.fired(event.kind, event.path);
                let event = WatchEvent { kind: event.kind, path: event.path.to_owned() };
                self.outcomes.push_back(Outcome::Event { event, tickets });
            }
            xid::PING => {
                if let Some(sent_at) = self.pings.pop_front() {
                    self.confirm(sent_at);
                }
            }
            xid::SET_WATCHES => {}
            xid::AUTH if header.error.is_some() => self.end(State::AuthFailed),
            xid::AUTH => self.claim_accepted(),
            _ => self.take_reply(header, frame)?,
        }
        Ok(())
    }

    /// Reads what the server grants, and sends what it must know before anything else.
    fn begin(&mut self, step: usize, frame: &[u8], now: Instant) -> Result<(), Loss> {
        let response = ConnectResponse::decode(frame).map_err(|error| Loss::Nonsense(error.to_string()))?;
        if response.session == 0 {
            self.end(State::Expired);
            return Ok(());
        }
        let again = self.key.id == response.session && self.last_zxid != 0;
        self.key = SessionKey { id: response.session, password: response.password.to_vec() };
        let granted = Duration::from_millis(response.timeout_ms.try_into().unwrap_or(0));
        self.session_timeout = granted.max(SESSION_TIMEOUT_MIN);
        self.phase = Phase::Up { step };
        self.taken_bytes = 0;
        self.output = Vec::new();
        self.attempts.clear();
        // The handshake was the last that was sent.
        self.confirm(self.sent);
        self.pings.clear();
        self.round_wait = RECONNECT_WAIT_MIN;
        self.send_claims();
        self.watches.encode(self.last_zxid, &mut self.output);
        self.enter(match response.read_only {
            Some(true) => State::ConnectedReadOnly,
            _ => State::Connected,
        });
        let tickets = self.watches.persistent();
        if again && !tickets.is_empty() {
            self.outcomes.push_back(Outcome::Missed { tickets });
        }
        self.send_unsent(now);
        self.sent = now;
        Ok(())
    }

    /// Gives a reply to the request that has waited longest: servers answer in order.
    fn take_reply(&mut self, header: ReplyHeader, frame: &[u8]) -> Result<(), Loss> {
        let Some(Pending { ticket, op, watch, sent_at, .. }) =
            self.pending.pop_front_if(|pending| pending.xid == header.xid)
        else {
            return Err(Loss::Nonsense(format!("it answers request {}, which was not next", header.xid)));
        };
        if let Some(watch) = watch.and_then(|watch| watch.granted(op, header.error)) {
            self.watches.add(watch, ticket);
        }
        self.confirm(sent_at);
        let closed = self.closing == Some(ticket);
        if self.late > 0 {
            // Its caller has been told already, and has no use for it.
            self.late -= 1;
        } else {
            let result = match header.error {
                None => Ok(Answer { op, frame: frame.to_vec() }),
                Some(code) => Err(Error::Refused { code, path: None }),
            };
            self.answer(ticket, result);
        }
        if closed {
            self.end(State::Closed);
        }
        Ok(())
    }
}
