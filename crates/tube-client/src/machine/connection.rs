//! The machine's connection: how it comes about, ends, and is waited for, and what that means for requests.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trellis_tube_codec::Op;

use super::pending::{Pending, Role};
use super::{Machine, Outcome, after};
use crate::address::Address;
use crate::answer::Answer;
use crate::error::Error;

/// Where the machine stands with its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no connection, and none is to be tried before this time.
    Apart { retry_at: Option<Instant> },
    /// The driver tries one, for so long.
    Connecting { until: Instant },
    /// There is one; it is proven once it has answered.
    Connected { proven: bool },
}

impl Machine {
    /// The address to connect to now, if a connection is needed and none is being tried. The driver answers with
    /// [`Machine::connected`] or [`Machine::connect_failed`].
    pub fn wants_connection(&mut self, now: Instant) -> Option<&Address> {
        let Phase::Apart { retry_at } = self.phase else { return None };
        if self.waiting.is_empty() || retry_at.is_some_and(|retry_at| retry_at > now) {
            return None;
        }
        self.phase = Phase::Connecting { until: after(self.settings.connect_timeout, now) };
        self.addresses.get(self.at)
    }

    /// Until when no connection is tried, if that is so.
    pub fn retry_at(&self) -> Option<Instant> {
        if let Phase::Apart { retry_at } = self.phase { retry_at } else { None }
    }

    /// Whether the driver should be trying to connect. If not, it drops what it has begun.
    pub fn is_connecting(&self) -> bool {
        matches!(self.phase, Phase::Connecting { .. })
    }

    /// Whether the driver should have a connection. If not, it closes the one that it has, without a word.
    pub fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Connected { .. })
    }

    /// The connection has come about.
    pub fn connected(&mut self, now: Instant) {
        self.phase = Phase::Connected { proven: false };
        let expires = now;
        let restoring = self.tubes.restoring();
        let restoring = restoring.iter().map(|request| Pending::new(request, expires));
        let restoring: Vec<Pending> =
            restoring.map(|pending| Pending { role: Role::Restore, ..pending }).collect();
        for mut pending in restoring {
            pending.send(now, &mut self.output);
            self.awaited.push_back(pending);
        }
        self.restart_due(now);
        self.flush(now);
    }

    /// No connection has come about. The next address is tried at once, or, after the last one, after a while.
    pub fn connect_failed(&mut self, error: io::Error, now: Instant) {
        let Some(address) = self.addresses.get(self.at) else { return };
        self.last_failure = Some((address.clone(), Arc::new(error)));
        self.at = (self.at + 1) % self.addresses.len();
        self.tried += 1;
        let mut retry_at = None;
        if self.tried >= self.addresses.len() {
            self.tried = 0;
            retry_at = Some(after(self.backoff.next(), now));
        }
        self.phase = Phase::Apart { retry_at };
        self.expire(now);
    }

    /// The connection has ended: the server has hung up, or the system has said so.
    pub fn lost(&mut self, error: io::Error, now: Instant) {
        if self.is_connected() {
            self.lose(error, now);
        }
    }

    /// Ends the connection without a word: the server makes the jobs ready that it held. The next request makes
    /// a new one.
    pub fn hang_up(&mut self, now: Instant) {
        if self.is_connected() {
            self.prove();
            self.lose(io::Error::new(io::ErrorKind::ConnectionAborted, "the client has hung up"), now);
            self.last_failure = None;
        }
    }

    /// Since when the server owes its next reply without a word worth its time, if it owes one. A reserve that waits for a
    /// job is silent on purpose.
    pub fn silent_since(&self) -> Option<Instant> {
        self.awaited.front().and(self.since)
    }

    /// When [`Machine::advance`] must be called, if nothing else happens.
    pub fn deadline(&self) -> Option<Instant> {
        let unsent = || self.waiting.iter();
        match self.phase {
            Phase::Apart { retry_at } => {
                let expiry = unsent().map(|pending| pending.expires).min()?;
                Some(retry_at.map_or(expiry, |retry_at| retry_at.min(expiry)))
            }
            Phase::Connecting { until } => {
                Some(unsent().filter_map(|pending| pending.until).fold(until, Instant::min))
            }
            Phase::Connected { .. } => self.due().into_iter().chain(self.give_up_at()).min(),
        }
    }

    /// Time has passed.
    pub fn advance(&mut self, now: Instant) {
        match self.phase {
            Phase::Apart { .. } => self.expire(now),
            Phase::Connecting { until } if until <= now => {
                self.connect_failed(io::ErrorKind::TimedOut.into(), now);
            }
            Phase::Connecting { .. } => self.expire(now),
            Phase::Connected { .. } => {
                if self.give_up_at().is_some_and(|give_up| give_up <= now) {
                    if let Some(pending) = self.awaited.pop_front() {
                        self.deliver(pending.ticket, false, Ok(Answer::TimedOut), now);
                    }
                    self.hang_up(now);
                } else if self.due().is_some_and(|due| due <= now) {
                    self.lose(io::ErrorKind::TimedOut.into(), now);
                }
            }
        }
    }

    /// Nothing on this connection would be missed but one reserve: other reserves wait as well on the next one.
    pub(super) fn may_hang_up(&self) -> bool {
        let is_missed = |pending: &Pending| pending.role != Role::Restore && !pending.is_waiting_reserve();
        self.held.is_empty() && !self.awaited.is_empty() && !self.awaited.iter().any(is_missed)
    }

    /// When to hang up on a reserve whose wait is over between two whole seconds.
    fn give_up_at(&self) -> Option<Instant> {
        self.awaited.front().filter(|_| self.may_hang_up()).and_then(|pending| pending.until)
    }

    /// Grants the server its time for the first awaited reply from now on.
    pub(super) fn restart_due(&mut self, now: Instant) {
        self.moved_bytes = 0;
        self.since = Some(now);
    }

    /// When the first awaited reply is overdue.
    fn due(&self) -> Option<Instant> {
        let front = self.awaited.front()?;
        // Once its reply has begun, the server waits for nothing any more.
        let wait = if self.input.is_empty() { front.server_wait? } else { Duration::ZERO };
        self.since?.checked_add(wait)?.checked_add(self.settings.reply_timeout)
    }

    /// The connection has shown that it works.
    pub(super) fn prove(&mut self) {
        self.phase = Phase::Connected { proven: true };
        self.tried = 0;
        self.last_failure = None;
        self.backoff.reset();
    }

    /// Ends the connection because of its next reply, which becomes this error.
    pub(super) fn fail_front(&mut self, now: Instant, error: impl FnOnce(Address, Op) -> Error) {
        let address = self.addresses[self.at].clone();
        let message = match self.awaited.front().map(|pending| pending.role == Role::Restore) {
            Some(false) => {
                let pending = self.awaited.pop_front();
                let ticket = pending.as_ref().and_then(|pending| pending.ticket);
                let error = error(address, pending.map_or(Op::Quit, |pending| pending.op));
                let message = error.to_string();
                self.deliver(ticket, false, Err(error), now);
                message
            }
            _ => error(address, Op::Quit).to_string(),
        };
        self.lose(io::Error::other(message), now);
    }

    /// Ends the connection. What was sent and can be repeated waits for the next one; the rest fails, and says
    /// whether it may have happened.
    pub(super) fn lose(&mut self, error: io::Error, now: Instant) {
        let Phase::Connected { proven } = self.phase else { return };
        let address = self.addresses[self.at].clone();
        self.output.clear();
        self.written = 0;
        self.input.clear();
        self.held.clear();
        let source = Arc::new(error);
        let mut again = Vec::new();
        for mut pending in std::mem::take(&mut self.awaited) {
            if pending.role == Role::Restore {
                continue;
            }
            let repeatable = pending.is_repeatable() && pending.ticket.is_some();
            if repeatable && pending.is_waiting_reserve() {
                // It was waiting, perhaps for hours, so its patience begins anew, but not its wait.
                pending.expires = after(self.settings.patience, now);
                pending.until = pending.ends;
            }
            if repeatable && pending.expires > now {
                again.push(pending);
                continue;
            }
            let (address, source, op) = (address.clone(), Arc::clone(&source), pending.op);
            let error = match pending.is_repeatable() {
                true => Error::Lost { address, source },
                false => Error::Unknown { address, op, source },
            };
            self.deliver(pending.ticket, false, Err(error), now);
        }
        for pending in again.into_iter().rev() {
            self.waiting.push_front(pending);
        }
        self.last_failure = Some((address, source));
        self.phase = Phase::Apart { retry_at: None };
        if !proven {
            // It was no better than one that could not be made.
            self.at = (self.at + 1) % self.addresses.len();
            self.tried += 1;
            if self.tried >= self.addresses.len() {
                self.tried = 0;
                self.phase = Phase::Apart { retry_at: Some(after(self.backoff.next(), now)) };
            }
        }
    }

    /// Fails what has waited too long for a connection, unless one is about to be tried. A wait for a job that was
    /// over before the connection was there, without any trouble, has found no job.
    fn expire(&mut self, now: Instant) {
        let apart = matches!(self.phase, Phase::Apart { retry_at: Some(retry_at) } if retry_at > now);
        let failure = self.last_failure.clone();
        let failure = failure.map(|(address, source)| Error::Unreachable { address, source });
        let outcomes = &mut self.outcomes;
        self.waiting.retain(|pending| {
            let unanswered = pending.until.is_some_and(|until| until <= now);
            let expired = unanswered || (apart && pending.expires <= now);
            if let (true, Some(ticket)) = (expired, pending.ticket) {
                let result = failure.clone().map_or(Ok(Answer::TimedOut), Err);
                outcomes.push_back(Outcome { ticket, takes_a_job: false, result });
            }
            !expired
        });
    }
}
