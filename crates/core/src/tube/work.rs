//! What workers do: reserve, and delete, release, bury or touch what they hold.

use super::command::JobId;
use super::queue::Queue;
use super::reply::{JobState, Reply};
use crate::{Outbox, Time};

impl Queue {
    /// Without a reply the connection waits.
    pub(super) fn reserve(&mut self, at: Time, connection: u32, timeout: Option<u32>) -> Option<Reply<'_>> {
        self.note_worker(connection);
        let worker = self.connections.get(connection);
        if let Some(tube) = self.tubes.best_offer(worker.watched.iter().map(|watch| watch.tube)) {
            let job = self.tubes.offered(tube).expect("the tube with the best offer offers a job");
            return Some(self.reserve_from_tube(at, connection, job));
        }
        if worker.margin(&self.jobs) <= at {
            return Some(Reply::DeadlineSoon);
        }
        if worker.half_closed || timeout == Some(0) {
            return Some(Reply::TimedOut);
        }
        let until = timeout.map_or(Time::NEVER, |seconds| at.plus_seconds(seconds));
        self.start_waiting(connection, until);
        None
    }

    pub(super) fn reserve_job(&mut self, at: Time, connection: u32, id: JobId) -> Reply<'_> {
        let Some(job) = self.jobs.find(id) else { return Reply::NotFound };
        if self.jobs.get(job).state == JobState::Reserved {
            return Reply::NotFound;
        }
        self.note_worker(connection);
        self.reserve_from_tube(at, connection, job)
    }

    pub(super) fn delete(&mut self, connection: u32, id: JobId) -> Reply<'_> {
        let Some(job) = self.jobs.find(id) else { return Reply::NotFound };
        match self.jobs.get(job).state {
            JobState::Reserved if self.is_held_by(job, connection) => self.take_back(job, connection),
            JobState::Reserved => return Reply::NotFound,
            JobState::Ready | JobState::Delayed | JobState::Buried => self.withdraw(job),
        }
        self.tubes.get_mut(self.jobs.get(job).tube).counts.deletes += 1;
        self.forget(job);
        Reply::Deleted
    }

    pub(super) fn release(
        &mut self,
        at: Time,
        connection: u32,
        id: JobId,
        priority: u32,
        delay: u32,
        outbox: &mut dyn Outbox,
    ) -> Reply<'_> {
        let Some(job) = self.find_held(connection, id) else { return Reply::NotFound };
        self.take_back(job, connection);
        let counts = &mut self.jobs.change_history(job).counts;
        counts.releases = counts.releases.saturating_add(1);
        let record = self.jobs.change(job);
        record.priority = priority;
        record.delay = delay;
        self.make_ready_or_delayed(at, job, outbox);
        Reply::Released
    }

    pub(super) fn bury(&mut self, connection: u32, id: JobId, priority: u32) -> Reply<'_> {
        let Some(job) = self.find_held(connection, id) else { return Reply::NotFound };
        self.take_back(job, connection);
        let counts = &mut self.jobs.change_history(job).counts;
        counts.buries = counts.buries.saturating_add(1);
        self.jobs.change(job).priority = priority;
        self.make_buried(job);
        Reply::Buried
    }

    pub(super) fn touch(&mut self, at: Time, connection: u32, id: JobId) -> Reply<'_> {
        let Some(job) = self.find_held(connection, id) else { return Reply::NotFound };
        let record = self.jobs.change(job);
        record.rank = at.plus_seconds(record.ttr).0;
        self.connections.get_mut(connection).held.update(&mut self.jobs, job);
        self.connections.refresh(connection, &self.jobs);
        Reply::Touched
    }

    fn reserve_from_tube(&mut self, at: Time, connection: u32, job: u32) -> Reply<'_> {
        self.withdraw(job);
        self.hold(at, job, connection);
        let job = self.jobs.get(job);
        Reply::Reserved { id: job.id, body: &job.body }
    }

    fn find_held(&self, connection: u32, id: JobId) -> Option<u32> {
        self.jobs.find(id).filter(|job| self.is_held_by(*job, connection))
    }

    fn is_held_by(&self, job: u32, connection: u32) -> bool {
        self.jobs.history(job).holder == Some(self.connections.get(connection).id)
    }

    fn note_worker(&mut self, connection: u32) {
        if !std::mem::replace(&mut self.connections.get_mut(connection).worker, true) {
            self.totals.current_workers += 1;
        }
    }
}
