//! All jobs by id, and what a snapshot needs to read them while they change.
//!
//! No queues here: who is in which heap is decided in `moves.rs`. A job is changed only through [`Jobs::change`],
//! [`Jobs::change_history`] and [`Jobs::remove`], because these keep what a running snapshot hasn't read yet.

use super::command::JobId;
use super::job::{History, Job, NO_HISTORY, NewJob};
use super::reply::JobState;
use crate::Time;
use crate::check::ensure;
use crate::directory::Directory;
use crate::heap::Ranked;
use crate::limits::TTR_SECONDS_MIN;
use crate::slab::Slab;
use crate::walk::{Marked, Walk};

/// The store of jobs.
pub(super) struct Jobs {
    slab: Slab<Job>,
    histories: Slab<History>,
    by_id: Directory,
    /// The id of the next put.
    pub(super) next_id: JobId,
    /// The sum of the lengths of all bodies.
    pub(super) body_bytes: u64,
    /// A snapshot's way through the jobs.
    walk: Walk<Saved>,
}

/// A job as a running snapshot needs it. The body stays in the store unless the job is removed: it never changes.
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
            walk: Walk::new(),
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
        let slot = self.slab.insert(Job::new(id, created_milliseconds, self.walk.mark(), new));
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
        if let Some(saved) = self.walk.saved_mut(slot)
            && saved.job.id == job.id
        {
            saved.job.body = job.body;
            saved.removed = true;
        }
    }

    /// Keeps the job as it is now, if a running snapshot has yet to read it.
    fn save(&mut self, slot: u32) {
        let Jobs { slab, histories, walk, .. } = self;
        walk.save(slab, slot, |job| Saved {
            job: job.without_body(),
            history: history_of(job, histories),
            removed: false,
        });
    }

    /// Begins to read all jobs as they are now.
    pub(super) fn walk_begin(&mut self) {
        self.walk.begin(&mut self.slab);
    }

    /// Reads at most `slots` slots further, and at most as many jobs that have changed meanwhile; stops as soon as
    /// their bodies have `bytes` in all. True while there are more.
    pub(super) fn walk_next(
        &mut self,
        slots: usize,
        bytes: usize,
        sink: &mut dyn FnMut(&Job, &[u8], History),
    ) -> bool {
        let Jobs { slab, histories, walk, .. } = self;
        walk.next(slab, slots, bytes, &mut |slab, slot, saved| {
            if let Some(saved) = saved {
                let body = if saved.removed { &saved.job.body } else { &slab.get(slot).body };
                sink(&saved.job, body, saved.history);
                return body.len();
            }
            let job = slab.get(slot);
            sink(job, &job.body, history_of(job, histories));
            job.body.len()
        })
    }

    /// Gives a snapshot up.
    pub(super) fn walk_abort(&mut self) {
        self.walk.abort();
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
            ensure(self.walk.may_have(job.mark), || {
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

impl Marked for Job {
    fn mark(&self) -> u8 {
        self.mark
    }

    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
}
