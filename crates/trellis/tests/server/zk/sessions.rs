//! Sessions: their time-outs, how a client goes on with one after it was away, and what becomes of those whose clients
//! don't.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use trellis_zk_codec::{AddWatchMode, ConnectRequest, CreateMode, ErrorCode, EventKind, Request, Stat, xid};

use super::client::{Answer, CONNECT, Client, LONG_MS, Message, Session, encode, encode_connect, set};
use super::wire::Wire;
use crate::server::{DEADLINE, Server};

/// Two ticks and twenty ticks of two seconds.
const TIMEOUT_MS_MIN: i32 = 4000;
const TIMEOUT_MS_MAX: i32 = 40_000;
const SHORT: Duration = Duration::from_millis(4000);
/// An expiry may be late by this much on a busy machine.
const LATE_MAX: Duration = Duration::from_millis(1500);

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for the data")
}

/// A session that lives for the shortest time, with one ephemeral znode.
fn short(server: &Server, ephemeral: &str) -> Client {
    let mut client = Client::open_for(server.zookeeper(), 1);
    client.create_as(ephemeral, b"", CreateMode::Ephemeral).expect("it is created");
    client
}

/// Whose session it is with which an ephemeral znode goes.
fn owner(client: &mut Client, path: &str) -> Option<i64> {
    match client.exists(path, false) {
        Ok(Stat { ephemeral_owner, .. }) => Some(ephemeral_owner),
        Err(error) => {
            assert_eq!(error, ErrorCode::NoNode);
            None
        }
    }
}

#[test]
fn timeouts_are_between_two_and_twenty_ticks() {
    let server = Server::zookeeper_in_memory(&[]);
    for (wanted, granted) in [
        (i32::MIN, TIMEOUT_MS_MIN),
        (-1, TIMEOUT_MS_MIN),
        (0, TIMEOUT_MS_MIN),
        (3999, TIMEOUT_MS_MIN),
        (4000, 4000),
        (4001, 4001),
        (39_999, 39_999),
        (40_001, TIMEOUT_MS_MAX),
        (i32::MAX, TIMEOUT_MS_MAX),
    ] {
        let client = Client::open_for(server.zookeeper(), wanted);
        assert_eq!(client.session.timeout_ms, granted, "{wanted} ms were wanted");
        // It is negotiated anew each time.
        let other = Session { timeout_ms: 7000, ..client.session };
        let client = Client::resume(server.zookeeper(), &other).expect("the session lives");
        assert_eq!(client.session, other);
    }
}

#[test]
fn a_session_goes_on_with_its_id_and_password() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create_as("/mine", b"", CreateMode::Ephemeral).expect("it is created");
    let session = client.session;
    drop(client);
    for round in 0..3 {
        let mut client = Client::resume(server.zookeeper(), &session).expect("the session lives");
        assert_eq!(client.session, session);
        assert_eq!(owner(&mut client, "/mine"), Some(session.id));
        let path = format!("/also-mine-{round}");
        client.create_as(&path, b"", CreateMode::Ephemeral).expect("it is created");
        assert_eq!(owner(&mut client, &path), Some(session.id));
    }
    let other = Client::open(server.zookeeper()).session;
    assert_ne!((other.id, other.password), (session.id, session.password));
}

#[test]
fn a_wrong_password_costs_the_connection_and_not_the_session() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create_as("/mine", b"", CreateMode::Ephemeral).expect("it is created");
    let session = client.session;
    let mut wrong = session.password;
    wrong[15] ^= 1;
    let long = vec![b'x'; 1_000_000];
    for password in [&wrong[..], &[], &session.password[..15], &[session.password, [0; 16]].concat(), &long] {
        let mut wire = Wire::connect(server.zookeeper());
        wire.send(encode_connect(&ConnectRequest { password, ..session.connect() }));
        assert!(Client::welcomed(wire).is_none(), "{password:?} is not the password");
        // As in ZooKeeper, the connection that the session had is closed before the password is looked at.
        client.wire.assert_ended();
        client = Client::resume(server.zookeeper(), &session).expect("the session lives");
        assert_eq!(owner(&mut client, "/mine"), Some(session.id));
    }
}

#[test]
fn a_session_that_is_not_known_is_over() {
    let server = Server::zookeeper_in_memory(&[]);
    for id in [1, -1, i64::MAX, i64::MIN] {
        let session = Session { id, password: [7; 16], timeout_ms: LONG_MS };
        assert!(Client::resume(server.zookeeper(), &session).is_none());
    }
}

#[test]
fn a_session_that_has_moved_leaves_its_old_connection_without_a_say() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut old = Client::open(server.zookeeper());
    old.create("/a", b"old").expect("it is created");
    let mut new = Client::resume(server.zookeeper(), &old.session).expect("the session lives");
    new.set("/a", b"new").expect("it is set");
    // It may find the connection closed already.
    let _ = old.try_send(&set("/a", b"old"));
    let _ = old.try_send(&Request::CloseSession);
    while let Ok(message) = old.try_next() {
        let moved = Some(ErrorCode::SessionMoved);
        assert!(
            matches!(&message, Message::Reply(Answer { header, .. }) if header.error == moved),
            "{message:?}"
        );
    }
    assert_eq!(new.get("/a").expect("it is there"), b"new");
    new.ping();
}

#[test]
fn writes_of_a_session_that_moves_to_and_fro_are_done_once_and_in_order() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/list", b"").expect("it is created");
    let mut number = 0;
    for _ in 0..200 {
        // What the old connection has sent and not read yet is done before the new one goes on, or never.
        let mut requests = Vec::new();
        for _ in 0..rng.usize(0..40) {
            number += 1;
            client.encode(&super::client::create(&format!("/list/{number:06}"), b""), &mut requests);
        }
        client.wire.send(&requests);
        let mut new = Client::resume(server.zookeeper(), &client.session).expect("the session lives");
        let before = new.children("/list", false).expect("it is there");
        new.create(&format!("/list/{:06}", number + 1), b"").expect("it is new");
        number += 1;
        let after = new.children("/list", false).expect("it is there");
        assert_eq!(after.split_last().expect("it has children").1, before, "an old connection goes on");
        client = new;
    }
}

#[test]
fn a_client_that_has_seen_the_future_is_hung_up_on() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/a", b"").expect("it is created");
    for last_zxid_seen in [client.zxid + 1, i64::MAX] {
        for session in [CONNECT, client.session.connect()] {
            let mut wire = Wire::connect(server.zookeeper());
            wire.send(encode_connect(&ConnectRequest { last_zxid_seen, ..session }));
            wire.assert_ended();
        }
    }
    client.ping();
    let last_zxid_seen = client.zxid;
    let mut wire = Wire::connect(server.zookeeper());
    wire.send(encode_connect(&ConnectRequest { last_zxid_seen, ..client.session.connect() }));
    assert!(Client::welcomed(wire).is_some(), "the present is not the future");
}

#[test]
fn old_clients_that_do_not_know_of_read_only_servers_get_no_word_of_it() {
    const BYTES: usize = 36;
    let server = Server::zookeeper_in_memory(&[]);
    for (read_only, bytes) in [(None, BYTES), (Some(false), BYTES + 1), (Some(true), BYTES + 1)] {
        let mut wire = Wire::connect(server.zookeeper());
        wire.send(encode_connect(&ConnectRequest { read_only, ..CONNECT }));
        assert_eq!(wire.frame().len(), bytes, "{read_only:?}");
        wire.send(encode(&Request::Ping, xid::PING));
        assert_eq!(wire.frame()[..4], xid::PING.to_be_bytes());

        let unknown = ConnectRequest { session: 99, read_only, ..CONNECT };
        let mut wire = Wire::connect(server.zookeeper());
        wire.send(encode_connect(&unknown));
        // Zeros, but for the length of the password.
        let mut over = vec![0; bytes];
        over[19] = 16;
        assert_eq!(wire.frame(), over);
    }
}

#[test]
fn a_closed_session_is_over_at_once() {
    let server = Server::zookeeper_in_memory(&[]);
    let (mut other, mut client) = (Client::open(server.zookeeper()), Client::open(server.zookeeper()));
    for path in ["/1", "/2"] {
        client.create_as(path, b"", CreateMode::Ephemeral).expect("it is created");
        other.exists(path, true).expect("it is there");
    }
    let session = client.session;
    // What stands behind it is not done any more.
    let mut requests = Vec::new();
    let xid = client.encode(&Request::CloseSession, &mut requests);
    client.encode(&super::client::create("/behind", b""), &mut requests);
    client.encode(&Request::GetData { path: "/1", watch: false }, &mut requests);
    client.encode(&Request::CloseSession, &mut requests);
    client.wire.send(&requests);
    let answer = client.answer();
    assert_eq!((answer.header.xid, answer.header.error, &answer.body[..]), (xid, None, &b""[..]));
    // Clients try again elsewhere when a session has moved, and give up when it has expired.
    for _ in 0..3 {
        assert_eq!(client.answer().header.error, Some(ErrorCode::SessionExpired));
    }
    client.wire.assert_ended();
    let deleted = ["/1", "/2"].map(|path| (EventKind::NodeDeleted, path.to_owned()));
    assert_eq!(other.told(), deleted);
    assert_eq!(other.exists("/behind", false), Err(ErrorCode::NoNode));
    assert!(Client::resume(server.zookeeper(), &session).is_none());
}

#[test]
fn sessions_expire_whose_clients_are_silent_and_no_others() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut watcher = Client::open(server.zookeeper());
    let begun = Instant::now();
    let mut pinging = short(&server, "/pinging");
    let mut asking = short(&server, "/asking");
    // It has said half a word, and does not take what it is told.
    let tick = format!("/{}", "tick".repeat(2500));
    let mut stammering = Client::open_on(Wire::connect_narrow(server.zookeeper()), 1);
    stammering.create_as("/stammering", b"", CreateMode::Ephemeral).expect("it is created");
    stammering.ask(&Request::AddWatch { path: &tick, mode: AddWatchMode::Persistent }).expect("it is added");
    stammering.wire.send([0, 0, 0]);
    let gone = short(&server, "/gone").session;
    let mut silent = short(&server, "/silent");
    silent.create_as("/silent-2", b"", CreateMode::Ephemeral).expect("it is created");
    let last_word = Instant::now();
    watcher.create(&tick, b"").expect("it is created");
    for _ in 0..1000 {
        watcher.set(&tick, b"").expect("it is set");
    }
    for path in ["/pinging", "/asking", "/stammering", "/gone", "/silent", "/silent-2"] {
        watcher.exists(path, true).expect("it is there");
    }
    watcher.children("/", true).expect("it is there");

    let mut told = Vec::new();
    let mut expired_after = None;
    while told.len() < 5 {
        assert!(last_word.elapsed() < DEADLINE, "only {told:?} have been told");
        watcher.await_news(Duration::from_millis(20));
        pinging.ping();
        assert!(owner(&mut asking, "/asking").is_some());
        watcher.set(&tick, b"").expect("it is set");
        told.append(&mut watcher.told());
        if !told.is_empty() {
            expired_after.get_or_insert_with(|| begun.elapsed());
        }
    }
    let first = expired_after.expect("some have expired");
    assert!(first >= SHORT, "one expired already after {first:?}");
    let last = last_word.elapsed();
    assert!(last < SHORT + LATE_MAX, "one expired only after {last:?}");

    // The list of children is told of once, behind the first deletion.
    assert_eq!(told.remove(1), (EventKind::NodeChildrenChanged, "/".to_owned()));
    let silents = told.iter().position(|(_, path)| path == "/silent").expect("it is told");
    assert_eq!(told[silents + 1].1, "/silent-2", "in the order in which they were created");
    told.sort_by(|one, other| one.1.cmp(&other.1));
    let deleted = ["/gone", "/silent", "/silent-2", "/stammering"];
    assert_eq!(told, deleted.map(|path| (EventKind::NodeDeleted, path.to_owned())));
    for session in [gone, silent.session, stammering.session] {
        assert!(Client::resume(server.zookeeper(), &session).is_none(), "it is over");
    }
    silent.wire.assert_ended();
    stammering.wire.rest();
    assert_eq!(owner(&mut watcher, "/pinging"), Some(pinging.session.id));
    assert_eq!(owner(&mut watcher, "/asking"), Some(asking.session.id));
}

#[test]
fn sessions_live_on_after_a_restart_if_their_clients_come_back_in_time() {
    let directory = directory();
    let server = Server::start_zookeeper(directory.path());
    let (mut back, away) = (short(&server, "/back"), short(&server, "/away"));
    let mut later = Client::open(server.zookeeper());
    later.create_as("/later", b"", CreateMode::Ephemeral).expect("it is created");
    let closed = short(&server, "/closed");
    closed.close();
    server.signal(Signal::TERM);
    let (status, messages) = server.end_within(DEADLINE);
    assert!(status.success(), "{messages}");
    for client in [&mut back, &mut later] {
        client.wire.assert_ended();
    }

    let server = Server::start_zookeeper(directory.path());
    let mut back = Client::resume(server.zookeeper(), &back.session).expect("the session lives");
    back.set("/back", b"changed").expect("it is there");
    server.kill();

    let server = Server::start_zookeeper(directory.path());
    let restarted = Instant::now();
    let mut back = Client::resume(server.zookeeper(), &back.session).expect("the session lives");
    assert_eq!(back.get("/back").expect("it is there"), b"changed");
    assert_eq!(owner(&mut back, "/back"), Some(back.session.id));
    assert_eq!(owner(&mut back, "/closed"), None);
    assert_eq!(back.exists("/away", true).expect("its session lives, too").ephemeral_owner, away.session.id);
    let told = loop {
        assert!(restarted.elapsed() < DEADLINE, "a session does not expire");
        back.await_news(Duration::from_millis(20));
        let told = back.told();
        if !told.is_empty() {
            break told;
        }
    };
    let after = restarted.elapsed();
    assert_eq!(told, [(EventKind::NodeDeleted, "/away".to_owned())]);
    // The start itself has taken some of the time that is granted to everybody.
    assert!(after > SHORT - LATE_MAX && after < SHORT + LATE_MAX, "it expired after {after:?}");
    assert!(Client::resume(server.zookeeper(), &away.session).is_none());
    let mut later = Client::resume(server.zookeeper(), &later.session).expect("it lives longer");
    assert_eq!(owner(&mut later, "/later"), Some(later.session.id));
    assert_eq!(owner(&mut later, "/back"), Some(back.session.id));
}
