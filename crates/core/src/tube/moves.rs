//! How jobs move between states: every queue, count and timer that a move touches is brought up to date here, and
//! nowhere else.
//!
//! A move is one of the first group (a job leaves the queue of its state) followed by one of the second (it
//! enters another, or is forgotten). Commands are elsewhere.

use super::queue::Queue;
use super::reply::JobState;
use crate::limits::PRIORITY_URGENT_MAX;
use crate::{Outbox, Time};

impl Queue {
    /// Takes a ready, delayed or buried job out of its tube's queue.
    pub(super) fn withdraw(&mut self, job: u32) {
        let (state, tube) = (self.jobs.get(job).state, self.jobs.get(job).tube);
        let tube_record = self.tubes.get_mut(tube);
        match state {
            JobState::Ready => tube_record.ready.remove(&mut self.jobs, job),
            JobState::Delayed => tube_record.delayed.remove(&mut self.jobs, job),
            JobState::Buried => tube_record.buried.remove(&mut self.jobs, job),
            JobState::Reserved => unreachable!("a reserved job lies with its holder, not in its tube"),
        }
        if state == JobState::Ready && self.jobs.get(job).priority <= PRIORITY_URGENT_MAX {
            tube_record.urgent -= 1;
            self.totals.current_jobs_urgent -= 1;
        }
        *self.count_of(state) -= 1;
        self.tubes.refresh(tube, &self.jobs);
    }

    /// Takes a reserved job from its holder.
    pub(super) fn take_back(&mut self, job: u32, connection: u32) {
        self.connections.get_mut(connection).held.remove(&mut self.jobs, job);
        self.connections.refresh(connection, &self.jobs);
        self.jobs.change_history(job).holder = None;
        self.tubes.get_mut(self.jobs.get(job).tube).reserved -= 1;
        self.totals.current_jobs_reserved -= 1;
    }

    /// Makes a job ready, and hands it to a worker if one waits for it.
    pub(super) fn make_ready(&mut self, at: Time, job: u32, outbox: &mut dyn Outbox) {
        let tube = self.enter(job, JobState::Ready, u64::from(self.jobs.get(job).priority));
        self.serve(at, tube, outbox);
    }

    /// Makes a job ready now, or later if it has a delay.
    pub(super) fn make_ready_or_delayed(&mut self, at: Time, job: u32, outbox: &mut dyn Outbox) {
        match self.jobs.get(job).delay {
            0 => self.make_ready(at, job, outbox),
            delay => {
                self.enter(job, JobState::Delayed, at.plus_seconds(delay).0);
            }
        }
    }

    /// Puts a job behind all that are buried already.
    pub(super) fn make_buried(&mut self, job: u32) {
        let number = self.next_burial;
        self.next_burial += 1;
        self.enter(job, JobState::Buried, number);
    }

    /// Gives a job to a connection, for the job's TTR.
    pub(super) fn hold(&mut self, at: Time, job: u32, connection: u32) {
        let history = self.jobs.change_history(job);
        history.counts.reserves = history.counts.reserves.saturating_add(1);
        self.hold_until(at.plus_seconds(self.jobs.get(job).ttr), job, connection);
    }

    /// Gives a job to a connection without counting it as a reservation.
    pub(super) fn hold_until(&mut self, deadline: Time, job: u32, connection: u32) {
        let holder = self.connections.get_mut(connection);
        self.jobs.change_history(job).holder = Some(holder.id);
        let record = self.jobs.change(job);
        record.state = JobState::Reserved;
        record.rank = deadline.0;
        let tube = record.tube;
        holder.held.push(&mut self.jobs, job);
        self.connections.refresh(connection, &self.jobs);
        self.tubes.get_mut(tube).reserved += 1;
        self.totals.current_jobs_reserved += 1;
    }

    /// Puts a job into the queue of a state in its tube, and tells the tube.
    pub(super) fn enter(&mut self, job: u32, state: JobState, rank: u64) -> u32 {
        let record = self.jobs.change(job);
        record.state = state;
        record.rank = rank;
        let (tube, urgent) = (record.tube, record.priority <= PRIORITY_URGENT_MAX);
        let tube_record = self.tubes.get_mut(tube);
        match state {
            JobState::Ready => tube_record.ready.push(&mut self.jobs, job),
            JobState::Delayed => tube_record.delayed.push(&mut self.jobs, job),
            JobState::Buried => tube_record.buried.push(&mut self.jobs, job),
            JobState::Reserved => unreachable!("a reserved job lies with its holder, not in its tube"),
        }
        if state == JobState::Ready && urgent {
            tube_record.urgent += 1;
            self.totals.current_jobs_urgent += 1;
        }
        *self.count_of(state) += 1;
        self.tubes.refresh(tube, &self.jobs);
        tube
    }

    /// Forgets a job that has left its queue, and its tube if it was the last to refer to it.
    pub(super) fn forget(&mut self, job: u32) {
        let tube = self.jobs.get(job).tube;
        self.jobs.remove(job);
        self.tubes.remove_if_unused(tube);
    }

    fn count_of(&mut self, state: JobState) -> &mut u64 {
        match state {
            JobState::Ready => &mut self.totals.current_jobs_ready,
            JobState::Reserved => &mut self.totals.current_jobs_reserved,
            JobState::Delayed => &mut self.totals.current_jobs_delayed,
            JobState::Buried => &mut self.totals.current_jobs_buried,
        }
    }
}
