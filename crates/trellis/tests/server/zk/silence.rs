//! Clients that say nothing, or nothing whole: a connection without a session is closed after a while, and a part of a
//! request keeps no session alive.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use trellis_zk_codec::{AddWatchMode, Request};

use super::client::{CONNECT, Client, LONG_MS, encode_connect};
use super::others_go_on;
use super::wire::Wire;
use crate::server::Server;

/// How long a connection may be without a session.
const SESSIONLESS: Duration = Duration::from_secs(10);
/// The shortest time-out of a session.
const SHORT_MS: i32 = 4000;
const SHORT: Duration = Duration::from_millis(4000);
/// Whatever comes to an end may do so by this much too early or too late on a busy machine.
const EARLY_MAX: Duration = Duration::from_secs(1);
const LATE_MAX: Duration = Duration::from_millis(1500);

const CONNECTIONS_OF_AN_ADDRESS: usize = 60;
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 3, 0, 2);

/// Between two bytes of somebody who says little at a time.
const PAUSE: Duration = Duration::from_millis(300);

#[test]
fn who_begins_no_session_is_closed_and_locks_nobody_out() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut other = Client::open_on(Wire::connect_from(OTHER_ADDRESS, server.zookeeper()), LONG_MS);
    let connect = encode_connect(&CONNECT);
    let beginnings = [&b""[..], b"ru", b"\0\0", &connect[..4], &connect[..20], &connect[..connect.len() - 1]];
    let begun = Instant::now();
    let mut slow = Wire::connect(server.zookeeper());
    let mut silent: Vec<Wire> = beginnings
        .iter()
        .cycle()
        .take(CONNECTIONS_OF_AN_ADDRESS - 1)
        .map(|beginning| {
            let mut wire = Wire::connect(server.zookeeper());
            wire.send(beginning);
            wire
        })
        .collect();
    let connected = begun.elapsed();
    others_go_on(&mut other);
    Wire::connect(server.zookeeper()).assert_ended();

    let mut bytes = connect.iter();
    while begun.elapsed() < SESSIONLESS - EARLY_MAX {
        slow.send([*bytes.next().expect("it takes its time")]);
        other.await_news(PAUSE);
    }
    assert!(silent.iter_mut().all(Wire::has_nothing), "one is closed already");
    slow.assert_ended();
    silent.iter_mut().for_each(Wire::assert_ended);
    let closed = begun.elapsed();
    assert!(closed < SESSIONLESS + connected + LATE_MAX, "one is closed only after {closed:?}");
    others_go_on(&mut Client::open(server.zookeeper()));
    others_go_on(&mut other);
}

#[test]
fn who_does_not_take_the_answer_to_a_word_is_closed() {
    let server = Server::zookeeper_in_memory(&["--zookeeper-words", "wchp"]);
    let mut other = Client::open(server.zookeeper());
    // More than the system keeps for a slow reader.
    let paths: Vec<String> = (0..16).map(|number| format!("/{number}{}", "x".repeat(1_000_000))).collect();
    for path in &paths {
        other.ask(&Request::AddWatch { path, mode: AddWatchMode::Persistent }).expect("it is added");
    }
    let total: usize = paths.iter().map(String::len).sum();
    let mut wire = Wire::connect_narrow(server.zookeeper());
    wire.send("wchp");
    others_go_on(&mut other);
    other.await_news(SESSIONLESS + LATE_MAX);
    let told = wire.rest().len();
    assert!(told < total / 2, "{told} bytes of {total} were told");
    others_go_on(&mut other);
}

#[test]
fn a_part_of_a_request_keeps_no_session_alive() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut other = Client::open_for(server.zookeeper(), SHORT_MS);
    let mut client = Client::open_for(server.zookeeper(), SHORT_MS);
    let begun = Instant::now();
    client.wire.send(1000_i32.to_be_bytes());
    while begun.elapsed() < SHORT - EARLY_MAX {
        client.wire.send([0]);
        client.await_news(PAUSE);
        other.ping();
    }
    assert!(client.wire.has_nothing(), "it has expired already");
    client.wire.send([0]);
    while client.wire.has_nothing() && begun.elapsed() < SHORT + LATE_MAX {
        client.await_news(PAUSE);
        other.ping();
    }
    client.wire.assert_ended();
    let ended = begun.elapsed();
    assert!(ended < SHORT + LATE_MAX, "it expired only after {ended:?}");
    assert!(Client::resume(server.zookeeper(), &client.session).is_none());
    others_go_on(&mut other);
}
