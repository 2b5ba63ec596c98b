//! Which ticks of a schedule are to be run: those that are due, those that were missed, and those that come while
//! the one before still runs. Nothing here starts anything, or knows of other machines.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::config::Timetable;
use crate::limits::{CLOCK_BACK_MAX, MISSED_TICKS_MAX, TICK_LATE_MAX};

/// What becomes of ticks for which nobody was there: the machine was down or asleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// They are left out.
    #[default]
    Skip,
    /// The newest of them is made up for, which may be one that has just come.
    Once,
    /// All are made up for, the oldest first; the newest hundred at most.
    All,
}

/// What becomes of a tick that comes while a run of the program is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// It is left out.
    #[default]
    Skip,
    /// It runs beside the others, if there are not too many.
    Allow,
    /// It runs when the other has ended. One tick waits at most; a later one takes its place.
    Wait,
}

/// One instant at which a program is due. A cluster can agree on who runs it, since it has the same name everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick {
    /// The program.
    pub program: String,
    /// When it is due.
    pub at: Timestamp,
}

impl Tick {
    /// The tick's name, the same on every machine and fit for a znode: `PROGRAM@2026-03-29T01:00:00Z`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.program, self.at)
    }
}

/// The ticks of one program on one machine.
///
/// Ask [`Ticks::next_due`] when to look again, [`Ticks::due`] what to run then, and say [`Ticks::ended`] for each run
/// that was begun, also for one that another machine has taken or that could not be started.
#[derive(Debug)]
pub struct Ticks {
    program: String,
    timetable: Timetable,
    runs_max: u32,
    /// Everything until this instant has been decided.
    decided: Timestamp,
    /// When the schedule was changed: what it says of the time before has never been due.
    changed: Timestamp,
    /// Whether nothing has been decided since the beginning: nobody was there for what has come meanwhile.
    begins: bool,
    running: u32,
    /// Whether a missed tick is what runs.
    makes_up: bool,
    /// Missed ticks that are made up for one after another, the oldest first.
    made_up: VecDeque<Timestamp>,
    /// The tick that waits for the end of a run.
    waiting: Option<Timestamp>,
}

impl Ticks {
    /// The ticks after `since`: the last one that is known to have been run, or now. With [`Overlap::Allow`], up to
    /// `runs_max` runs go on at a time; if it is 0, none ever does.
    #[must_use]
    pub fn new(program: &str, timetable: &Timetable, runs_max: u32, since: Timestamp) -> Ticks {
        Ticks {
            program: program.to_owned(),
            timetable: timetable.clone(),
            runs_max,
            decided: since,
            changed: Timestamp::MIN,
            begins: true,
            running: 0,
            makes_up: false,
            made_up: VecDeque::new(),
            waiting: None,
        }
    }

    /// Takes what a file says that was changed by `now`; runs go on, and what is past stays decided. A new schedule begins
    /// now.
    pub fn change(&mut self, timetable: &Timetable, runs_max: u32, now: Timestamp) {
        if self.timetable.schedule != timetable.schedule {
            self.changed = now;
            self.decided = self.decided.max(now);
        }
        self.timetable = timetable.clone();
        self.runs_max = runs_max;
    }

    /// Decides everything until `since`, the last tick that is known to have been run, or now. Nothing of it is made up
    /// for, and what comes after it is; runs go on.
    pub fn begin_after(&mut self, since: Timestamp) {
        self.decided = since.max(self.changed);
        self.begins = true;
        self.forget_waiting();
    }

    /// Begins at `now` if far more than that has been decided, by a clock that was ahead: nothing would be run until it
    /// gets there again. Returns until when it was; ask before [`Ticks::due`].
    pub fn set_back(&mut self, now: Timestamp) -> Option<Timestamp> {
        if !is_far_ahead(self.decided, now) {
            return None;
        }
        self.changed = self.changed.min(now);
        Some(std::mem::replace(&mut self.decided, now))
    }

    /// Leaves out what waits for the end of a run.
    pub fn forget_waiting(&mut self) {
        self.made_up.clear();
        self.waiting = None;
    }

    /// When the next tick is due; it may be past. `None` if there is none before the end of the calendar.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.timetable.schedule.next_after(self.decided)
    }

    /// The ticks that are to be run now, the oldest first. Each counts as running until [`Ticks::ended`].
    pub fn due(&mut self, now: Timestamp) -> Vec<Tick> {
        let mut beside = Vec::new();
        let Reached { ticks, after_gap } = self.reached(now);
        let newest = ticks.back().map(|(at, _)| *at);
        for (at, on_time) in ticks {
            let is_missed = !on_time || after_gap && Some(at) != newest;
            match self.timetable.overlap {
                _ if is_missed => self.made_up.push_back(at),
                Overlap::Allow if self.running < self.runs_max => beside.push(self.begin(at)),
                // It has its turn behind those that were missed, as the last of them.
                _ if after_gap && self.timetable.missed != Missed::Skip => self.made_up.push_back(at),
                Overlap::Allow => {}
                Overlap::Skip if self.is_busy() => {}
                Overlap::Skip | Overlap::Wait => self.waiting = Some(at),
            }
        }
        let is_made_up_for = self.timetable.missed == Missed::Once && after_gap && !beside.is_empty();
        let kept = if is_made_up_for { 0 } else { self.made_up_max() };
        self.made_up.drain(..self.made_up.len().saturating_sub(kept));
        (self.decided, self.begins) = (self.decided.max(now), false);
        beside.extend(self.next());
        beside
    }

    /// A run has ended. Returns the tick that is to be run next, if one has waited for it.
    pub fn ended(&mut self) -> Option<Tick> {
        self.running = self.running.saturating_sub(1);
        self.makes_up &= self.running > 0;
        self.next()
    }

    /// Whether a tick that is on time comes while another one's run goes on or waits for its turn. Missed ones keep it
    /// waiting, but are no reason to leave it out.
    fn is_busy(&self) -> bool {
        self.running > 0 && !self.makes_up || self.waiting.is_some()
    }

    fn made_up_max(&self) -> usize {
        match self.timetable.missed {
            Missed::Skip => 0,
            Missed::Once => 1,
            Missed::All => MISSED_TICKS_MAX,
        }
    }

    /// The ticks until `now` that the policy for missed ones lets through.
    fn reached(&self, now: Timestamp) -> Reached {
        let late = SignedDuration::try_from(TICK_LATE_MAX).unwrap_or(SignedDuration::ZERO);
        // From the newest backwards, so that years of missed ticks cost nothing.
        let mut ticks = VecDeque::new();
        let mut end = now;
        let mut missed = 0;
        while let Some(at) = self.timetable.schedule.last_until(end).filter(|at| *at > self.decided) {
            let on_time = at.duration_until(now) <= late;
            missed += usize::from(!on_time);
            if missed > self.made_up_max() {
                break;
            }
            ticks.push_front((at, on_time));
            let Ok(before) = at.checked_sub(SignedDuration::from_secs(1)) else { break };
            end = before;
        }
        let after_gap = missed > 0 || self.begins && ticks.len() > 1;
        Reached { ticks, after_gap }
    }

    /// What is to be run when nothing runs.
    fn next(&mut self) -> Option<Tick> {
        if self.running > 0 || self.runs_max == 0 {
            return None;
        }
        let missed = self.made_up.pop_front();
        self.makes_up = missed.is_some();
        let at = missed.or_else(|| self.waiting.take())?;
        Some(self.begin(at))
    }

    fn begin(&mut self, at: Timestamp) -> Tick {
        self.running += 1;
        Tick { program: self.program.clone(), at }
    }
}

/// The ticks that have come.
struct Reached {
    /// The oldest first, and whether each is on time.
    ticks: VecDeque<(Timestamp, bool)>,
    /// Whether nobody was there for some of them.
    after_gap: bool,
}

/// Whether no clock that is right can have shown this instant already.
#[must_use]
pub(crate) fn is_far_ahead(instant: Timestamp, now: Timestamp) -> bool {
    let bound = SignedDuration::try_from(CLOCK_BACK_MAX).unwrap_or(SignedDuration::ZERO);
    now.duration_until(instant) > bound
}
