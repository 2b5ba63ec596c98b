//! A request on its way: what the machine remembers from asking to answering.

use std::time::{Duration, Instant};

use trellis_tube_codec::limits::RESERVE_SECONDS_MAX;
use trellis_tube_codec::{Op, Request};

use super::Ticket;
use crate::job::seconds;

/// One request that has no outcome yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// Who waits for the outcome, if anybody does.
    pub(crate) ticket: Option<Ticket>,
    pub(crate) op: Op,
    pub(crate) role: Role,
    /// Its bytes, as long as they may have to be sent; a reserve's are made when it is sent.
    pub(crate) bytes: Vec<u8>,
    /// When it fails if there is no connection.
    pub(crate) expires: Instant,
    /// When a reserve's wait is over.
    pub(crate) ends: Option<Instant>,
    /// The same if that is no whole number of seconds away, so that the client has to watch over it.
    pub(crate) until: Option<Instant>,
    /// How long the server may take on purpose; `None` is for ever.
    pub(crate) server_wait: Option<Duration>,
}

/// What a request is for, and so what its answer changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing but its answer.
    Plain,
    /// A connection, and no bytes.
    Connection,
    /// To make a new connection like the one before.
    Restore,
    Use(String),
    Watch(String),
    Ignore(String),
    /// To end the holding of a job.
    Finish(u64),
    /// To keep holding a job.
    Touch(u64),
    /// To find the priority of a job that will be released with it.
    GiveBack(u64),
}

impl Pending {
    pub(crate) fn new(request: &Request<'_>, expires: Instant) -> Self {
        let mut bytes = Vec::new();
        request.encode(&mut bytes);
        let role = match *request {
            Request::Use { tube } => Role::Use(tube.to_owned()),
            Request::Watch { tube } => Role::Watch(tube.to_owned()),
            Request::Ignore { tube } => Role::Ignore(tube.to_owned()),
            Request::Delete { id } | Request::Release { id, .. } | Request::Bury { id, .. } => {
                Role::Finish(id)
            }
            Request::Touch { id } => Role::Touch(id),
            _ => Role::Plain,
        };
        let server_wait = Some(Duration::ZERO);
        Self { ticket: None, op: request.op(), role, bytes, expires, ends: None, until: None, server_wait }
    }

    /// A reserve that waits so long, or for ever.
    pub(crate) fn reserve(wait: Option<Duration>, now: Instant, expires: Instant) -> Self {
        let ends = wait.and_then(|wait| now.checked_add(wait));
        let is_fractional = wait.is_some_and(|wait| wait.subsec_nanos() > 0);
        Self {
            ticket: None,
            op: if wait.is_some() { Op::ReserveWithTimeout } else { Op::Reserve },
            role: Role::Plain,
            bytes: Vec::new(),
            expires,
            ends,
            until: ends.filter(|_| is_fractional),
            server_wait: wait,
        }
    }

    /// Nothing but a connection.
    pub(crate) fn connection(expires: Instant) -> Self {
        // The kind is in no message: it is never sent.
        Self { role: Role::Connection, bytes: Vec::new(), ..Self::new(&Request::Quit, expires) }
    }

    /// Appends its bytes, and keeps them only if they may be needed again.
    pub(crate) fn send(&mut self, now: Instant, output: &mut Vec<u8>) {
        if !self.is_waiting_reserve() {
            output.extend_from_slice(&self.bytes);
            if !self.is_repeatable() {
                self.bytes = Vec::new();
            }
            return;
        }
        let Some(mut wait) = self.server_wait else { return Request::Reserve.encode(output) };
        if let Some(until) = self.until {
            wait = until.saturating_duration_since(now);
        }
        let seconds = seconds(wait).min(RESERVE_SECONDS_MAX);
        self.server_wait = Some(Duration::from_secs(seconds.into()));
        Request::ReserveWithTimeout { seconds }.encode(output);
    }

    pub(crate) fn is_waiting_reserve(&self) -> bool {
        matches!(self.op, Op::Reserve | Op::ReserveWithTimeout)
    }

    /// Whether a job in its answer is held from then on.
    pub(crate) fn takes_a_job(&self) -> bool {
        self.is_waiting_reserve() || self.op == Op::ReserveJob
    }

    /// Whether doing it twice, on two connections, is the same as doing it once. A reservation ends with its
    /// connection, so it is among them.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(
            self.op,
            Op::Put | Op::Delete | Op::Release | Op::Bury | Op::Touch | Op::Kick | Op::KickJob | Op::Quit
        )
    }
}
