//! Replies of the state machine as bytes in their connections' buffers.

use std::sync::Arc;

use trellis_core::tube::{JobState, JobStats, Reply, TubeStats};
use trellis_core::{ConnectionId, Outbox};
use trellis_replica::{Deliver, LogGauge};
use trellis_tube_codec as codec;
use trellis_tube_codec::yaml;

use super::facts::Facts;
use crate::connections::Connections;
use crate::outgoing::Outgoing;

/// Encodes each reply where it belongs, and sends what an entry has given, one write a connection.
pub(crate) struct TubeOutbox {
    connections: Arc<Connections>,
    facts: Arc<Facts>,
    log: Arc<LogGauge>,
    /// Connections that the present entry has something for.
    touched: Vec<Arc<Outgoing>>,
}

impl TubeOutbox {
    pub(crate) fn new(connections: Arc<Connections>, facts: Arc<Facts>, log: Arc<LogGauge>) -> Self {
        TubeOutbox { connections, facts, log, touched: Vec::new() }
    }
}

impl Outbox for TubeOutbox {
    fn tube(&mut self, to: ConnectionId, reply: Reply<'_>) {
        let Some(outgoing) = self.connections.get(to) else { return };
        let first = outgoing.add(|out| encode(&reply, &self.facts, &self.log, out));
        if first {
            self.touched.push(outgoing);
        }
    }
}

impl Deliver for TubeOutbox {
    fn flush(&mut self) {
        for outgoing in self.touched.drain(..) {
            outgoing.complete();
        }
    }

    fn refuse(&mut self, to: ConnectionId) {
        let Some(outgoing) = self.connections.get(to) else { return };
        if outgoing.add(|out| codec::Reply::OutOfMemory.encode(out)) {
            self.touched.push(outgoing);
        }
    }
}

fn encode(reply: &Reply<'_>, facts: &Facts, log: &LogGauge, out: &mut Vec<u8>) {
    let line = match *reply {
        Reply::Inserted { id } => codec::Reply::Inserted { id },
        Reply::Using { tube } => codec::Reply::Using { tube },
        Reply::Watching { count } => codec::Reply::Watching { count: count as u64 },
        Reply::NotIgnored => codec::Reply::NotIgnored,
        Reply::Reserved { id, body } => codec::Reply::Reserved { id, body },
        Reply::DeadlineSoon => codec::Reply::DeadlineSoon,
        Reply::TimedOut => codec::Reply::TimedOut,
        Reply::Deleted => codec::Reply::Deleted,
        Reply::Released => codec::Reply::Released,
        Reply::Buried => codec::Reply::Buried,
        Reply::Touched => codec::Reply::Touched,
        Reply::Kicked { count } => codec::Reply::Kicked { count: count.into() },
        Reply::KickedJob => codec::Reply::KickedJob,
        Reply::Paused => codec::Reply::Paused,
        Reply::NotFound => codec::Reply::NotFound,
        Reply::Found { id, body } => codec::Reply::Found { id, body },
        Reply::JobStats(ref stats) => {
            return yaml::stats_job(&job_stats(stats, log.facts().segment_oldest), out);
        }
        Reply::TubeStats(ref stats) => return yaml::stats_tube(&tube_stats(stats), out),
        Reply::Totals(ref totals) => return yaml::stats(&facts.stats(totals, log.facts()), out),
        Reply::Tubes(ref names) => return yaml::tube_list(names.iter().copied(), out),
    };
    line.encode(out);
}

fn job_stats<'a>(stats: &JobStats<'a>, file: u64) -> yaml::JobStats<'a> {
    yaml::JobStats {
        id: stats.id,
        tube: stats.tube,
        state: match stats.state {
            JobState::Ready => yaml::JobState::Ready,
            JobState::Reserved => yaml::JobState::Reserved,
            JobState::Delayed => yaml::JobState::Delayed,
            JobState::Buried => yaml::JobState::Buried,
        },
        pri: stats.priority,
        age: stats.age,
        delay: stats.delay.into(),
        ttr: stats.ttr.into(),
        time_left: stats.time_left,
        file,
        reserves: stats.reserves.into(),
        timeouts: stats.timeouts.into(),
        releases: stats.releases.into(),
        buries: stats.buries.into(),
        kicks: stats.kicks.into(),
    }
}

fn tube_stats<'a>(stats: &TubeStats<'a>) -> yaml::TubeStats<'a> {
    yaml::TubeStats {
        name: stats.name,
        current_jobs_urgent: stats.current_jobs_urgent,
        current_jobs_ready: stats.current_jobs_ready,
        current_jobs_reserved: stats.current_jobs_reserved,
        current_jobs_delayed: stats.current_jobs_delayed,
        current_jobs_buried: stats.current_jobs_buried,
        total_jobs: stats.total_jobs,
        current_using: stats.current_using,
        current_watching: stats.current_watching,
        current_waiting: stats.current_waiting,
        cmd_delete: stats.cmd_delete,
        cmd_pause_tube: stats.cmd_pause_tube,
        pause: stats.pause.into(),
        pause_time_left: stats.pause_time_left,
    }
}
