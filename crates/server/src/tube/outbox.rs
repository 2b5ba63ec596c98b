//! Replies of the state machine as bytes in their connections' buffers.

use std::sync::Arc;

use trellis_core::tube::{JobState, JobStats, Reply, TubeStats};
use trellis_core::{ConnectionId, Outbox};
use trellis_replica::{Deliver, LogGauge};
use trellis_tube_codec as codec;
use trellis_tube_codec::yaml;

use super::facts::Facts;
use crate::connections::Connections;
use crate::limits::{REPLY_BYTES_GATHERED_MAX, REPLY_BYTES_UNSENT_MAX, REPLY_BYTES_UNSENT_TOTAL_MAX};
use crate::outgoing::Outgoing;

/// Encodes each reply where it belongs, and sends what an entry has given, one write a connection.
pub(crate) struct TubeOutbox {
    connections: Arc<Connections>,
    facts: Arc<Facts>,
    log: Arc<LogGauge>,
    /// Connections that there is something for.
    touched: Vec<Arc<Outgoing>>,
    /// Bytes that there are for them.
    gathered: usize,
    /// Long answers are being refused.
    refusing: bool,
}

impl TubeOutbox {
    pub(crate) fn new(connections: Arc<Connections>, facts: Arc<Facts>, log: Arc<LogGauge>) -> Self {
        TubeOutbox { connections, facts, log, touched: Vec::new(), gathered: 0, refusing: false }
    }

    /// Says in the log once, until there is room again, that long answers are refused.
    fn note_refusal(&mut self, refused: bool) {
        if refused && !self.refusing {
            tracing::warn!(
                limit = REPLY_BYTES_UNSENT_TOTAL_MAX,
                "long answers are refused: the limit of replies that wait for their clients is reached"
            );
        }
        self.refusing = refused;
    }
}

impl Outbox for TubeOutbox {
    fn tube(&mut self, to: ConnectionId, reply: Reply<'_>) {
        let Some(outgoing) = self.connections.get(to) else { return };
        let question = is_to_question(&reply);
        let has_room = !question || self.connections.has_room_for_replies();
        let (mut bytes, mut refused) = (0, false);
        let first = outgoing.add(|out| {
            let start = out.len();
            encode(&reply, &self.facts, &self.log, out);
            bytes = out.len() - start;
            refused = !has_room && bytes > REPLY_BYTES_UNSENT_MAX;
            if refused {
                out.truncate(start);
                codec::Reply::OutOfMemory.encode(out);
            }
        });
        if first {
            self.touched.push(outgoing);
        }
        if refused || (question && has_room) {
            self.note_refusal(refused);
        }
        self.gathered += bytes;
        if self.gathered >= REPLY_BYTES_GATHERED_MAX {
            self.flush();
        }
    }
}

impl Deliver for TubeOutbox {
    fn flush(&mut self) {
        self.gathered = 0;
        for outgoing in self.touched.drain(..) {
            outgoing.complete();
        }
        self.connections.has_room_for_replies();
    }

    fn refuse(&mut self, to: ConnectionId) {
        let Some(outgoing) = self.connections.get(to) else { return };
        if outgoing.add(|out| codec::Reply::OutOfMemory.encode(out)) {
            self.touched.push(outgoing);
        }
    }
}

/// Questions change nothing, so their answers may be refused. A job that is reserved must reach its worker.
fn is_to_question(reply: &Reply<'_>) -> bool {
    matches!(
        reply,
        Reply::Found { .. } | Reply::JobStats(_) | Reply::TubeStats(_) | Reply::Totals(_) | Reply::Tubes(_)
    )
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
