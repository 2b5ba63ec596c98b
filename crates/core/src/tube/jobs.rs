//! All jobs by id, and what a snapshot needs to read them while they change.
//!
//! No queues here: who is in which heap is decided in `moves.rs`. A job is changed only through [`Jobs::change`],
//! [`Jobs::change_history`] and [`Jobs::remove`], because these keep what a running snapshot hasn't read yet.

use std::collections::BTreeMap;

use super::command::JobId;
use super::job::{History, Job, NO_HISTORY, NewJob};
use super::reply::JobState;
use crate::Time;
use crate::check::ensure;
use crate::directory::Directory;
use crate::heap::Ranked;
use crate::limits::TTR_SECONDS_MIN;
use crate::slab::Slab;

/// The store of jobs.
pub(super) struct Jobs {
    slab: Slab<Job>,
    histories: Slab<History>,
    by_id: Directory,
    /// The id of the next put.
    pub(super) next_id: JobId,
    /// The sum of the lengths of all bodies.
    pub(super) body_bytes: u64,
    walk: Option<Walk>,
    /// Jobs with this mark belong to no running snapshot: they were read, or are younger than it.
    mark: u8,
    /// The oldest mark that a job may still have; older than `mark` only after snapshots that were given up.
    mark_oldest: u8,
}

/// A snapshot's way through the jobs. Its jobs are those that were there when it began, as they were then.
struct Walk {
    next_slot: u32,
    /// Jobs in slots from here on are younger than the snapshot.
    end_slot: u32,
    /// What was changed or removed before it was read, by slot. The body stays in the store unless the job was
    /// removed: it never changes.
    saved: BTreeMap<u32, Saved>,
}

struct Saved {
    job: Job,
    history: History,
    removed: bool,
}

impl Jobs {
    pub(super) fn new() -> Self {
        Jobs {
            slab: Slab::new(),
            histories: Slab::new(),
            by_id: Directory::default(),
            next_id: 1,
            body_bytes: 0,
            walk: None,
            mark: 0,
            mark_oldest: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn find(&self, id: JobId) -> Option<u32> {
        self.by_id.get(id)
    }

    pub(super) fn get(&self, slot: u32) -> &Job {
        self.slab.get(slot)
    }

    /// The job's history, which is all zeros if nothing has happened yet.
    pub(super) fn history(&self, slot: u32) -> History {
        history_of(self.slab.get(slot), &self.histories)
    }

    /// Makes a job with the next id; it is in no queue yet.
    pub(super) fn insert(&mut self, at: Time, new: &NewJob<'_>) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.insert_as(id, at.0 / 1000, new)
    }

    /// Makes a job with an id that no job has.
    pub(super) fn insert_as(&mut self, id: JobId, created_milliseconds: u64, new: &NewJob<'_>) -> u32 {
        let slot = self.slab.insert(Job::new(id, created_milliseconds, self.mark, new));
        self.by_id.insert(id, slot);
        self.body_bytes += new.body.len() as u64;
        slot
    }

    /// The job in `slot`, to be changed.
    pub(super) fn change(&mut self, slot: u32) -> &mut Job {
        self.save(slot);
        self.slab.get_mut(slot)
    }

    /// The history of the job in `slot`, to be changed.
    pub(super) fn change_history(&mut self, slot: u32) -> &mut History {
        self.save(slot);
        let job = self.slab.get_mut(slot);
        if job.history == NO_HISTORY {
            job.history = self.histories.insert(History::default());
        }
        self.histories.get_mut(job.history)
    }

    /// Forgets a job that is in no queue any more.
    pub(super) fn remove(&mut self, slot: u32) {
        self.save(slot);
        let job = self.slab.remove(slot);
        self.by_id.remove(job.id);
        self.body_bytes -= job.body.len() as u64;
        if job.history != NO_HISTORY {
            self.histories.remove(job.history);
        }
        let Some(walk) = &mut self.walk else { return };
        if let Some(saved) = walk.saved.get_mut(&slot)
            && saved.job.id == job.id
        {
            saved.job.body = job.body;
            saved.removed = true;
        }
    }

    /// Keeps the job as it is now, if a running snapshot has yet to read it.
    fn save(&mut self, slot: u32) {
        let Some(walk) = &mut self.walk else { return };
        let job = self.slab.get_mut(slot);
        if job.mark == self.mark {
            return;
        }
        job.mark = self.mark;
        let history = history_of(job, &self.histories);
        walk.saved.insert(slot, Saved { job: job.without_body(), history, removed: false });
    }

    /// Begins to read all jobs as they are now. Costs nothing but once in 256 snapshots that were all given up.
    pub(super) fn walk_begin(&mut self) {
        self.mark = self.mark.wrapping_add(1);
        if self.mark == self.mark_oldest {
            for slot in 0..self.slab.end() {
                if self.slab.try_get(slot).is_some() {
                    self.slab.get_mut(slot).mark = self.mark.wrapping_sub(1);
                }
            }
            self.mark_oldest = self.mark.wrapping_sub(1);
        }
        self.walk = Some(Walk { next_slot: 0, end_slot: self.slab.end(), saved: BTreeMap::new() });
    }

    /// Reads at most `slots` slots further, and at most as many jobs that have changed meanwhile; stops as soon as
    /// their bodies have `bytes` in all. True while there are more.
    pub(super) fn walk_next(
        &mut self,
        slots: usize,
        bytes: usize,
        sink: &mut dyn FnMut(&Job, &[u8], History),
    ) -> bool {
        let Some(walk) = &mut self.walk else { return false };
        let mut given = 0;
        for _ in 0..slots {
            if given >= bytes {
                return true;
            }
            let Some((slot, saved)) = walk.saved.pop_first() else { break };
            let body = if saved.removed { &saved.job.body } else { &self.slab.get(slot).body };
            given += body.len();
            sink(&saved.job, body, saved.history);
        }
        let end = u32::try_from(slots).map_or(walk.end_slot, |slots| walk.next_slot.saturating_add(slots));
        let end = end.min(walk.end_slot);
        while walk.next_slot < end && given < bytes {
            let slot = walk.next_slot;
            walk.next_slot += 1;
            if self.slab.try_get(slot).is_none_or(|job| job.mark == self.mark) {
                continue;
            }
            let job = self.slab.get_mut(slot);
            job.mark = self.mark;
            given += job.body.len();
            sink(job, &job.body, history_of(job, &self.histories));
        }
        if walk.next_slot < walk.end_slot || !walk.saved.is_empty() {
            return true;
        }
        self.walk = None;
        self.mark_oldest = self.mark;
        false
    }

    /// Gives a snapshot up.
    pub(super) fn walk_abort(&mut self) {
        self.walk = None;
    }
}

fn history_of(job: &Job, histories: &Slab<History>) -> History {
    match job.history {
        NO_HISTORY => History::default(),
        history => *histories.get(history),
    }
}

impl Jobs {
    /// Verifies what holds within the store.
    pub(super) fn check(&self) -> Result<(), String> {
        let (mut body_bytes, mut histories) = (0, 0);
        for (slot, job) in self.slab.iter() {
            body_bytes += job.body.len() as u64;
            histories += usize::from(job.history != NO_HISTORY);
            let holder = self.history(slot).holder;
            ensure(self.find(job.id) == Some(slot), || format!("job {} is not where its id says", job.id))?;
            ensure(job.id < self.next_id, || format!("job {} has an id from the future", job.id))?;
            ensure(job.ttr >= TTR_SECONDS_MIN, || format!("job {} has a TTR of {}", job.id, job.ttr))?;
            ensure((job.state == JobState::Reserved) == holder.is_some(), || {
                format!("job {} is {:?} and its holder {holder:?}", job.id, job.state)
            })?;
            ensure(self.walk.is_some() || self.mark_oldest != self.mark || job.mark == self.mark, || {
                format!("job {} is marked as belonging to a snapshot", job.id)
            })?;
        }
        ensure(self.by_id.len() == self.slab.len(), || "ids without jobs".into())?;
        ensure(histories == self.histories.len(), || "histories without jobs".into())?;
        ensure(body_bytes == self.body_bytes, || format!("{body_bytes} bytes, counted {}", self.body_bytes))
    }
}

impl Ranked for Jobs {
    fn key(&self, slot: u32) -> (u64, u64) {
        let job = self.slab.get(slot);
        (job.rank, job.id)
    }

    fn place(&self, slot: u32) -> u32 {
        self.slab.get(slot).place
    }

    /// No change in the sense of a snapshot: places follow from the ranks.
    fn set_place(&mut self, slot: u32, place: u32) {
        self.slab.get_mut(slot).place = place;
    }
}
