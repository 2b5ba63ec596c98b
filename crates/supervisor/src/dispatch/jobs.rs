//! The jobs that are reserved here, and when each has to be looked after. Nothing here decides what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::Statistics;
use crate::{JobId, Moment};

/// One time that a job came; later ones are greater. A server that has lost its jobs may give a number to another one, so a
/// job's number alone does not say which one a worker has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival(u64);

/// A job that a server holds for us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) stage: Stage,
    /// Once the server has told.
    pub(super) statistics: Option<Statistics>,
    /// Whether the server is being asked.
    pub(super) inspecting: bool,
    /// When it needs a touch, or an inspection; or until when it is soon given back.
    due: Option<Moment>,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for a worker, behind those that came before it.
    Waiting(Arrival),
    /// A worker works on it.
    InHand(Arrival),
    /// Out of a worker's hands; what becomes of it is known as soon as the server has told about it.
    Settling(Outcome),
}

/// How a job's time with us ended, if it was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It failed and counts a trial.
    Failed,
    /// Its worker died and it counts a trial, but is not to blame for sure.
    Crashed,
    /// It is wanted again later, after so many seconds if they are given.
    Retry(Option<u32>),
    /// It is to be buried.
    Buried,
    /// Nobody has worked on it, or nobody was allowed to finish.
    Returned,
    /// Its worker ended before it had begun it.
    Unread,
}

impl Stage {
    /// Whether it counts as a trial if the job is lost now.
    pub(super) fn is_try(self) -> bool {
        !matches!(self, Stage::Waiting(_) | Stage::Settling(Outcome::Returned | Outcome::Unread))
    }
}

/// All jobs that are reserved.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    jobs: BTreeMap<JobId, Job>,
    timers: BTreeSet<(Moment, JobId)>,
    waiting: BTreeMap<Arrival, JobId>,
    settling: usize,
    /// That of the newest job.
    arrival: Arrival,
}

impl Jobs {
    /// How many jobs wait for a worker.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The job that came last of those that wait.
    pub(super) fn last_waiting(&self) -> Option<JobId> {
        self.waiting.last_key_value().map(|(_, job)| *job)
    }

    /// How many jobs are in nobody's hands any more and soon given back, if their servers answer.
    pub(super) fn settling(&self) -> usize {
        self.settling
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn get(&self, id: JobId) -> Option<Job> {
        self.jobs.get(&id).copied()
    }

    /// Whether the job is reserved and is the one that came then, in its worker's hands.
    pub(super) fn is_in_hand(&self, id: JobId, arrival: Arrival) -> bool {
        self.jobs.get(&id).is_some_and(|job| job.stage == Stage::InHand(arrival))
    }

    /// A job has come, and waits. It needs care at `due`. One that comes again was lost before, and is a new one.
    pub(super) fn add(&mut self, id: JobId, due: Moment) {
        self.remove(id);
        self.arrival = Arrival(self.arrival.0 + 1);
        let stage = Stage::Waiting(self.arrival);
        self.waiting.insert(self.arrival, id);
        self.timers.insert((due, id));
        self.jobs.insert(id, Job { stage, statistics: None, inspecting: false, due: Some(due) });
    }

    /// Puts the job that has waited longest into a worker's hands.
    pub(super) fn begin_first(&mut self) -> Option<(JobId, Arrival)> {
        let (arrival, id) = self.waiting.pop_first()?;
        self.jobs.get_mut(&id)?.stage = Stage::InHand(arrival);
        Some((id, arrival))
    }

    /// Takes a job out of all hands. Until it is known what becomes of it, it needs no care; that should be known by then.
    pub(super) fn settle(&mut self, id: JobId, outcome: Outcome, by: Moment) {
        self.set_due(id, Some(by));
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let before = *job;
        job.stage = Stage::Settling(outcome);
        self.uncount(before);
        self.settling += 1;
    }

    /// Its server is silent, and it may take long until such a job is given back.
    pub(super) fn expect_no_more(&mut self, id: JobId) {
        self.set_due(id, None);
        self.settling -= 1;
    }

    /// Notes that the server is being asked about a job; whether it was not already.
    pub(super) fn inspect(&mut self, id: JobId) -> bool {
        self.jobs.get_mut(&id).is_some_and(|job| !std::mem::replace(&mut job.inspecting, true))
    }

    /// Notes what the server has told.
    pub(super) fn inspected(&mut self, id: JobId, statistics: Statistics) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.statistics = Some(statistics);
            job.inspecting = false;
        }
    }

    pub(super) fn set_due(&mut self, id: JobId, due: Option<Moment>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        self.timers.extend(due.map(|due| (due, id)));
        if let Some(old) = std::mem::replace(&mut job.due, due).filter(|old| Some(*old) != due) {
            self.timers.remove(&(old, id));
        }
    }

    pub(super) fn remove(&mut self, id: JobId) -> Option<Job> {
        let job = self.jobs.remove(&id)?;
        self.uncount(job);
        if let Some(due) = job.due {
            self.timers.remove(&(due, id));
        }
        Some(job)
    }

    /// When the first one needs care.
    pub(super) fn due(&self) -> Option<Moment> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// A job that needs care by now.
    pub(super) fn next_due(&self, now: Moment) -> Option<JobId> {
        self.timers.first().filter(|(due, _)| *due <= now).map(|(_, id)| *id)
    }

    /// A job is in this stage no more.
    fn uncount(&mut self, job: Job) {
        match job.stage {
            Stage::Waiting(arrival) => drop(self.waiting.remove(&arrival)),
            Stage::InHand(_) => {}
            Stage::Settling(_) => self.settling -= usize::from(job.due.is_some()),
        }
    }
}
