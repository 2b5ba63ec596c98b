//! A disk that fails under a running server: nobody is told of work that is not safe, everybody who waits is told that
//! something is wrong, and the process ends and says what. The next one has everything that was acknowledged.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Instant;

use rustix::io::Errno;
use rustix::process::Signal;

use super::{Disk, SETTINGS, held};
use crate::client::Client;
use crate::server::{DEADLINE, Server, files, files_named};

/// Clients that have a request under way when the disk fails.
const CLIENTS: u64 = 100;
/// The exit code for a failure to read or write.
const FAILED: i32 = 5;
/// Larger batches are synced by a thread of their own, so that the server goes on reading meanwhile.
const LARGE_BODY_BYTES: usize = 65_535;

/// What a client with a request under way got: true if it was told, false if it was only hung up on.
fn was_told(client: &mut Client) -> bool {
    match client.try_line() {
        Ok(line) => {
            assert_eq!(line, "INTERNAL_ERROR");
            assert_eq!(client.rest(), b"", "nothing follows");
            true
        }
        Err(error) => {
            let ended = matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset);
            assert!(ended, "the connection stays open: {error}");
            false
        }
    }
}

/// A client that waits for a job that does not come.
fn waiting(server: &Server) -> Client {
    let mut client = server.connect();
    assert_eq!(client.ask("watch nothing"), "WATCHING 2");
    assert_eq!(client.ask("ignore default"), "WATCHING 1");
    client.send("reserve\r\n");
    client
}

/// The process must end, and the last line that it says must be the reason.
pub(super) fn assert_failed(server: Server, disk: &Disk, action: &str, error: Errno) {
    let (status, messages) = server.end_within(DEADLINE);
    assert_eq!(status.code(), Some(FAILED), "{messages}");
    let last = messages.lines().last().unwrap_or_default();
    let segment = disk.data().join("segment-");
    let why = std::io::Error::from(error).to_string();
    for part in [&format!("{action} {}", segment.display()), &why] {
        assert_eq!(last.matches(part).count(), 1, "{part:?} is to be in the last line of:\n{messages}");
    }
}

/// A disk that works must have all these jobs.
fn assert_serves(data: &Path, jobs: impl IntoIterator<Item = u64>) {
    let server = Server::start_with(data, SETTINGS);
    let mut client = server.connect();
    for id in jobs {
        assert!(client.body(&format!("peek {id}")).is_some(), "job {id} is lost");
    }
    let id = client.put("0 0 100", "new");
    assert_eq!(client.ask(format!("delete {id}")), "DELETED");
    server.kill();
}

/// Puts and deletes are under way on many connections when the operation begins to fail.
fn fails_under_load(operation: &str, action: &str, error: Errno) {
    let disk = Disk::new();
    let mut server = disk.start(&[]);
    let mut producer = server.connect();
    let jobs: Vec<u64> = (0..CLIENTS).map(|_| producer.put("0 0 100", "old")).collect();
    let (mut idle, mut worker) = (server.connect(), waiting(&server));
    let mut clients: Vec<Client> = jobs.iter().map(|_| server.connect()).collect();
    clients.iter_mut().for_each(Client::round_trip);

    // While this sync is under way, which succeeds, the others' requests come: they share the next one, or a later one.
    disk.order("sync", "hold");
    producer.send("put 0 0 100 4\r\nlast\r\n");
    server.wait_for(&held("sync"));
    let safe = files_named(&disk.data(), "segment-");
    for (client, id) in clients.iter_mut().zip(&jobs) {
        client.send(if id % 2 == 0 {
            format!("delete {id}\r\n")
        } else {
            "put 0 0 100 1\r\na\r\n".to_owned()
        });
    }
    disk.fail(operation, error);
    if operation != "sync" {
        disk.release("sync");
    }

    assert_eq!(producer.line(), format!("INSERTED {}", CLIENTS + 1));
    let told = clients.iter_mut().map(was_told).filter(|told| *told).count();
    assert!(told > 0, "nobody was told");
    assert!(was_told(&mut worker), "who waits for a job is told as well");
    assert_eq!(idle.rest(), b"", "who waits for nothing is told nothing");
    assert_failed(server, &disk, action, error);

    // The system may have kept what it could not sync, or it is lost, as after a loss of power.
    let not_deleted = jobs.iter().copied().filter(|id| id % 2 != 0);
    assert_serves(&disk.data(), not_deleted.chain([CLIENTS + 1]));
    for (name, bytes) in safe {
        std::fs::write(disk.data().join(name), bytes).expect("the file can be written");
    }
    assert_serves(&disk.data(), jobs.into_iter().chain([CLIENTS + 1]));
}

#[test]
fn nothing_is_acknowledged_once_a_sync_has_failed() {
    fails_under_load("sync", "syncing", Errno::IO);
}

#[test]
fn nothing_is_acknowledged_once_a_write_has_failed() {
    for error in [Errno::NOSPC, Errno::IO] {
        fails_under_load("write", "writing", error);
    }
}

#[test]
fn everybody_who_waits_for_the_disk_is_told_that_it_has_failed() {
    let disk = Disk::new();
    let mut server = disk.start(&[]);
    let mut worker = waiting(&server);
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(Client::round_trip);
    let mut first = server.connect();
    disk.order("sync", &format!("hold fail {}", Errno::IO.raw_os_error()));
    first.send(format!("put 0 0 100 {LARGE_BODY_BYTES}\r\n{}\r\n", "x".repeat(LARGE_BODY_BYTES)));
    server.wait_for(&held("sync"));
    clients.iter_mut().for_each(|client| client.send("put 0 0 100 1\r\na\r\n"));
    // The server still reads what comes, so by now it has read what came before.
    assert_eq!(server.connect().ask("no-such-command"), "UNKNOWN_COMMAND");
    disk.release("sync");
    for client in clients.iter_mut().chain([&mut first, &mut worker]) {
        assert!(was_told(client));
    }
    assert_failed(server, &disk, "syncing", Errno::IO);
    assert_serves(&disk.data(), []);
}

#[test]
fn a_sync_that_nobody_waits_for_is_not_let_fail() {
    let disk = Disk::new();
    let mut server = disk.start(&["--durability", "interval", "--fsync-interval-ms", "10"]);
    let mut worker = waiting(&server);
    let mut producer = server.connect();
    disk.order("sync", "hold");
    let first = producer.put("0 0 100", "a");
    server.wait_for(&held("sync"));
    // While this sync is under way, which succeeds, another job makes the next one necessary.
    let second = producer.put("0 0 100", "b");
    disk.fail("sync", Errno::IO);
    assert!(was_told(&mut worker), "who waits for a job is told");
    assert_eq!(producer.rest(), b"", "who waits for nothing is told nothing");
    assert_failed(server, &disk, "syncing", Errno::IO);
    // They were promised to survive the process, if not the machine.
    assert_serves(&disk.data(), [first, second]);
}

#[test]
fn a_last_sync_that_fails_is_no_clean_end() {
    let disk = Disk::new();
    let server = disk.start(&["--durability", "interval", "--fsync-interval-ms", "never"]);
    server.connect().put("0 0 100", "a");
    disk.fail("sync", Errno::IO);
    server.signal(Signal::TERM);
    assert_failed(server, &disk, "syncing", Errno::IO);
}

#[test]
fn a_disk_that_hangs_does_not_keep_it_from_ending() {
    let disk = Disk::new();
    let mut server = disk.start(&[]);
    let mut client = server.connect();
    let safe = client.put("0 0 100", "a");
    disk.order("sync", "hold");
    client.send(format!("put 0 0 100 {LARGE_BODY_BYTES}\r\n{}\r\n", "x".repeat(LARGE_BODY_BYTES)));
    server.wait_for(&held("sync"));
    server.signal(Signal::TERM);
    let (status, messages) = server.end_within(DEADLINE);
    assert_eq!(status.code(), Some(0), "nothing that was acknowledged is at risk: {messages}");
    assert!(messages.contains("without waiting for the disk"), "{messages}");
    assert_eq!(client.rest(), b"", "what is not safe is not acknowledged");
    assert_serves(&disk.data(), [safe]);
}

/// A disk with one job on it, which the server has left in a crash.
fn disk_with_a_job() -> (Disk, u64) {
    let disk = Disk::new();
    let server = disk.start(&[]);
    let id = server.connect().put("0 0 100", "a");
    // A start removes a file that was only half made, and these are to change nothing.
    let deadline = Instant::now() + DEADLINE;
    while files_named(&disk.data(), "segment-").len() < 2 {
        assert!(Instant::now() < deadline, "the log's next file is not made");
        std::thread::yield_now();
    }
    server.kill();
    (disk, id)
}

#[test]
fn a_start_whose_disk_fails_changes_nothing() {
    let (disk, id) = disk_with_a_job();
    let before = files(&disk.data());
    for (operation, action) in [("read", "reading"), ("write", "writing again"), ("sync", "syncing")] {
        disk.fail(operation, Errno::IO);
        let server = disk.begin(&[]);
        assert_failed(server, &disk, action, Errno::IO);
        assert!(files(&disk.data()) == before, "something was changed");
        disk.release(operation);
    }
    assert_serves(&disk.data(), [id]);
}

#[test]
fn a_log_that_cannot_be_read_to_its_end_is_not_cut() {
    let (disk, id) = disk_with_a_job();
    let before = files(&disk.data());
    // One thread checks it, and then the first reads it once more. A single read of either fails, the second.
    for order in ["hold", "hold main"] {
        disk.order("read", order);
        let mut server = disk.begin(&[]);
        server.wait_for(&held("read"));
        disk.order("read", &format!("{order} fail {}", Errno::IO.raw_os_error()));
        server.wait_for(&held("read"));
        disk.release("read");
        assert_failed(server, &disk, "reading", Errno::IO);
        assert!(files(&disk.data()) == before, "something was changed");
    }
    assert_serves(&disk.data(), [id]);
}
