//! What happens by itself as time passes: delays, pauses, TTRs, safety margins and waits that are over.
//!
//! Two heaps, one of tubes and one of connections, tell in one step what is due first.

use super::queue::Queue;
use super::reply::Reply;
use crate::{Outbox, Time};

impl Queue {
    /// When something is due first.
    pub(crate) fn next_due(&self) -> Option<Time> {
        let tube = self.tubes.soonest().map(|(due, _)| due);
        let connection = self.connections.soonest().map(|(due, _)| due);
        match (tube, connection) {
            (Some(tube), Some(connection)) => Some(tube.min(connection)),
            (tube, connection) => tube.or(connection),
        }
    }

    /// Does everything that is due at `at` or before, in the order in which it was due; of what was due at the
    /// same time, tubes come before connections. It ends: what it starts is due later than `at`.
    pub(crate) fn fire(&mut self, at: Time, outbox: &mut dyn Outbox) {
        while let Some(due) = self.next_due().filter(|due| *due <= at) {
            match (self.tubes.soonest(), self.connections.soonest()) {
                (Some((tube_due, tube)), _) if tube_due == due => self.fire_tube(at, due, tube, outbox),
                (_, Some((_, connection))) => self.fire_connection(at, due, connection, outbox),
                (_, None) => return,
            }
        }
    }

    /// Ends a tube's soonest delay or, if none is due, its pause.
    fn fire_tube(&mut self, at: Time, due: Time, slot: u32, outbox: &mut dyn Outbox) {
        let tube = self.tubes.get(slot);
        match tube.delayed.first() {
            Some(job) if self.jobs.get(job).rank <= due.0 => {
                self.withdraw(job);
                self.make_ready(at, job, outbox);
            }
            _ => self.resume(at, slot, outbox),
        }
    }

    /// Ends a connection's wait or, if it doesn't wait, the TTR of its soonest job.
    fn fire_connection(&mut self, at: Time, due: Time, slot: u32, outbox: &mut dyn Outbox) {
        let connection = self.connections.get(slot);
        let id = connection.id;
        if connection.wait.is_some() {
            let reply =
                if connection.margin(&self.jobs) <= due { Reply::DeadlineSoon } else { Reply::TimedOut };
            self.stop_waiting(slot);
            outbox.tube(id, reply);
        } else if let Some(job) = connection.held.first() {
            self.take_back(job, slot);
            let counts = &mut self.jobs.change_history(job).counts;
            counts.timeouts = counts.timeouts.saturating_add(1);
            self.totals.job_timeouts += 1;
            self.make_ready(at, job, outbox);
        }
    }
}
