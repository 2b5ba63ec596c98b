//! Znodes and sessions on a whole node: what is acknowledged survives, sessions outlive processes and take their
//! ephemeral znodes with them, questions are answered at their places.

use std::task::{Context, Waker};

use trellis_core::zk::{Acl, Command, CreateMode, EphemeralPlace, Identities, Op, Query, Reply};

use crate::limits::BATCH_QUERY_BYTES_MAX;

use super::full::{fill_log, make_room, use_up_log};
use super::{CLIENT, ConnectionId, Durability, MemDisk, Node, put, run, start, try_start, tube, zk};

const OTHER: ConnectionId = ConnectionId::new(1, 2);
const SESSION: zk::SessionId = 77;
const PASSWORD: zk::Password = *b"a password of 16";
const OPENED: &str = "SessionOpened 77";

/// A reply in words, without times.
pub(super) fn show(reply: &Reply<'_>) -> String {
    match reply {
        Reply::SessionOpened { session, .. } => format!("SessionOpened {session}"),
        Reply::Created { path, .. } => format!("Created {path}"),
        Reply::DataSet { stat } => format!("DataSet, version {}", stat.version),
        Reply::Data { data, stat } => {
            let data = String::from_utf8_lossy(data.unwrap_or_default());
            format!("{data:?}, version {}", stat.version)
        }
        Reply::Exists { stat } => format!("Exists, version {}", stat.version),
        Reply::Multi(results) => format!("Multi of {}", results.len()),
        reply => format!("{reply:?}"),
    }
}

fn op(op: Op<'_>) -> Command<'_> {
    Command::Op { op, identities: Identities::NONE, enforce_quota: false }
}

fn create_as<'a>(path: &'a str, data: &'a [u8], mode: CreateMode) -> Op<'a> {
    Op::Create { path, data: Some(data), acl: Acl::OPEN, mode, sequential: false, want_stat: false }
}

fn create<'a>(path: &'a str, data: &'a [u8]) -> Command<'a> {
    op(create_as(path, data, CreateMode::Persistent))
}

fn set<'a>(path: &'a str, data: &'a [u8]) -> Command<'a> {
    op(Op::SetData { path, data: Some(data), version: -1 })
}

fn delete(path: &str) -> Command<'_> {
    op(Op::Delete { path, version: -1 })
}

fn get(path: &str) -> Query<'_> {
    Query::GetData { path: path.into() }
}

const CREATE_SESSION: Command<'static> =
    Command::CreateSession { session: SESSION, password: PASSWORD, timeout_ms: 10_000 };
const ATTACH_SESSION: Command<'static> =
    Command::AttachSession { session: SESSION, password: &PASSWORD, timeout_ms: 20_000 };

impl Node {
    /// What is said until the reply to a command.
    async fn zk(&self, command: Command<'_>, said: usize) -> Vec<String> {
        self.replica.submit_zk(CLIENT, &command);
        self.heard.next(said).await
    }

    /// The reply to a command about nothing that anybody watches.
    async fn zk_reply(&self, command: Command<'_>) -> String {
        self.zk(command, 1).await.remove(0)
    }

    /// An answer at once, which needs no waiting.
    fn answer(&self, query: &Query<'_>) -> String {
        self.replica.answer_zk(CLIENT, Identities::NONE, query);
        self.replica.flush();
        self.heard.0.lock().unwrap().pop().expect("it is answered at once")
    }
}

#[test]
fn znodes_and_sessions_are_there_after_power_is_lost() {
    run(async {
        let mut disk = MemDisk::new();
        let node = start(&disk).await;
        assert_eq!(node.zk_reply(CREATE_SESSION).await, format!("1: {OPENED}"));
        node.zk(create("/counter", b"0"), 3).await;
        let mut zxid = 2;
        drop(node);
        for round in 0..20_u64 {
            disk = disk.crash(round);
            let node = start(&disk).await;
            assert_eq!(node.replica.zk_facts().0, zxid, "no number of a transaction is used twice");
            let sessions = node.replica.sessions();
            assert_eq!(sessions.iter().map(|session| session.session).collect::<Vec<_>>(), [SESSION]);
            // The connection's number was that of a connection with the session, in another life.
            assert_eq!(
                node.zk_reply(set("/counter", b"?")).await,
                format!("{}: Error(SessionMoved)", zxid + 1)
            );
            assert_eq!(node.zk_reply(ATTACH_SESSION).await, format!("{}: {OPENED}", zxid + 1));
            let (before, now) = (round.to_string(), (round + 1).to_string());
            assert_eq!(node.answer(&get("/counter")), format!("{}: {before:?}, version {round}", zxid + 1));

            let said = node.zk(set("/counter", now.as_bytes()), 2).await;
            let reply = format!("{}: DataSet, version {now}", zxid + 2);
            assert_eq!(said, ["DataChanged /counter", &reply]);
            let path = format!("/{round}");
            let said = node.zk(create(&path, b"kept"), 3).await;
            let created = (format!("Created {path}"), format!("{}: Created {path}", zxid + 3));
            assert_eq!(said, [&created.0, "ChildrenChanged /", &created.1]);
            if round > 0 {
                // As many children as before are the work of two rounds.
                let said = node.zk(delete(&format!("/{}", round - 1)), 3).await;
                assert_eq!(said[2], format!("{}: Deleted", zxid + 4));
                zxid += 1;
            }
            zxid += 3;
        }
        let node = start(&disk.crash(20)).await;
        node.zk_reply(ATTACH_SESSION).await;
        let children = node.answer(&Query::GetChildren { path: "/".into() });
        assert_eq!(children, format!(r#"{zxid}: Children(["zookeeper", "counter", "19"])"#));
    });
}

#[test]
fn ephemeral_znodes_last_as_long_as_their_session() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        node.zk(CREATE_SESSION, 1).await;
        node.zk(op(create_as("/here", b"", CreateMode::Ephemeral)), 3).await;

        let disk = disk.crash(1);
        let node = start(&disk).await;
        assert_eq!(node.zk_reply(ATTACH_SESSION).await, format!("2: {OPENED}"));
        assert_eq!(node.answer(&get("/here")), r#"2: "", version 0"#);
        assert_eq!(node.replica.sessions()[0].connection, Some(CLIENT));
        let mut ephemerals = Vec::new();
        let rest = node.replica.ephemerals_from(EphemeralPlace::FIRST, &mut |session, path| {
            ephemerals.push((session, path.to_owned()));
            true
        });
        assert_eq!((rest, ephemerals), (None, vec![(SESSION, "/here".to_owned())]));
        // Another connection takes over.
        node.replica.submit_zk(OTHER, &ATTACH_SESSION);
        assert_eq!(node.heard.next(2).await, ["1 lost session 77", "2: SessionOpened 77"]);
        assert_eq!(node.zk_reply(delete("/here")).await, "3: Error(SessionMoved)");
        assert_eq!(node.answer(&get("/here")), "3: Error(SessionMoved)");

        let said = node.zk(Command::ExpireSession { session: SESSION }, 3).await;
        assert_eq!(said, ["Deleted /here", "ChildrenChanged /", "session 77 ended"]);
        let node = start(&disk.crash(2)).await;
        assert_eq!(node.zk_reply(ATTACH_SESSION).await, "4: SessionRefused");
        assert_eq!(node.replica.sessions(), []);
        assert_eq!(node.replica.zk_facts().1.ephemerals, 0);
    });
}

#[test]
fn both_protocols_share_batches_and_questions_keep_their_places() {
    run(async {
        let node = try_start(None, Durability::Memory).await.unwrap();
        let replica = &node.replica;
        let read = |path: &'static str| replica.query_zk(OTHER, Identities::NONE, get(path));
        replica.submit_zk(OTHER, &CREATE_SESSION);
        read("/a");
        replica.submit(CLIENT, &put(b"x"));
        replica.submit_zk(OTHER, &create("/a", b"1"));
        replica.query(CLIENT, tube::Query::Stats);
        read("/a");
        replica.submit_zk(OTHER, &set("/a", b"2"));
        read("/a");
        replica.submit(CLIENT, &tube::Command::Delete { id: 1 });
        replica.query(CLIENT, tube::Query::Stats);
        read("/");
        let expected = [
            "1: SessionOpened 77",
            "1: Error(NoNode)",
            "Inserted { id: 1 }",
            "Created /a",
            "ChildrenChanged /",
            "2: Created /a",
            "1 ready",
            r#"2: "1", version 0"#,
            "DataChanged /a",
            "3: DataSet, version 1",
            r#"3: "2", version 1"#,
            "Deleted",
            "0 ready",
            r#"3: "", version 0"#,
        ];
        assert_eq!(node.heard.next(expected.len()).await, expected);
        node.replica.stop().await.unwrap();
    });
}

#[test]
fn questions_that_hold_much_fill_a_batch() {
    run(async {
        let node = try_start(None, Durability::Memory).await.unwrap();
        node.zk(CREATE_SESSION, 1).await;
        let long = "x".repeat(BATCH_QUERY_BYTES_MAX);
        let many = vec!["/".into(); BATCH_QUERY_BYTES_MAX / 16];
        let watches = Query::SetWatches { zxid: 0, data: Vec::new(), exist: Vec::new(), child: many };
        let mut context = Context::from_waker(Waker::noop());
        for query in [get(&long), watches] {
            assert!(node.replica.poll_room(&mut context).is_ready());
            node.replica.query_zk(CLIENT, Identities::NONE, query);
            assert!(node.replica.poll_room(&mut context).is_pending());
            node.heard.next(1).await;
        }
        node.replica.stop().await.unwrap();
    });
}

#[test]
fn what_was_acknowledged_is_seen_by_whoever_asks_then() {
    run(async {
        let node = start(&MemDisk::new()).await;
        node.zk(CREATE_SESSION, 1).await;
        node.zk(create("/a", b""), 3).await;
        for version in 1..200 {
            node.zk(set("/a", b"new"), 2).await;
            assert_eq!(node.answer(&get("/a")), format!(r#"{}: "new", version {version}"#, version + 2));
        }
    });
}

#[test]
fn a_multi_of_many_operations_is_carried_out_as_one() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        node.zk(CREATE_SESSION, 1).await;
        let ops = |path| vec![Op::Check { path, version: 0 }; 100_000];
        let multi = |ops| Command::Multi { ops, identities: Identities::NONE, enforce_quota: false };
        assert_eq!(node.zk_reply(multi(ops("/zookeeper"))).await, "2: Multi of 100000");
        let mut ops = ops("/zookeeper");
        ops.insert(0, create_as("/a", b"", CreateMode::Persistent));
        ops.push(Op::Delete { path: "/b", version: -1 });
        let failed = "3: MultiFailed { count: 100002, failed: 100001, error: NoNode }";
        assert_eq!(node.zk_reply(multi(ops)).await, failed);
        let node = start(&disk.crash(4)).await;
        node.zk(ATTACH_SESSION, 1).await;
        assert_eq!(node.answer(&get("/a")), "3: Error(NoNode)");
    });
}

#[test]
fn long_lists_come_in_pieces() {
    run(async {
        let node = try_start(None, Durability::Memory).await.unwrap();
        node.zk(CREATE_SESSION, 1).await;
        for name in ["/a", "/b", "/c"] {
            node.zk(create(name, b""), 3).await;
        }
        let begin = |path| node.replica.listing_begin(CLIENT, Identities::NONE, path);
        assert_eq!(begin("/none"), Err(zk::Error::NoNode));
        let listing = begin("/").unwrap();
        assert_eq!((listing.len, listing.zxid), (4, 4));
        node.zk(delete("/c"), 3).await;
        let mut names = Vec::new();
        let mut next = || node.replica.listing_next(listing.id, 2, &mut |name| names.push(name.to_owned()));
        assert_eq!((next(), next(), next(), next()), (Some(true), Some(true), Some(false), None));
        assert_eq!(names, ["zookeeper", "a", "b", "c"]);
        let listing = begin("/").unwrap();
        node.replica.listing_end(listing.id);
        assert_eq!(node.replica.listing_next(listing.id, 1, &mut |_| {}), None);
    });
}

#[test]
fn a_full_log_refuses_writes_answers_reads_and_remembers_who_expires() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        node.zk(CREATE_SESSION, 1).await;
        node.zk(op(create_as("/here", b"", CreateMode::Ephemeral)), 3).await;
        let other = Command::CreateSession { session: 88, password: PASSWORD, timeout_ms: 10_000 };
        node.replica.submit_zk(OTHER, &other);
        node.heard.next(1).await;
        disk.limit_capacity(Some(disk.used_bytes() + 4096));
        fill_log(&node, &[60_000, 100, 1]).await;
        // What is left is for what frees.
        node.replica.submit_zk(CLIENT, &create("/new", b""));
        assert_eq!(node.heard.next(1).await, ["refused 1"]);
        use_up_log(&node).await;

        let read = |path: &'static str| node.replica.query_zk(CLIENT, Identities::NONE, get(path));
        read("/here");
        node.replica.submit_zk(CLIENT, &create("/new", b""));
        read("/new");
        node.replica.submit_zk(OTHER, &Command::CloseSession);
        node.replica.submit_zk(ConnectionId::new(1, 3), &ATTACH_SESSION);
        node.replica.submit_zk(OTHER, &Command::ExpireSession { session: SESSION });
        read("/here");
        let here = r#"3: "", version 0"#;
        let expected = [here, "refused 1", "3: Error(NoNode)", "refused 2", "refused 3", here];
        assert_eq!(node.heard.next(6).await, expected);
        assert_eq!(node.answer(&get("/here")), here);

        make_room(&node, &disk).await;
        let said = node.heard.next(3).await;
        assert_eq!(said, ["Deleted /here", "ChildrenChanged /", "session 77 ended"]);
        assert_eq!(node.zk_reply(create("/new", b"")).await, "5: Error(SessionMoved)");
        let node = start(&disk.crash(6)).await;
        assert_eq!(node.replica.sessions().iter().map(|facts| facts.session).collect::<Vec<_>>(), [88]);
    });
}

#[test]
fn a_restart_begins_with_a_snapshot_of_znodes_and_sessions() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        node.zk(CREATE_SESSION, 1).await;
        node.zk(op(create_as("/here", b"", CreateMode::Ephemeral)), 3).await;
        let data = vec![b'x'; 60_000];
        for parent in 0..10 {
            node.zk(create(&format!("/{parent}"), b""), 3).await;
            for child in 0..20 {
                node.zk(create(&format!("/{parent}/{child}"), &data), 3).await;
            }
        }
        // Many times the log that makes a snapshot due.
        let mut zxid = node.replica.zk_facts().0;
        for round in 0..4_000 {
            let path = format!("/{}/{}", round % 10, round % 20);
            node.zk(set(&path, &data), 2).await;
            zxid += 1;
        }
        let facts = node.gauge.facts();
        assert!(facts.segment_oldest > 64, "no entry was given up: {facts:?}");
        assert!(disk.used_bytes() < 250 << 20, "{} bytes are used", disk.used_bytes());
        let before = node.replica.zk_facts();
        assert_eq!(before.0, zxid);

        let disk = disk.crash(1);
        let node = start(&disk).await;
        assert_eq!(node.replica.zk_facts(), before);
        assert_eq!(node.zk_reply(ATTACH_SESSION).await, format!("{zxid}: {OPENED}"));
        let text = String::from_utf8(data).unwrap();
        // The first two figures of a path that was set have the same last bit; the others are as they were made.
        assert_eq!(node.answer(&get("/7/17")), format!("{zxid}: {text:?}, version 200"));
        assert_eq!(node.answer(&get("/7/16")), format!("{zxid}: {text:?}, version 0"));
        assert_eq!(node.answer(&get("/here")), format!(r#"{zxid}: "", version 0"#));
        let said = node.zk(Command::CloseSession, 4).await;
        let closed = format!("{}: SessionClosed", zxid + 1);
        assert_eq!(said, ["Deleted /here", "ChildrenChanged /", &closed, "session 77 ended"]);
    });
}

#[test]
fn what_ends_by_itself_stays_ended_after_power_is_lost() {
    run(async {
        let mut disk = MemDisk::new();
        start(&disk).await.zk(CREATE_SESSION, 1).await;
        for round in 0..10_u64 {
            disk = disk.crash(round);
            let node = start(&disk).await;
            node.zk(ATTACH_SESSION, 1).await;
            let zxid = node.replica.zk_facts().0;
            node.zk(op(create_as("/short", b"", CreateMode::Ttl { ttl_ms: 1 })), 3).await;
            assert_eq!(node.heard.next(2).await, ["Deleted /short", "ChildrenChanged /"]);
            disk = disk.crash(round + 100);
            let node = start(&disk).await;
            assert_eq!(node.replica.zk_facts().0, zxid + 2, "somebody may have seen this transaction");
        }
    });
}
