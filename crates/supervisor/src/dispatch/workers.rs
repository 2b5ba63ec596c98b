//! The workers: who works on which job, and who is idle. Nothing here decides what becomes of a job.

use std::collections::{BTreeMap, BTreeSet};

use super::WorkerId;
use super::jobs::Arrival;
use crate::{JobId, Moment};

/// All workers of a program.
#[derive(Debug, Default)]
pub(super) struct Workers {
    workers: BTreeMap<WorkerId, Worker>,
    /// Those that stay and have no job in hand.
    idle: BTreeSet<WorkerId>,
    /// Those that are to go, by when.
    leaving: BTreeSet<(Moment, WorkerId)>,
    /// How many of those will be replaced.
    leaving_to_return: usize,
    /// Those that died and were to stay, or went to return: until then, each is expected to be replaced by one with its
    /// number.
    expected: BTreeSet<(Moment, WorkerId)>,
}

#[derive(Debug)]
struct Worker {
    /// What it works on. The server may have lost that, but the worker is busy all the same.
    job: Option<(JobId, Arrival)>,
    /// By when it has to be gone, if it is to go.
    leaves: Option<Moment>,
    /// Whether one with its number comes when it has gone.
    returns: bool,
}

impl Workers {
    /// How many stay, will be replaced, or are expected.
    pub(super) fn staying(&self) -> usize {
        self.workers.len() - self.leaving.len() + self.leaving_to_return + self.expected.len()
    }

    /// How many could take a job now.
    pub(super) fn idle(&self) -> usize {
        self.idle.len()
    }

    /// How many will soon be replaced.
    pub(super) fn expected(&self) -> usize {
        self.expected.len()
    }

    /// One that could take a job now.
    pub(super) fn first_idle(&self) -> Option<WorkerId> {
        self.idle.first().copied()
    }

    pub(super) fn ids(&self) -> Vec<WorkerId> {
        self.workers.keys().copied().collect()
    }

    /// Each worker, and whether it stays.
    pub(super) fn all(&self) -> impl Iterator<Item = (WorkerId, bool)> {
        self.workers.iter().map(|(id, worker)| (*id, worker.leaves.is_none()))
    }

    pub(super) fn contains(&self, id: WorkerId) -> bool {
        self.workers.contains_key(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    pub(super) fn join(&mut self, id: WorkerId) {
        if let std::collections::btree_map::Entry::Vacant(place) = self.workers.entry(id) {
            place.insert(Worker { job: None, leaves: None, returns: true });
            self.idle.insert(id);
            self.expected.retain(|(_, expected)| *expected != id);
        }
    }

    /// An idle worker works on a job from now on.
    pub(super) fn begin(&mut self, id: WorkerId, job: JobId, arrival: Arrival) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.job = Some((job, arrival));
            self.idle.remove(&id);
        }
    }

    /// The job that a worker works on.
    pub(super) fn current(&self, id: WorkerId) -> Option<JobId> {
        self.workers.get(&id)?.job.map(|(job, _)| job)
    }

    /// Takes the job out of a worker's hands.
    pub(super) fn take(&mut self, id: WorkerId) -> Option<(JobId, Arrival)> {
        let worker = self.workers.get_mut(&id)?;
        let job = worker.job.take();
        if worker.leaves.is_none() {
            self.idle.insert(id);
        }
        job
    }

    /// From now on the worker gets no jobs, and is replaced when it has gone, or is not. The first time that was set stays.
    pub(super) fn retire(&mut self, id: WorkerId, leaves: Moment, returns: bool) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if worker.leaves.is_none() {
            worker.leaves = Some(leaves);
            self.leaving.insert((leaves, id));
            self.idle.remove(&id);
        } else {
            self.leaving_to_return -= usize::from(worker.returns);
        }
        worker.returns = returns;
        self.leaving_to_return += usize::from(returns);
    }

    /// Whether the worker is to go and has nothing in hand.
    pub(super) fn is_finished(&self, id: WorkerId) -> bool {
        self.workers.get(&id).is_some_and(|worker| worker.leaves.is_some() && worker.job.is_none())
    }

    /// The worker is no more, and replaced by `replaced` if it was to stay or to return; what it worked on.
    pub(super) fn remove(&mut self, id: WorkerId, replaced: Moment) -> Option<(JobId, Arrival)> {
        let worker = self.workers.remove(&id)?;
        self.idle.remove(&id);
        if let Some(leaves) = worker.leaves {
            self.leaving.remove(&(leaves, id));
            self.leaving_to_return -= usize::from(worker.returns);
        }
        if worker.returns {
            self.expected.insert((replaced, id));
        }
        worker.job
    }

    /// Whoever should have been replaced by now is not expected any more.
    pub(super) fn expect_no_more(&mut self, now: Moment) {
        while self.expected.first().is_some_and(|(replaced, _)| *replaced <= now) {
            self.expected.pop_first();
        }
    }

    /// Nobody is expected.
    pub(super) fn expect_nobody(&mut self) {
        self.expected.clear();
    }

    /// A worker who should have been gone by now.
    pub(super) fn overdue(&self, now: Moment) -> Option<WorkerId> {
        self.leaving.first().filter(|(leaves, _)| *leaves <= now).map(|(_, id)| *id)
    }

    /// When the first has to be gone, or to be replaced.
    pub(super) fn due(&self) -> Option<Moment> {
        [self.leaving.first(), self.expected.first()].into_iter().flatten().map(|(due, _)| *due).min()
    }
}
