//! The jobs that are reserved here, and when each has to be looked after. Nothing here decides what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::Statistics;
use super::workers::Handover;
use crate::{JobId, Moment};

/// A job that a server holds for us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) stage: Stage,
    /// Once the server has told.
    pub(super) statistics: Option<Statistics>,
    /// Whether the server is being asked.
    pub(super) inspecting: bool,
    /// When it needs a touch, or an inspection.
    due: Option<Moment>,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In a worker's hands since then.
    Working(Handover),
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
}

/// All jobs that are reserved.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    jobs: BTreeMap<JobId, Job>,
    timers: BTreeSet<(Moment, JobId)>,
    settling: usize,
}

impl Jobs {
    /// The jobs that are in nobody's hands any more and still reserved.
    pub(super) fn settling(&self) -> usize {
        self.settling
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn get(&self, id: JobId) -> Option<Job> {
        self.jobs.get(&id).copied()
    }

    /// Whether the job is reserved and in the hands that it was given into then.
    pub(super) fn is_in_hand(&self, id: JobId, handover: Handover) -> bool {
        self.jobs.get(&id).is_some_and(|job| job.stage == Stage::Working(handover))
    }

    /// Puts a job into a stage, with the time at which it needs care. A new job is not inspected yet.
    pub(super) fn put(&mut self, id: JobId, stage: Stage, due: Option<Moment>) {
        let old = self.remove(id);
        let job = Job {
            stage,
            statistics: old.and_then(|old| old.statistics),
            inspecting: old.is_some_and(|old| old.inspecting),
            due,
        };
        self.settling += usize::from(matches!(stage, Stage::Settling(_)));
        self.timers.extend(due.map(|due| (due, id)));
        self.jobs.insert(id, job);
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
        self.settling -= usize::from(matches!(job.stage, Stage::Settling(_)));
        if let Some(due) = job.due {
            self.timers.remove(&(due, id));
        }
        Some(job)
    }

    /// Forgets all jobs of a server.
    pub(super) fn remove_server(&mut self, server: u16) {
        let all = JobId { server, id: 0 }..=JobId { server, id: u64::MAX };
        let lost: Vec<JobId> = self.jobs.range(all).map(|(id, _)| *id).collect();
        for id in lost {
            self.remove(id);
        }
    }

    /// The jobs that are in somebody's hands.
    pub(super) fn working(&self) -> Vec<JobId> {
        let working = |(_, job): &(&JobId, &Job)| matches!(job.stage, Stage::Working(_));
        self.jobs.iter().filter(working).map(|(id, _)| *id).collect()
    }

    /// When the first one needs care.
    pub(super) fn due(&self) -> Option<Moment> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// A job that needs care by now.
    pub(super) fn next_due(&self, now: Moment) -> Option<JobId> {
        self.timers.first().filter(|(due, _)| *due <= now).map(|(_, id)| *id)
    }
}
