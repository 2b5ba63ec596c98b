//! Replies of the state machine as bytes in their connections' buffers.

use std::sync::Arc;

use trellis_core::ConnectionId;
use trellis_core::tube::{JobState, JobStats, Reply, TubeStats};
use trellis_replica::LogGauge;
use trellis_tube_codec as codec;
use trellis_tube_codec::yaml;

use super::facts::Facts;
use crate::connections::Connections;
use crate::limits::REPLY_BYTES_UNSENT_TOTAL_MAX;
use crate::outlet::Touched;

/// Encodes each reply where it belongs.
pub(crate) struct TubeReplies {
    connections: Arc<Connections>,
    facts: Arc<Facts>,
    log: Arc<LogGauge>,
    /// Answers are being refused.
    refusing: bool,
}

impl TubeReplies {
    pub(crate) fn new(connections: Arc<Connections>, facts: Arc<Facts>, log: Arc<LogGauge>) -> Self {
        TubeReplies { connections, facts, log, refusing: false }
    }

    /// Encodes a reply for its connection, if that is there.
    pub(crate) fn reply(&mut self, to: ConnectionId, reply: &Reply<'_>, touched: &mut Touched) {
        let Some(outgoing) = self.connections.get(to) else { return };
        let question = is_to_question(reply);
        let has_room = !question || self.connections.make_room_for_replies();
        let mut refused = false;
        touched.add(&outgoing, true, |out| {
            let start = out.len();
            encode(reply, &self.facts, &self.log, out);
            refused = !has_room && outgoing.is_burdened_by(out.len() - start);
            if refused {
                out.truncate(start);
                codec::Reply::OutOfMemory.encode(out);
            }
        });
        if question {
            self.note_refusal(refused, has_room);
        }
    }

    /// Tells a client that the log has no room for its command.
    pub(crate) fn refuse(&mut self, to: ConnectionId, touched: &mut Touched) {
        if let Some(outgoing) = self.connections.get(to) {
            touched.add(&outgoing, true, |out| codec::Reply::OutOfMemory.encode(out));
        }
    }

    /// Says in the log once, until there is room again, that answers are refused.
    fn note_refusal(&mut self, refused: bool, has_room: bool) {
        if refused && !self.refusing {
            tracing::warn!(
                limit = REPLY_BYTES_UNSENT_TOTAL_MAX,
                "long answers to questions are refused: the limit of replies that wait for their clients is reached"
            );
        }
        self.refusing = refused || (self.refusing && !has_room);
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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use trellis_core::Outbox;
    use trellis_replica::Deliver;

    use super::*;
    use crate::limits::{REPLY_BYTES_GATHERED_MAX, REPLY_BYTES_UNSENT_MAX};
    use crate::outgoing::Outgoing;
    use crate::outlet::Outlet;
    use crate::socket::Socket;
    use crate::zk::{Hub, Settings as ZkSettings, ZkReplies};

    const LONG: &[u8] = &[b'x'; REPLY_BYTES_UNSENT_MAX + 1];

    struct Case {
        connections: Arc<Connections>,
        outlet: Outlet,
        /// The one that is asked for, and its client.
        id: ConnectionId,
        client: UnixStream,
    }

    impl Case {
        async fn new() -> Self {
            let connections = Arc::new(Connections::new(1, 10));
            let facts = Facts::new(65_535, u64::MAX, Arc::clone(&connections));
            let outlet = Outlet {
                connections: Arc::clone(&connections),
                tube: TubeReplies::new(Arc::clone(&connections), Arc::new(facts), Arc::default()),
                zk: ZkReplies::new(Arc::new(Hub::new(ZkSettings::default())), Arc::clone(&connections)),
                touched: Touched::new().0,
            };
            let (socket, client) = Socket::pair().await;
            let id = connections.add(Arc::new(Outgoing::new(socket, connections.unsent())));
            Case { connections, outlet, id, client }
        }

        /// Another client does not read more than all together may leave.
        async fn reach_the_limit(&self) -> UnixStream {
            let (socket, client) = Socket::pair().await;
            let outgoing = Arc::new(Outgoing::new(socket, self.connections.unsent()));
            self.connections.add(Arc::clone(&outgoing));
            outgoing.add(true, |out| out.resize(REPLY_BYTES_UNSENT_TOTAL_MAX + 1_000_000, b'x'));
            outgoing.complete();
            assert!(!self.connections.make_room_for_replies());
            client
        }

        /// What the client is sent.
        fn sent(&mut self) -> String {
            let mut bytes = Vec::new();
            self.client.read_to_end(&mut bytes).expect_err("the connection is open");
            String::from_utf8(bytes).unwrap()
        }
    }

    #[tokio::test]
    async fn replies_leave_when_the_entry_is_complete_or_they_are_many() {
        let mut case = Case::new().await;
        case.outlet.tube(case.id, Reply::Deleted);
        assert_eq!(case.sent(), "");
        case.outlet.flush();
        assert_eq!(case.sent(), "DELETED\r\n");

        case.outlet.tube(case.id, Reply::Buried);
        let (socket, _other) = Socket::pair().await;
        let other = case.connections.add(Arc::new(Outgoing::new(socket, case.connections.unsent())));
        case.outlet.tube(other, Reply::Found { id: 1, body: &[b'x'; REPLY_BYTES_GATHERED_MAX] });
        assert_eq!(case.sent(), "BURIED\r\n");
        case.outlet.tube(case.id, Reply::Touched);
        case.outlet.flush();
        assert_eq!(case.sent(), "TOUCHED\r\n");
    }

    #[tokio::test]
    async fn beyond_the_limit_only_what_is_long_and_can_be_refused_is_refused() {
        let mut case = Case::new().await;
        let _other = case.reach_the_limit().await;
        case.outlet.tube(case.id, Reply::Found { id: 1, body: b"short" });
        case.outlet.flush();
        assert_eq!(case.sent(), "FOUND 1 5\r\nshort\r\n");
        case.outlet.tube(case.id, Reply::Found { id: 1, body: LONG });
        case.outlet.flush();
        assert_eq!(case.sent(), "OUT_OF_MEMORY\r\n");
        case.outlet.tube(case.id, Reply::Reserved { id: 1, body: LONG });
        case.outlet.flush();
        assert!(case.sent().starts_with("RESERVED 1 65537\r\nx"));
    }

    #[tokio::test]
    async fn beyond_the_limit_who_does_not_read_is_refused_short_answers_as_well() {
        let mut case = Case::new().await;
        let _other = case.reach_the_limit().await;
        for _ in 0..10 {
            case.outlet.tube(case.id, Reply::Found { id: 1, body: &LONG[..60_000] });
            case.outlet.flush();
        }
        let outgoing = case.connections.get(case.id).unwrap();
        let left = outgoing.lock().unsent();
        assert!(left < 60_000, "{left} bytes are left of 600,000");
        let sent = case.sent();
        assert!(sent.contains("FOUND"), "as long as the socket takes something, it is served");
    }
}
