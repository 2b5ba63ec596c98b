//! A disk that fails or is full, as clients of ZooKeeper's protocol see it: nobody is told of what is not safe, whoever
//! waits is hung up on when it fails, and told an error when it is full.

use std::io::ErrorKind;
use std::ops::Range;
use std::time::Instant;

use rustix::io::Errno;
use trellis_zk_codec::{AddWatchMode, CreateMode, ErrorCode, EventKind, Operation, Request};

use super::failure::assert_failed;
use super::{Disk, SETTINGS, held};
use crate::client::Client as TubeClient;
use crate::server::{BOTH, DEADLINE, Server, ZOOKEEPER, files_named};
use crate::zk::client::{Client, LONG_MS, Message, create, set};

/// Clients that have a request under way when the disk fails.
const CLIENTS: usize = 40;
/// Data of which a file of the log takes a few.
const LARGE_BYTES: usize = 900_000;
/// More jobs than can be deleted in the room that the smallest request of ZooKeeper's protocol leaves.
const SMALL_JOBS: u64 = 20;

fn old(number: usize) -> String {
    format!("/old-{number:02}")
}

fn new(number: usize) -> String {
    format!("/new-{number:02}")
}

/// Asks for something that is not acknowledged: a znode goes, comes, or both in one.
fn send_change(client: &mut Client, number: usize) {
    let (old, new) = (old(number), new(number));
    let Request::Create(other) = create(&new, b"") else { unreachable!("it is one") };
    let both = [Operation::Delete { path: &old, version: -1 }, Operation::Create(other)];
    client.send(&match number % 3 {
        0 => Request::Delete { path: &old, version: -1 },
        1 => create(&new, b""),
        _ => Request::Multi((&both).into()),
    });
}

/// The connection must have ended, without another word.
#[track_caller]
fn assert_hung_up_on(client: &mut Client) {
    let error = client.try_next().expect_err("nothing comes");
    let ended = matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset);
    assert!(ended, "the connection stays open: {error}");
}

/// What must be there, if what was asked for with this number has happened, or has not.
fn names_of(number: usize, happened: bool) -> Vec<String> {
    let (old, new) = (old(number), new(number));
    match (happened, number % 3) {
        (false, _) => vec![old],
        (true, 0) => Vec::new(),
        (true, 1) => vec![new, old],
        (true, _) => vec![new],
    }
}

/// A disk that works must have what was acknowledged, and the rest as a whole or not at all.
fn assert_kept(disk: &Disk, owner: &Client, may_have_happened: bool) {
    let server = Server::start_zookeeper_with(&disk.data(), SETTINGS);
    let session = &owner.session;
    let mut client = Client::resume_after(server.zookeeper(), session, owner.zxid).expect("it lives");
    assert_eq!(client.get("/last").expect("it is there"), b"safe");
    let names = client.children("/", false).expect("it is there");
    for number in 0..CLIENTS {
        let end = format!("-{number:02}");
        let found: Vec<String> =
            names.iter().filter(|name| name.ends_with(&end)).map(|name| format!("/{name}")).collect();
        let happened = found == names_of(number, true);
        let right = found == names_of(number, false) || (happened && may_have_happened);
        assert!(right, "{found:?} is left of what client {number} has asked for");
    }
    client.set("/mine", b"still").expect("the session has its ephemeral znode");
    server.kill();
}

/// Changes are under way on many connections when the operation begins to fail.
fn fails_under_load(operation: &str, action: &str, error: Errno) {
    let disk = Disk::new();
    let mut server = Server::spawn(disk.serve().args(ZOOKEEPER));
    server.finish_start_of_zookeeper();
    let mut owner = Client::open(server.zookeeper());
    for number in 0..CLIENTS {
        owner.create(&old(number), b"").expect("it is created");
    }
    owner.create("/last", b"").expect("it is created");
    owner.create_as("/mine", b"", CreateMode::Ephemeral).expect("it is created");
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::open(server.zookeeper())).collect();
    let mut watcher = Client::open(server.zookeeper());
    let everything = Request::AddWatch { path: "/", mode: AddWatchMode::PersistentRecursive };
    watcher.ask(&everything).expect("it is added");

    // While this sync is under way, which succeeds, the others' requests come: they share the next one, or a later one.
    disk.order("sync", "hold");
    owner.send(&set("/last", b"safe"));
    server.wait_for(&held("sync"));
    let safe = files_named(&disk.data(), "segment-");
    for (number, client) in clients.iter_mut().enumerate() {
        send_change(client, number);
    }
    disk.fail(operation, error);
    if operation != "sync" {
        disk.release("sync");
    }

    assert_eq!(owner.answer().header.error, None, "its sync succeeds");
    clients.iter_mut().for_each(assert_hung_up_on);
    match watcher.next() {
        Message::Event(told) => assert_eq!(told, (EventKind::NodeDataChanged, "/last".to_owned())),
        Message::Reply(answer) => panic!("{answer:?} answers nothing"),
    }
    assert_hung_up_on(&mut watcher);
    assert_hung_up_on(&mut owner);
    assert_failed(server, &disk, action, error);

    // The system may have kept what it could not sync, or it is lost, as after a loss of power.
    assert_kept(&disk, &owner, true);
    for (name, bytes) in safe {
        std::fs::write(disk.data().join(name), bytes).expect("the file can be written");
    }
    assert_kept(&disk, &owner, false);
}

#[test]
fn no_session_hears_of_anything_once_a_sync_has_failed() {
    fails_under_load("sync", "syncing", Errno::IO);
}

#[test]
fn no_session_hears_of_anything_once_a_write_has_failed() {
    fails_under_load("write", "writing", Errno::IO);
}

fn create_large(client: &mut Client, number: usize) -> Result<String, ErrorCode> {
    client.create(&format!("/large-{number}"), &vec![b'x'; LARGE_BYTES])
}

/// Creates large znodes until the disk has no room for another file of the log; the number of those that are there then.
fn fill_disk(client: &mut Client, mut count: usize) -> usize {
    loop {
        match create_large(client, count) {
            Ok(_) => count += 1,
            Err(error) => {
                assert_eq!(error, ErrorCode::SystemError);
                return count;
            }
        }
    }
}

/// Uses up what is left of the log for what makes room, to the last bytes. Some of the jobs are deleted for it.
fn fill_log(client: &mut Client, tubes: &mut TubeClient, jobs: Range<u64>) {
    for bytes in [100_000, 10_000, 1000, 100, 1] {
        let path = format!("/{}", "x".repeat(bytes));
        while client.delete(&path) == Err(ErrorCode::NoNode) {}
        assert_eq!(client.delete(&path), Err(ErrorCode::SystemError));
    }
    let refused =
        jobs.into_iter().map(|id| tubes.ask(format!("delete {id}"))).find(|answer| answer != "DELETED");
    assert_eq!(refused.as_deref(), Some("OUT_OF_MEMORY"));
    assert_eq!(tubes.ask("delete 999"), "NOT_FOUND", "what changes nothing needs no room");
}

#[test]
fn a_full_disk_refuses_what_takes_room_and_goes_on_when_it_has_some() {
    let disk = Disk::new();
    let mut server = Server::spawn(disk.serve().args(BOTH));
    server.finish_start();
    server.finish_start_of_zookeeper();
    let (mut client, mut tubes) = (Client::open(server.zookeeper()), server.connect());
    let mut watcher = Client::open(server.zookeeper());
    let id = tubes.put("0 0 100", "job");
    let small = id + 1..id + 1 + SMALL_JOBS;
    small.clone().for_each(|id| assert_eq!(tubes.put("0 0 100", "job"), id));

    (0..2).for_each(|number| drop(create_large(&mut client, number).expect("it is created")));
    disk.fail("make", Errno::NOSPC);
    let count = fill_disk(&mut client, 2);
    tubes.send("put 0 0 100 1\r\na\r\n");
    assert_eq!(tubes.line(), "OUT_OF_MEMORY");
    assert_eq!(client.set("/large-0", b"").map(drop), Err(ErrorCode::SystemError));
    let check = Operation::Check { path: "/", version: -1 };
    let multi = client.ask(&Request::Multi((&[check]).into()));
    assert_eq!(multi.map(drop), Err(ErrorCode::SystemError));
    assert_eq!(watcher.get_watching("/large-0", true).map(|data| data.len()), Ok(LARGE_BYTES));
    assert_eq!(watcher.get_watching("/large-1", true).map(|data| data.len()), Ok(LARGE_BYTES));
    client.delete("/large-0").expect("this makes room");
    assert_eq!(watcher.told(), [(EventKind::NodeDeleted, "/large-0".to_owned())]);

    fill_log(&mut client, &mut tubes, small);
    assert_eq!(client.delete("/large-1"), Err(ErrorCode::SystemError));
    assert_eq!(tubes.ask(format!("delete {id}")), "OUT_OF_MEMORY");
    let begun = Client::try_open_for(server.zookeeper(), LONG_MS).map(drop);
    assert_eq!(begun.map_err(|error| error.kind()), Err(ErrorKind::UnexpectedEof), "no session is begun");
    assert_eq!(client.get("/large-1").map(|data| data.len()), Ok(LARGE_BYTES));
    assert_eq!(watcher.told(), [], "nothing has happened");

    disk.release("make");
    let deadline = Instant::now() + DEADLINE;
    while let Err(error) = client.set("/large-1", b"changed") {
        assert_eq!(error, ErrorCode::SystemError);
        assert!(Instant::now() < deadline, "the room is not noticed");
    }
    assert_eq!(watcher.told(), [(EventKind::NodeDataChanged, "/large-1".to_owned())]);
    assert_eq!(tubes.ask(format!("delete {id}")), "DELETED");
    Client::open(server.zookeeper()).close();
    server.kill();

    let server = Server::start_zookeeper_with(&disk.data(), SETTINGS);
    let mut client =
        Client::resume_after(server.zookeeper(), &client.session, client.zxid).expect("it lives");
    assert_eq!(client.get("/large-1").expect("it is there"), b"changed");
    let mut expected: Vec<String> = (1..count).map(|number| format!("large-{number}")).collect();
    expected.push("zookeeper".to_owned());
    expected.sort_unstable();
    assert_eq!(client.children("/", false).expect("it is there"), expected);
}
