//! What the model answers to questions.

use trellis_core::ConnectionId;
use trellis_core::tube::{JobState, JobStats, Query, Reply, Totals, TubeStats};

use super::{Connection, Job, Model, SECOND};
use crate::outbox::line;

impl Connection {
    pub(super) fn new(id: ConnectionId) -> Self {
        Connection {
            id,
            used: "default".into(),
            watched: vec!["default".into()],
            half_closed: false,
            producer: false,
            worker: false,
        }
    }
}

impl Model {
    pub(crate) fn ask(&mut self, from: ConnectionId, query: &Query) {
        let new = Connection::new(from);
        let asker = self.connection(from).unwrap_or(&new);
        let reply = self.answer(asker, query).unwrap_or(Reply::NotFound);
        self.out.push(line(from, &reply));
    }

    fn answer<'a>(&'a self, asker: &'a Connection, query: &Query) -> Option<Reply<'a>> {
        let here = |state| self.jobs.iter().filter(move |job| job.state == state && job.tube == asker.used);
        let job = match query {
            Query::Peek { id } | Query::StatsJob { id } => self.jobs.iter().find(|job| job.id == *id),
            Query::PeekReady => here(JobState::Ready).min_by_key(|job| (job.priority, job.id)),
            Query::PeekDelayed => here(JobState::Delayed).min_by_key(|job| (job.due, job.id)),
            Query::PeekBuried => here(JobState::Buried).min_by_key(|job| job.due),
            Query::Stats => return Some(Reply::Totals(self.totals())),
            Query::StatsTube { tube } => return Some(Reply::TubeStats(self.tube_stats(tube)?)),
            Query::ListTubes => {
                return Some(Reply::Tubes(self.tubes.iter().map(|tube| tube.name.as_str()).collect()));
            }
            Query::ListTubeUsed => return Some(Reply::Using { tube: &self.tube(&asker.used).name }),
            Query::ListTubesWatched => {
                let names = asker.watched.iter().map(|name| self.tube(name).name.as_str());
                return Some(Reply::Tubes(names.collect()));
            }
        }?;
        match query {
            Query::StatsJob { .. } => Some(Reply::JobStats(self.job_stats(job))),
            _ => Some(Reply::Found { id: job.id, body: &job.body }),
        }
    }

    fn job_stats<'a>(&self, job: &'a Job) -> JobStats<'a> {
        let timed = matches!(job.state, JobState::Reserved | JobState::Delayed);
        let [reserves, timeouts, releases, buries, kicks] = job.counts;
        JobStats {
            id: job.id,
            tube: &job.tube,
            state: job.state,
            priority: job.priority,
            age: (self.now / 1000 - job.created) / 1000,
            delay: job.delay,
            ttr: job.ttr,
            time_left: if timed { (job.due - self.now) / SECOND } else { 0 },
            reserves,
            timeouts,
            releases,
            buries,
            kicks,
        }
    }

    fn tube_stats(&self, name: &str) -> Option<TubeStats<'_>> {
        let tube = self.tubes.iter().find(|tube| tube.name == name)?;
        let count = |state| self.count(|job| job.tube == name && job.state == state);
        let urgent = |job: &Job| job.tube == name && job.state == JobState::Ready && job.priority < 1024;
        let watches = |connection: &&Connection| connection.watched.iter().any(|watched| watched == name);
        let waits = |connection: &&Connection| self.waiting.iter().any(|(id, _)| *id == connection.id);
        let connections = || self.connections.iter();
        Some(TubeStats {
            name: &tube.name,
            current_jobs_urgent: self.count(urgent),
            current_jobs_ready: count(JobState::Ready),
            current_jobs_reserved: count(JobState::Reserved),
            current_jobs_delayed: count(JobState::Delayed),
            current_jobs_buried: count(JobState::Buried),
            total_jobs: tube.puts,
            current_using: connections().filter(|connection| connection.used == name).count() as u64,
            current_watching: connections().filter(watches).count() as u64,
            current_waiting: connections().filter(watches).filter(waits).count() as u64,
            cmd_delete: tube.deletes,
            cmd_pause_tube: tube.pauses,
            pause: tube.pause.map_or(0, |(seconds, _)| seconds),
            pause_time_left: tube.pause.map_or(0, |(_, until)| (until - self.now) / SECOND),
        })
    }

    fn totals(&self) -> Totals {
        let count = |state| self.count(|job| job.state == state);
        Totals {
            current_jobs_urgent: self.count(|job| job.state == JobState::Ready && job.priority < 1024),
            current_jobs_ready: count(JobState::Ready),
            current_jobs_reserved: count(JobState::Reserved),
            current_jobs_delayed: count(JobState::Delayed),
            current_jobs_buried: count(JobState::Buried),
            current_tubes: self.tubes.len() as u64,
            current_producers: self.connections.iter().filter(|connection| connection.producer).count()
                as u64,
            current_workers: self.connections.iter().filter(|connection| connection.worker).count() as u64,
            current_waiting: self.waiting.len() as u64,
            job_timeouts: self.timeouts,
            total_jobs: self.puts,
            body_bytes: self.jobs.iter().map(|job| job.body.len() as u64).sum(),
        }
    }

    fn count(&self, filter: impl Fn(&Job) -> bool) -> u64 {
        self.jobs.iter().filter(|job| filter(job)).count() as u64
    }
}
