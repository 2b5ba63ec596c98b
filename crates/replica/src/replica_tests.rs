//! A whole node on a disk in memory: what it acknowledges survives, what it can't keep it doesn't acknowledge.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use trellis_core::tube::{Command, Query, Reply};
use trellis_core::{ConnectionId, Outbox, tube, zk};
use trellis_wal::Disk;
use trellis_wal::testing::{MemDisk, Operation};

#[path = "replica_full_tests.rs"]
mod full;
#[path = "replica_zk_tests.rs"]
mod znodes;

use super::{Replica, StartError};
use crate::applied::Deliver;
use crate::gauge::{LogFacts, LogGauge};
use crate::settings::{Durability, Settings};

const SEGMENT_BYTES: u64 = 1 << 20;
const CLIENT: ConnectionId = ConnectionId::new(1, 1);

/// Replies in words, for tests to wait for.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>, Arc<tokio::sync::Notify>);

impl Outbox for Heard {
    fn tube(&mut self, _to: ConnectionId, reply: Reply<'_>) {
        let text = match reply {
            Reply::Found { id, body } => format!("Found {id} {} bytes", body.len()),
            Reply::Reserved { id, .. } => format!("Reserved {id}"),
            Reply::Totals(totals) => format!("{} ready", totals.current_jobs_ready),
            reply => format!("{reply:?}"),
        };
        self.say(text);
    }

    fn zk(&mut self, _to: ConnectionId, zxid: zk::Zxid, reply: zk::Reply<'_>) {
        self.say(format!("{zxid}: {}", znodes::show(&reply)));
    }

    fn zk_event(&mut self, event: zk::Event<'_>) {
        self.say(format!("{:?} {}", event.kind, event.path));
    }

    fn zk_quota_exceeded(&mut self, _excess: zk::QuotaExcess<'_>) {}

    fn zk_connection_lost(&mut self, session: zk::SessionId, connection: ConnectionId) {
        self.say(format!("{} lost session {session}", connection.number()));
    }

    fn zk_session_ended(&mut self, session: zk::SessionId, _connection: Option<ConnectionId>) {
        self.say(format!("session {session} ended"));
    }
}

impl Deliver for Heard {
    fn flush(&mut self) {
        self.1.notify_one();
    }

    fn refuse(&mut self, to: ConnectionId) {
        self.say(format!("refused {}", to.number()));
    }

    fn refuse_zk(&mut self, to: ConnectionId) {
        self.say(format!("refused {}", to.number()));
    }
}

impl Heard {
    fn say(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    /// The next `count` replies.
    async fn next(&self, count: usize) -> Vec<String> {
        let all = async {
            while self.0.lock().unwrap().len() < count {
                self.1.notified().await;
            }
        };
        let there = tokio::time::timeout(Duration::from_secs(60), all).await;
        let mut said = self.0.lock().unwrap();
        assert!(there.is_ok(), "a reply is missing after {said:?}");
        said.drain(..count).collect()
    }
}

struct Node {
    replica: Replica,
    heard: Heard,
    gauge: Arc<LogGauge>,
}

async fn try_start(disk: Option<&MemDisk>, durability: Durability) -> Result<Node, StartError> {
    let settings = Settings {
        node: 1,
        data_dir: "memory".into(),
        durability,
        segment_bytes: SEGMENT_BYTES,
        salt_seed: 7,
    };
    let gauge = Arc::new(LogGauge::default());
    let heard = Heard::default();
    let disk = disk.map(|disk| Arc::new(disk.clone()) as Arc<dyn Disk>);
    let replica = Replica::start_on(disk, settings, Arc::clone(&gauge), Box::new(heard.clone())).await?;
    // What the replay has said was for connections that are gone.
    heard.0.lock().unwrap().clear();
    replica.submit(CLIENT, &Command::Open);
    Ok(Node { replica, heard, gauge })
}

async fn start(disk: &MemDisk) -> Node {
    try_start(Some(disk), Durability::Strict).await.unwrap()
}

impl Node {
    async fn ask(&self, command: Command<'_>) -> String {
        self.replica.submit(CLIENT, &command);
        self.heard.next(1).await.remove(0)
    }

    async fn query(&self, query: Query) -> String {
        self.replica.query(CLIENT, query);
        self.heard.next(1).await.remove(0)
    }
}

fn put(body: &[u8]) -> Command<'_> {
    Command::Put { priority: 0, delay: 0, ttr: 60, body }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

#[test]
fn what_was_acknowledged_is_there_after_power_is_lost() {
    run(async {
        let mut disk = MemDisk::new();
        for round in 0..20_u64 {
            let node = start(&disk).await;
            assert_eq!(node.query(Query::Stats).await, format!("{round} ready"));
            let first = 3 * round + 1;
            assert_eq!(node.ask(put(b"kept")).await, format!("Inserted {{ id: {first} }}"));
            assert_eq!(node.ask(put(b"gone")).await, format!("Inserted {{ id: {} }}", first + 1));
            assert_eq!(node.ask(Command::Delete { id: first + 1 }).await, "Deleted");
            node.replica.submit(CLIENT, &Command::SkipId);
            // A reservation ends with the process that its worker was connected to.
            assert_eq!(node.ask(Command::Reserve { timeout: Some(0) }).await, "Reserved 1");
            assert_eq!(node.ask(Command::Touch { id: 1 }).await, "Touched");
            assert_eq!(node.ask(Command::PauseTube { tube: "default", delay: 0 }).await, "Paused");
            disk = disk.crash(round);
        }
    });
}

#[test]
fn queries_are_answered_at_their_place_among_commands() {
    run(async {
        let node = try_start(None, Durability::Memory).await.unwrap();
        for _ in 0..3 {
            node.replica.query(CLIENT, Query::Stats);
            node.replica.submit(CLIENT, &put(b"x"));
        }
        node.replica.query(CLIENT, Query::Stats);
        let heard = node.heard.next(7).await;
        assert_eq!(heard[0], "0 ready");
        assert_eq!(heard[2], "1 ready");
        assert_eq!(heard[4], "2 ready");
        assert_eq!(heard[6], "3 ready");
        assert_eq!(node.gauge.facts(), LogFacts::default(), "there is no log on disk");
        node.replica.stop().await.unwrap();
    });
}

#[test]
fn a_snapshot_lets_old_entries_go_and_a_restart_begins_with_it() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        let body = vec![b'x'; 60_000];
        let mut deleted = 0;
        // Many times the log that makes a snapshot due, of which little stays alive.
        for id in 1..=4_000 {
            assert_eq!(node.ask(put(&body)).await, format!("Inserted {{ id: {id} }}"));
            if id % 10 != 0 {
                assert_eq!(node.ask(Command::Delete { id }).await, "Deleted");
                deleted += 1;
            }
        }
        let facts = node.gauge.facts();
        assert!(facts.records_in_snapshots > 0, "no snapshot was taken: {facts:?}");
        assert!(facts.segment_oldest > 64, "no entry was given up: {facts:?}");
        assert!(disk.used_bytes() < 200 << 20, "{} bytes are used", disk.used_bytes());

        let disk = disk.crash(1);
        let node = start(&disk).await;
        assert_eq!(node.query(Query::Stats).await, format!("{} ready", 4_000 - deleted));
        assert_eq!(node.query(Query::Peek { id: 10 }).await, "Found 10 60000 bytes");
        assert_eq!(node.query(Query::Peek { id: 11 }).await, "NotFound");
        assert_eq!(node.ask(put(b"next")).await, "Inserted { id: 4001 }");
    });
}

#[test]
fn snapshots_go_on_being_taken_however_many_there_were() {
    run(async {
        let node = start(&MemDisk::new()).await;
        let body = vec![b'x'; 60_000];
        // Twenty times the log that makes a snapshot due, with several commands under way as from several clients.
        for first in (1..=22_000).step_by(8) {
            for id in first..first + 8 {
                node.replica.submit(CLIENT, &put(&body));
                node.replica.submit(CLIENT, &Command::Delete { id });
            }
            node.heard.next(16).await;
            let facts = node.gauge.facts();
            // Of 1 MiB each: what makes a snapshot due, and what comes while it is taken.
            assert!(facts.segment_current - facts.segment_oldest < 200, "at job {first}: {facts:?}");
        }
        node.replica.stop().await.unwrap();
    });
}

#[test]
fn large_jobs_fit_into_a_snapshot_slice_by_slice() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        let body = vec![b'x'; 700_000];
        for id in 1..=150 {
            assert_eq!(node.ask(put(&body)).await, format!("Inserted {{ id: {id} }}"));
        }
        while node.gauge.facts().records_in_snapshots == 0 {
            assert_eq!(node.ask(Command::Delete { id: 999 }).await, "NotFound");
        }
        let node = start(&disk.crash(5)).await;
        assert_eq!(node.query(Query::Stats).await, "150 ready");
        assert_eq!(node.query(Query::Peek { id: 77 }).await, "Found 77 700000 bytes");
    });
}

#[test]
fn another_nodes_directory_is_refused() {
    run(async {
        let disk = MemDisk::new();
        start(&disk).await.replica.stop().await.unwrap();
        // A copy: the first one may still be making a file of the log.
        let disk: Arc<dyn Disk> = Arc::new(disk.crash(1));
        let settings = Settings {
            node: 2,
            data_dir: "memory".into(),
            durability: Durability::Strict,
            segment_bytes: SEGMENT_BYTES,
            salt_seed: 7,
        };
        let heard = Box::new(Heard::default());
        let started = Replica::start_on(Some(disk), settings, Arc::default(), heard).await;
        let error = started.err().expect("it is another node's").to_string();
        assert!(error.contains("belongs to node 1") && error.contains("--node-id 1"), "{error}");
    });
}

#[test]
fn nothing_is_acknowledged_after_a_failed_sync() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        assert_eq!(node.ask(put(b"safe")).await, "Inserted { id: 1 }");
        disk.fail_after(Operation::SyncData, 0);
        node.replica.submit(CLIENT, &put(b"lost"));
        let reason = node.replica.failed().await;
        assert!(reason.contains("syncing"), "{reason}");
        assert_eq!(*node.heard.0.lock().unwrap(), Vec::<String>::new());

        disk.clear_faults();
        let node = start(&disk.crash(3)).await;
        assert_eq!(node.query(Query::Peek { id: 1 }).await, "Found 1 4 bytes");
    });
}

/// What is left by a node that has stopped, with a snapshot without which its log is of no use.
async fn with_snapshot() -> MemDisk {
    let disk = MemDisk::new();
    let node = start(&disk).await;
    let body = vec![b'x'; 60_000];
    for _ in 0..1_300 {
        node.ask(put(&body)).await;
    }
    while node.gauge.facts().segment_oldest == 1 {
        node.ask(put(b"more")).await;
    }
    node.replica.stop().await.unwrap();
    disk.copy()
}

fn names(disk: &MemDisk, prefix: &str) -> Vec<String> {
    disk.list().unwrap().into_iter().filter(|name| name.starts_with(prefix)).collect()
}

/// The node must not start, and leave everything as it is. Gives the reason.
async fn refusal(disk: &MemDisk) -> String {
    let error = try_start(Some(disk), Durability::Strict).await.err().expect("it is not whole");
    assert_eq!(disk.operations(), 0, "something was changed");
    let error = error.to_string();
    assert!(error.contains("Nothing was changed. ") && error.contains("from a copy"), "{error}");
    error
}

#[test]
fn half_a_directory_is_refused() {
    run(async {
        let disk = with_snapshot().await;
        let (snapshot, segments) = (names(&disk, "snapshot-"), names(&disk, "segment-"));
        let without = |prefixes: &[&str]| {
            let disk = disk.copy();
            for name in prefixes.iter().flat_map(|prefix| names(&disk, prefix)) {
                disk.take(&name);
            }
            disk
        };

        let error = refusal(&without(&["manifest", "segment-"])).await;
        assert!(error.contains("a snapshot up to entry") && error.contains("no file of the log"), "{error}");
        let error = refusal(&without(&["manifest"])).await;
        let there = format!("memory/manifest is missing, although there are files of a log: {}", segments[0]);
        assert!(error.contains(&there), "{error}");
        let error = refusal(&without(&[&segments[1]])).await;
        assert!(error.contains(&format!("memory/{} is missing", segments[1])), "{error}");

        // Only a log that was read can say that a snapshot is missing, and reading it may have repaired it.
        let before = disk.list().unwrap();
        let disk = without(&["snapshot-"]);
        let error = try_start(Some(&disk), Durability::Strict).await.err().expect("it is incomplete");
        assert!(error.to_string().contains("no snapshot reaches that far"), "{error}");
        assert!(before.iter().filter(|name| !snapshot.contains(name)).eq(&disk.list().unwrap()));
    });
}

#[test]
fn a_damaged_snapshot_is_named_and_nothing_is_changed() {
    run(async {
        let disk = with_snapshot().await;
        let name = names(&disk, "snapshot-").remove(0);
        let whole = disk.contents(&name).unwrap();
        // In the head, in its description, in chunks, in the trailer.
        for place in [0, 8, 40, 200, whole.len() / 2, whole.len() - 1] {
            let damaged = disk.copy();
            let mut contents = whole.clone();
            contents[place] ^= 1;
            damaged.put(&name, contents);
            let error = refusal(&damaged).await;
            let named = format!("memory/{name} is damaged at byte ");
            assert!(error.starts_with(&named), "{error}");
            let offset = error[named.len()..].split(':').next().unwrap();
            assert!(offset.parse::<usize>().unwrap() <= place, "byte {place}: {error}");
        }
        disk.put(&name, whole[..whole.len() - 1].to_vec());
        assert!(refusal(&disk).await.contains("the file ends before"), "a cut snapshot");
    });
}
