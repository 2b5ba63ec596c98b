//! A node whose disk is full: what it refuses, what can be worked off, and what it remembers until there is room.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use trellis_core::ConnectionId;
use trellis_core::tube::{Command, Query};
use trellis_wal::Disk;
use trellis_wal::testing::{MemDisk, Operation};

use super::{CLIENT, Node, SEGMENT_BYTES, put, run, start};

#[test]
fn a_full_log_refuses_changes_and_answers_questions() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        assert_eq!(node.ask(put(b"held")).await, "Inserted { id: 1 }");
        assert_eq!(node.ask(Command::Reserve { timeout: None }).await, "Reserved 1");
        disk.limit_capacity(Some(disk.used_bytes()));
        // The server looks before each put, and refuses it; here they go on until the log has no room at all.
        let acknowledged = fill_log(&node, &[60_000, 100, 1]).await;
        use_up_log(&node).await;
        assert!(!node.replica.has_space());
        assert!(acknowledged >= 10, "{acknowledged}");

        // Who reserved last has gone, which is not logged yet.
        let held = format!("{} ready", acknowledged - 1);
        // One batch, with questions before, between and behind what is refused.
        let other = ConnectionId::new(1, 2);
        node.replica.submit(other, &Command::Open);
        node.replica.query(other, Query::ListTubesWatched);
        node.replica.submit(CLIENT, &Command::Reserve { timeout: None });
        node.replica.query(CLIENT, Query::Stats);
        node.replica.submit(other, &Command::Use { tube: "b" });
        node.replica.query(other, Query::ListTubeUsed);
        let default = r#"Using { tube: "default" }"#;
        let expected = [r#"Tubes(["default"])"#, "refused 1", &held, "refused 2", default];
        assert_eq!(node.heard.next(5).await, expected);

        // What became of connections is not forgotten: the job comes back from the one that has gone.
        node.replica.submit(CLIENT, &Command::HalfClose);
        node.replica.submit(CLIENT, &Command::Close);
        for number in 3..1_000 {
            node.replica.submit(ConnectionId::new(1, number), &Command::Open);
            node.replica.submit(ConnectionId::new(1, number), &Command::Close);
        }
        make_room(&node, &disk).await;
        node.replica.submit(other, &Command::ReserveJob { id: 1 });
        node.replica.query(other, Query::Stats);
        let stats = format!("{acknowledged} ready");
        assert_eq!(node.heard.next(2).await, ["Reserved 1", &stats]);

        let node = start(&disk.crash(9)).await;
        assert_eq!(node.query(Query::Stats).await, format!("{} ready", acknowledged + 1));
    });
}

/// Gives the disk room again, and waits until that is noticed.
pub(super) async fn make_room(node: &Node, disk: &MemDisk) {
    disk.limit_capacity(None);
    wait_for_room(node).await;
}

async fn wait_for_room(node: &Node) {
    let room = async {
        while !node.replica.has_space() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), room).await.expect("room is noticed");
}

/// Uses up what puts leave, with workers that come, reserve and go.
pub(super) async fn use_up_log(node: &Node) {
    for first in (10_000..).step_by(200) {
        let crowd = (first..first + 200).map(|number| ConnectionId::new(1, number));
        crowd.clone().for_each(|id| node.replica.submit(id, &Command::Open));
        node.replica.submit(ConnectionId::new(1, first), &Command::Reserve { timeout: None });
        let reply = node.heard.next(1).await.remove(0);
        crowd.for_each(|id| node.replica.submit(id, &Command::Close));
        if reply == format!("refused {first}") {
            return;
        }
        assert!(reply.starts_with("Reserved"), "{reply}");
    }
}

#[test]
fn what_is_there_can_be_worked_off_on_a_full_disk_however_many_workers_ask() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        let worker = ConnectionId::new(1, 2);
        node.replica.submit(worker, &Command::Open);
        node.replica.submit(worker, &Command::Watch { tube: "empty" });
        node.replica.submit(worker, &Command::Ignore { tube: "default" });
        node.heard.next(2).await;
        let mut jobs = fill_disk(&node, &disk).await;
        let written = node.gauge.facts().records_written;
        let poll = async |rounds| {
            for _ in 0..rounds {
                node.replica.submit(worker, &Command::Reserve { timeout: Some(0) });
                node.replica.submit(CLIENT, &Command::Delete { id: 1_000_000 });
                node.heard.next(2).await;
            }
        };
        poll(1_000).await;
        assert_eq!(
            node.gauge.facts().records_written,
            written,
            "there is room, but what finds nothing needs none"
        );
        assert_eq!(node.ask(Command::Bury { id: 1, priority: 0 }).await, "NotFound");

        // What changes something may use up the room, but not the last of it.
        jobs += fill_log(&node, &[60_000, 100, 1]).await;
        let written = node.gauge.facts().records_written;
        poll(10_000).await;
        assert_eq!(node.ask(Command::Use { tube: "other" }).await, "refused 1");
        node.replica.submit(worker, &Command::Reserve { timeout: None });
        assert_eq!(node.heard.next(1).await, ["refused 2"], "waiting is a change");
        assert_eq!(node.gauge.facts().records_written, written);

        // A new worker gets a job, can't give it back, and works it off, with all that is there.
        let new = ConnectionId::new(1, 3);
        node.replica.submit(new, &Command::Open);
        for command in [
            Command::Delete { id: 1_000_000 },
            Command::Reserve { timeout: None },
            Command::Release { id: 1, priority: 0, delay: 0 },
            Command::Delete { id: 1 },
        ] {
            node.replica.submit(new, &command);
        }
        assert_eq!(node.heard.next(4).await, ["NotFound", "Reserved 1", "refused 3", "Deleted"]);
        for id in 2..=jobs as u64 {
            assert_eq!(node.ask(Command::Delete { id }).await, "Deleted");
        }
        assert_eq!(node.query(Query::Stats).await, "0 ready");
        make_room(&node, &disk).await;
        assert!(node.ask(put(b"again")).await.starts_with("Inserted"));
    });
}

#[test]
fn a_delete_sent_by_a_client_that_leaves_is_done_on_a_full_disk() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        disk.limit_capacity(Some(disk.used_bytes()));
        fill_log(&node, &[60_000, 100, 1]).await;
        for number in 2..100 {
            for command in [Command::Open, Command::HalfClose, Command::Close] {
                node.replica.submit(ConnectionId::new(1, number), &command);
            }
        }
        let hasty = ConnectionId::new(1, 100);
        for command in [Command::Open, Command::Delete { id: 1 }, Command::HalfClose, Command::Close] {
            node.replica.submit(hasty, &command);
        }
        assert_eq!(node.heard.next(1).await, ["Deleted"]);
        // Others' jobs come back from a connection that ends.
        assert_eq!(node.ask(Command::Reserve { timeout: None }).await, "Reserved 2");
        node.replica.submit(CLIENT, &Command::Close);
        let other = ConnectionId::new(1, 101);
        node.replica.submit(other, &Command::Open);
        node.replica.submit(other, &Command::Reserve { timeout: Some(0) });
        assert_eq!(node.heard.next(1).await, ["Reserved 2"]);
    });
}

#[test]
fn a_snapshot_is_begun_only_where_there_is_room_for_it() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        let has_snapshot = || disk.list().unwrap().iter().any(|name| name.starts_with("snapshot"));
        // More than the log that makes a snapshot due, all of it alive, and no room for it again.
        let mut jobs = 0;
        while node.replica.has_space() {
            if jobs == 800 {
                // Not only for whole files of the log.
                disk.limit_capacity(Some(disk.used_bytes() + (40 << 20) + 50_000));
            }
            jobs += u64::from(node.ask(put(&[b'x'; 60_000])).await.starts_with("Inserted"));
            assert!(!has_snapshot(), "after {jobs} jobs");
        }
        assert!(jobs > 1_350, "the log had all of the disk: {jobs}");

        // Once enough is worked off, there is room for what is left, and with that for the log.
        for id in 1..=jobs {
            assert_eq!(node.ask(Command::Delete { id }).await, "Deleted");
        }
        wait_for_room(&node).await;
        assert!(has_snapshot());
        assert!(node.ask(put(b"new")).await.starts_with("Inserted"));
    });
}

#[test]
fn a_directory_that_is_gone_is_not_waited_for() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        disk.fail_with(Operation::Create, 0, std::io::ErrorKind::NotFound);
        // More than the log has files for.
        for _ in 0..40 {
            node.replica.submit(CLIENT, &put(&[b'x'; 60_000]));
        }
        let reason = node.replica.failed().await;
        assert!(reason.contains("creating") && !reason.contains("space"), "{reason}");
    });
}

/// Leaves the disk no room for another file, and about one file's room in the log. Gives the number of jobs put.
async fn fill_disk(node: &Node, disk: &MemDisk) -> usize {
    let room = || node.gauge.space_left.load(Relaxed);
    while room() < SEGMENT_BYTES {
        tokio::task::yield_now().await;
    }
    disk.limit_capacity(Some(disk.used_bytes()));
    let mut jobs = 0;
    while room() > SEGMENT_BYTES {
        assert!(node.ask(put(&[b'x'; 60_000])).await.starts_with("Inserted"));
        jobs += 1;
    }
    while node.replica.has_space() {
        tokio::task::yield_now().await;
    }
    jobs
}

/// Puts bodies of each size until the log takes no more of it; the number of jobs that it has taken.
pub(super) async fn fill_log(node: &Node, sizes: &[usize]) -> usize {
    let mut acknowledged = 0;
    for bytes in sizes {
        loop {
            let reply = node.ask(put(&vec![b'x'; *bytes])).await;
            if reply == "refused 1" {
                break;
            }
            assert!(reply.starts_with("Inserted"), "{reply}");
            acknowledged += 1;
        }
    }
    acknowledged
}

#[test]
fn what_is_due_while_the_log_is_full_happens_when_it_has_room() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        fill_disk(&node, &disk).await;
        // Due in a second, when the last bytes of the log have long been used up.
        let reserve = Command::Reserve { timeout: Some(1) };
        let empty = ConnectionId::new(1, 2);
        node.replica.submit(empty, &Command::Open);
        node.replica.submit(empty, &Command::Watch { tube: "empty" });
        node.replica.submit(empty, &Command::Ignore { tube: "default" });
        let watched = ["Watching { count: 2 }", "Watching { count: 1 }"];
        assert_eq!(node.heard.next(2).await, watched);
        node.replica.submit(empty, &reserve);
        use_up_log(&node).await;
        disk.limit_capacity(None);
        assert_eq!(node.heard.next(1).await, ["TimedOut"]);
        assert_eq!(node.ask(Command::Delete { id: 1 }).await, "Deleted");
    });
}

#[test]
fn a_stop_does_not_wait_for_a_full_disk() {
    run(async {
        let disk = MemDisk::new();
        let node = start(&disk).await;
        disk.limit_capacity(Some(disk.used_bytes()));
        let body = vec![b'x'; 60_000];
        while node.replica.has_space() {
            node.replica.submit(CLIENT, &put(&body));
            tokio::task::yield_now().await;
        }
        let started = std::time::Instant::now();
        node.replica.stop().await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    });
}
