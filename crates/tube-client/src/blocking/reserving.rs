//! A reserve of several servers that is under way. What is done with it is the pool's.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::job::Job;
use crate::limits::HOLDER_INTERVAL_MS;
use crate::machine::Ticket;

/// A reserve of a [`Pool`](super::Pool) that is under way.
#[derive(Debug)]
#[must_use = "carry it on, or give it up"]
pub struct Reserving {
    /// When the wait is over; it may be never.
    pub(super) ends: Option<Instant>,
    /// When the servers were last asked of which jobs are held.
    pub(super) asked_at: Instant,
    pub(super) asked: Vec<Asked>,
    /// What came of it before anybody had to be waited for.
    pub(super) outcome: Option<Result<Option<(usize, Job)>, Error>>,
    pub(super) failure: Option<Error>,
    pub(super) is_over: bool,
    /// Whether a job that is there already has been looked for.
    pub(super) has_watched: bool,
}

/// One of the servers.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) server: usize,
    /// The request that it has not answered yet.
    pub(super) ticket: Option<Ticket>,
    /// Whether it has no request that waits, since jobs of it are held.
    pub(super) is_left_alone: bool,
    /// When it is asked again, if it has failed.
    pub(super) again_at: Option<Instant>,
}

impl Reserving {
    pub(super) fn new(time: Option<Duration>, now: Instant) -> Self {
        Self {
            ends: time.and_then(|time| now.checked_add(time)),
            asked_at: now,
            asked: Vec::new(),
            outcome: None,
            failure: None,
            is_over: false,
            has_watched: false,
        }
    }

    /// Whether there are servers that are asked again and again instead of waited for.
    pub(super) fn is_anybody_left_alone(&self) -> bool {
        self.asked.iter().any(|asked| asked.is_left_alone)
    }

    /// How much is left of the wait.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        self.ends.map(|ends| ends.saturating_duration_since(now))
    }

    /// When somebody is asked next who has no request that waits.
    pub(super) fn next_request(&self) -> Option<Instant> {
        let round = self.is_anybody_left_alone().then(|| self.next_round());
        let failed = self.asked.iter().filter(|asked| asked.ticket.is_none() && !self.is_over);
        failed.filter_map(|asked| asked.again_at).chain(round).min()
    }

    /// When those that are left alone are asked next.
    pub(super) fn next_round(&self) -> Instant {
        let round = self.asked_at + HOLDER_INTERVAL_MS;
        self.ends.map_or(round, |ends| ends.max(self.asked_at).min(round))
    }
}
