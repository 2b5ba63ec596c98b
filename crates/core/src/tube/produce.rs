//! What producers and operators do: put, kick, pause.

use super::command::JobId;
use super::job::NewJob;
use super::queue::Queue;
use super::reply::{JobState, Reply};
use super::tubes::Pause;
use crate::limits::TTR_SECONDS_MIN;
use crate::{Outbox, Time};

impl Queue {
    #[expect(clippy::too_many_arguments, reason = "they are the command's")]
    pub(super) fn put(
        &mut self,
        at: Time,
        connection: u32,
        priority: u32,
        delay: u32,
        ttr: u32,
        body: &[u8],
        outbox: &mut dyn Outbox,
    ) -> Reply<'_> {
        self.note_producer(connection);
        let tube = self.connections.get(connection).used;
        let ttr = ttr.max(TTR_SECONDS_MIN);
        let job = self.jobs.insert(at, &NewJob { tube, priority, delay, ttr, body });
        let id = self.jobs.get(job).id;
        self.tubes.get_mut(tube).counts.puts += 1;
        self.totals.total_jobs += 1;
        self.make_ready_or_delayed(at, job, outbox);
        Reply::Inserted { id }
    }

    /// What is left of a put whose body was malformed.
    pub(super) fn skip_id(&mut self, connection: u32) {
        self.note_producer(connection);
        self.jobs.next_id += 1;
    }

    pub(super) fn kick(
        &mut self,
        at: Time,
        connection: u32,
        bound: u32,
        outbox: &mut dyn Outbox,
    ) -> Reply<'_> {
        let tube = self.connections.get(connection).used;
        let only_buried = !self.tubes.get(tube).buried.is_empty();
        let mut count = 0;
        while count < bound {
            let queues = self.tubes.get(tube);
            let next = if only_buried { queues.buried.first() } else { queues.delayed.first() };
            let Some(job) = next else { break };
            self.kick_one(at, job, outbox);
            count += 1;
        }
        Reply::Kicked { count }
    }

    pub(super) fn kick_job(&mut self, at: Time, id: JobId, outbox: &mut dyn Outbox) -> Reply<'_> {
        let Some(job) = self.jobs.find(id) else { return Reply::NotFound };
        if !matches!(self.jobs.get(job).state, JobState::Buried | JobState::Delayed) {
            return Reply::NotFound;
        }
        self.kick_one(at, job, outbox);
        Reply::KickedJob
    }

    pub(super) fn pause_tube(
        &mut self,
        at: Time,
        name: &str,
        seconds: u32,
        outbox: &mut dyn Outbox,
    ) -> Reply<'_> {
        let Some(slot) = self.tubes.find(name) else { return Reply::NotFound };
        let tube = self.tubes.get_mut(slot);
        tube.counts.pauses += 1;
        if seconds == 0 {
            self.resume(at, slot, outbox);
        } else {
            tube.pause = Some(Pause { seconds, until: at.plus_seconds(seconds) });
            self.tubes.refresh(slot, &self.jobs);
        }
        Reply::Paused
    }

    /// Ends a tube's pause.
    pub(super) fn resume(&mut self, at: Time, tube: u32, outbox: &mut dyn Outbox) {
        self.tubes.get_mut(tube).pause = None;
        self.tubes.refresh(tube, &self.jobs);
        self.serve(at, tube, outbox);
    }

    fn kick_one(&mut self, at: Time, job: u32, outbox: &mut dyn Outbox) {
        self.withdraw(job);
        let counts = &mut self.jobs.change_history(job).counts;
        counts.kicks = counts.kicks.saturating_add(1);
        self.make_ready(at, job, outbox);
    }

    fn note_producer(&mut self, connection: u32) {
        if !std::mem::replace(&mut self.connections.get_mut(connection).producer, true) {
            self.totals.current_producers += 1;
        }
    }
}
