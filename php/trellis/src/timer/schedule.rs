//! Which timer is due when. It asks no clock and calls nobody: the time is given to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Timers by their numbers, each with what it is for.
pub(super) struct Schedule<T> {
    timers: BTreeMap<u64, Timer<T>>,
    due: BTreeSet<(Instant, u64)>,
    /// Until when timers of this round are due. Those that become due while others are called wait for the next round, or
    /// timers that are slower than their period would leave no time for anything else.
    round: Option<Instant>,
}

struct Timer<T> {
    due: Instant,
    /// None for one that fires once.
    period: Option<Duration>,
    what: T,
}

impl<T> Default for Schedule<T> {
    fn default() -> Schedule<T> {
        Schedule { timers: BTreeMap::new(), due: BTreeSet::new(), round: None }
    }
}

impl<T> Schedule<T> {
    /// Adds a timer under a number that no other has.
    pub(super) fn add(&mut self, number: u64, due: Instant, period: Option<Duration>, what: T) {
        self.due.insert((due, number));
        self.timers.insert(number, Timer { due, period, what });
    }

    /// Takes a timer away; none if it is not there any more.
    pub(super) fn remove(&mut self, number: u64) -> Option<T> {
        let timer = self.timers.remove(&number)?;
        self.due.remove(&(timer.due, number));
        Some(timer.what)
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.timers.contains_key(&number)
    }

    /// Whether timers are called now.
    pub(super) fn is_in_round(&self) -> bool {
        self.round.is_some()
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The next timer of this round that has fired. None ends the round.
    pub(super) fn fire(&mut self, now: Instant, copy: impl FnOnce(&T) -> T) -> Option<T> {
        let round = *self.round.get_or_insert(now);
        let Some((due, number)) = self.due.first().copied().filter(|(due, _)| *due <= round) else {
            self.round = None;
            return None;
        };
        self.due.pop_first();
        let timer = self.timers.get_mut(&number)?;
        let Some(period) = timer.period else { return self.timers.remove(&number).map(|timer| timer.what) };
        timer.due = after(due, period, now);
        self.due.insert((timer.due, number));
        Some(copy(&timer.what))
    }
}

/// The first of the times that are a whole number of periods after `due` which is still to come.
fn after(due: Instant, period: Duration, now: Instant) -> Instant {
    let late = now.saturating_duration_since(due).as_nanos();
    let periods = late / period.as_nanos().max(1) + 1;
    let missed = u32::try_from(periods).ok().and_then(|periods| period.checked_mul(periods));
    // One that has slept for longer than that begins anew.
    missed.and_then(|missed| due.checked_add(missed)).unwrap_or(now + period)
}
