//! The workers: who has which jobs in hand, and who has room. Nothing here decides what becomes of a job.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::WorkerId;
use crate::{JobId, Moment};

/// One time that a job was handed over. A server that has lost its jobs may give a number to another one, so a job's
/// number alone does not say which one a worker speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handover(u64);

/// All workers of a program.
#[derive(Debug)]
pub(super) struct Workers {
    /// The jobs that one may have in hand; at least 1.
    capacity: usize,
    workers: BTreeMap<WorkerId, Worker>,
    /// Workers with room, those with the fewest jobs first.
    free: BTreeSet<(usize, WorkerId)>,
    room: usize,
    /// How often a job was handed over.
    handovers: u64,
    /// Workers who are to go, by when.
    leaving: BTreeSet<(Moment, WorkerId)>,
}

#[derive(Debug, Default)]
struct Worker {
    /// In the order in which they were handed over; the first is the one it works on.
    jobs: VecDeque<(JobId, Handover)>,
    /// By when it has to be gone, if it is to go.
    leaves: Option<Moment>,
}

impl Workers {
    pub(super) fn new(capacity: usize) -> Workers {
        Workers {
            capacity,
            workers: BTreeMap::new(),
            free: BTreeSet::new(),
            room: 0,
            handovers: 0,
            leaving: BTreeSet::new(),
        }
    }

    /// From now on each may have so many jobs in hand; who has more keeps them.
    pub(super) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
        let load = |(id, worker): (&WorkerId, &Worker)| (worker.jobs.len(), *id);
        let stays = |(_, worker): &(&WorkerId, &Worker)| worker.leaves.is_none();
        let free = self.workers.iter().filter(stays).map(load).filter(|(load, _)| *load < capacity);
        self.free = free.collect();
        self.room = self.free.iter().map(|(load, _)| capacity - load).sum();
    }

    /// The jobs that all workers together could take now.
    pub(super) fn room(&self) -> usize {
        self.room
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
            place.insert(Worker::default());
            self.free.insert((0, id));
            self.room += self.capacity;
        }
    }

    /// Gives a job to the worker who has the fewest; `None` if nobody has room.
    pub(super) fn give(&mut self, job: JobId) -> Option<(WorkerId, Handover)> {
        let (load, id) = self.free.first().copied()?;
        self.handovers += 1;
        let handover = Handover(self.handovers);
        self.changing(id, load, |worker| worker.jobs.push_back((job, handover)));
        Some((id, handover))
    }

    /// Takes a job out of a worker's hands, if it has it: of several with this number, the one that it has had longest.
    pub(super) fn take(&mut self, id: WorkerId, job: JobId) -> Option<Handover> {
        let worker = self.workers.get(&id)?;
        let place = worker.jobs.iter().position(|(one, _)| *one == job)?;
        let (_, handover) = worker.jobs[place];
        self.changing(id, worker.jobs.len(), |worker| {
            worker.jobs.remove(place);
        });
        Some(handover)
    }

    /// The job that a worker works on.
    pub(super) fn current(&self, id: WorkerId) -> Option<JobId> {
        self.workers.get(&id)?.jobs.front().map(|(job, _)| *job)
    }

    /// From now on the worker gets no jobs. The first time that was set stays.
    pub(super) fn retire(&mut self, id: WorkerId, leaves: Moment) {
        let Some(worker) = self.workers.get(&id).filter(|worker| worker.leaves.is_none()) else { return };
        self.changing(id, worker.jobs.len(), |worker| worker.leaves = Some(leaves));
        self.leaving.insert((leaves, id));
    }

    /// Whether the worker is to go and has nothing in hand.
    pub(super) fn is_finished(&self, id: WorkerId) -> bool {
        self.workers.get(&id).is_some_and(|worker| worker.leaves.is_some() && worker.jobs.is_empty())
    }

    /// The worker is no more; its jobs in their order.
    pub(super) fn remove(&mut self, id: WorkerId) -> VecDeque<(JobId, Handover)> {
        let Some(worker) = self.workers.remove(&id) else { return VecDeque::new() };
        if self.free.remove(&(worker.jobs.len(), id)) {
            self.room -= self.capacity - worker.jobs.len();
        }
        if let Some(leaves) = worker.leaves {
            self.leaving.remove(&(leaves, id));
        }
        worker.jobs
    }

    /// A worker who should have been gone by now.
    pub(super) fn overdue(&self, now: Moment) -> Option<WorkerId> {
        self.leaving.first().filter(|(leaves, _)| *leaves <= now).map(|(_, id)| *id)
    }

    /// When the first has to be gone.
    pub(super) fn due(&self) -> Option<Moment> {
        self.leaving.first().map(|(leaves, _)| *leaves)
    }

    /// Changes a worker with `load` jobs and keeps the count of room.
    fn changing(&mut self, id: WorkerId, load: usize, change: impl FnOnce(&mut Worker)) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if self.free.remove(&(load, id)) {
            self.room -= self.capacity - load;
        }
        change(worker);
        let load = worker.jobs.len();
        if worker.leaves.is_none() && load < self.capacity {
            self.free.insert((load, id));
            self.room += self.capacity - load;
        }
    }
}
