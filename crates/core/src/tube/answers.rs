//! Answers to questions; changes nothing.

use super::command::JobId;
use super::connections::Connection;
use super::query::Query;
use super::queue::Queue;
use super::reply::{JobStats, Reply, Totals, TubeStats};
use crate::{ConnectionId, Outbox, Time};

impl Queue {
    /// Answers a connection. One that isn't open is answered as if it had just been opened: while the log is full,
    /// that is what it is to its client.
    pub(crate) fn answer(&self, at: Time, connection: ConnectionId, query: &Query, outbox: &mut dyn Outbox) {
        let asker = self.connections.find(connection).map(|slot| self.connections.get(slot));
        outbox.tube(connection, self.reply_to(at, asker, query).unwrap_or(Reply::NotFound));
    }

    fn reply_to(&self, at: Time, asker: Option<&Connection>, query: &Query) -> Option<Reply<'_>> {
        let used = self.tubes.get(asker.map_or(self.tubes.default, |asker| asker.used));
        let reply = match query {
            Query::Peek { id } => self.found(self.jobs.find(*id)?),
            Query::PeekReady => self.found(used.ready.first()?),
            Query::PeekDelayed => self.found(used.delayed.first()?),
            Query::PeekBuried => self.found(used.buried.first()?),
            Query::Stats => Reply::Totals(self.totals()),
            Query::StatsJob { id } => Reply::JobStats(self.job_stats(at, *id)?),
            Query::StatsTube { tube } => Reply::TubeStats(self.tube_stats(at, tube)?),
            Query::ListTubes => Reply::Tubes(self.names(self.tubes.in_order().iter().copied())),
            Query::ListTubeUsed => Reply::Using { tube: &used.name },
            Query::ListTubesWatched => Reply::Tubes(match asker {
                Some(asker) => self.names(asker.watched.iter().map(|watch| watch.tube)),
                None => self.names([self.tubes.default].into_iter()),
            }),
        };
        Some(reply)
    }

    /// The facts of the queue as a whole.
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            current_tubes: self.tubes.len() as u64,
            body_bytes: self.jobs.body_bytes,
            ..self.totals.clone()
        }
    }

    fn found(&self, job: u32) -> Reply<'_> {
        let job = self.jobs.get(job);
        Reply::Found { id: job.id, body: &job.body }
    }

    fn job_stats(&self, at: Time, id: JobId) -> Option<JobStats<'_>> {
        let slot = self.jobs.find(id)?;
        let job = self.jobs.get(slot);
        let counts = self.jobs.history(slot).counts;
        Some(JobStats {
            id,
            tube: &self.tubes.get(job.tube).name,
            state: job.state,
            priority: job.priority,
            age: job.age(at),
            delay: job.delay,
            ttr: job.ttr,
            time_left: job.time_left(at),
            reserves: counts.reserves,
            timeouts: counts.timeouts,
            releases: counts.releases,
            buries: counts.buries,
            kicks: counts.kicks,
        })
    }

    fn tube_stats(&self, at: Time, name: &str) -> Option<TubeStats<'_>> {
        let tube = self.tubes.get(self.tubes.find(name)?);
        Some(TubeStats {
            name: &tube.name,
            current_jobs_urgent: tube.urgent,
            current_jobs_ready: tube.ready.len() as u64,
            current_jobs_reserved: tube.reserved,
            current_jobs_delayed: tube.delayed.len() as u64,
            current_jobs_buried: tube.buried.len() as u64,
            total_jobs: tube.counts.puts,
            current_using: tube.using,
            current_watching: tube.watching,
            current_waiting: tube.line.len,
            cmd_delete: tube.counts.deletes,
            cmd_pause_tube: tube.counts.pauses,
            pause: tube.pause.map_or(0, |pause| pause.seconds),
            pause_time_left: tube.pause.map_or(0, |pause| pause.until.seconds_since(at)),
        })
    }

    fn names(&self, tubes: impl Iterator<Item = u32>) -> Vec<&str> {
        tubes.map(|tube| &*self.tubes.get(tube).name).collect()
    }
}
