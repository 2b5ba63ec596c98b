//! What the figures count.

use trellis_zk_codec::Request;

use super::super::client::Client;
use super::super::wire::Wire;
use super::{ask, server};
use crate::server::Server;

/// The value behind a name, at the beginning of a line or after a comma or a parenthesis.
#[track_caller]
fn value<'a>(answer: &'a str, name: &str) -> &'a str {
    let found = answer.split(['\n', ',', '(']).find_map(|part| part.strip_prefix(name));
    found.unwrap_or_else(|| panic!("there is no {name:?} in\n{answer}")).trim_end_matches(')')
}

#[track_caller]
fn number(answer: &str, name: &str) -> u64 {
    let value = value(answer, name);
    value.parse().unwrap_or_else(|_| panic!("{name}{value} is no number"))
}

#[test]
fn requests_replies_and_events_are_counted() {
    let server = server();
    let mut client = Client::open(server.zookeeper());
    let mut other = Client::open(server.zookeeper());
    client.create("/a", b"").expect("it is created");
    for round in 0..10_u64 {
        client.get_watching("/a", true).expect("it is there");
        other.set("/a", b"").expect("it is there");
        client.told();
        let answer = ask(server.zookeeper(), "srvr");
        // Two beginnings, one creation; a question, a change and a ping a round; and the words.
        let requests = 3 + 3 * (round + 1);
        assert_eq!(number(&answer, "Received: "), requests + round + 1);
        assert_eq!(number(&answer, "Sent: "), requests + (round + 1) + round, "with an event a round");
        assert_eq!(number(&answer, "Outstanding: "), 0);
    }
    assert_eq!(ask(server.zookeeper(), "srst"), "Server stats reset.\n");
    let answer = ask(server.zookeeper(), "srvr");
    assert_eq!((number(&answer, "Received: "), number(&answer, "Sent: ")), (1, 1));
    assert_eq!(value(&answer, "Latency min/avg/max: "), "0/0.0/0");
    client.ping();
}

#[test]
fn a_connections_figures_are_its_own_and_can_be_reset() {
    let server = server();
    let mut client = Client::open(server.zookeeper());
    let line = |client: &Client| {
        let session = format!("sid={:#x},", client.session.id);
        let answer = ask(server.zookeeper(), "cons");
        answer.lines().find(|line| line.contains(&session)).expect("it is told").to_owned()
    };
    assert_eq!(value(&line(&client), "lop="), "SESS");
    client.create("/a", b"").expect("it is created");
    client.get("/a").expect("it is there");
    client.ping();
    let told = line(&client);
    assert_eq!((number(&told, "queued="), number(&told, "recved="), number(&told, "sent=")), (0, 4, 4));
    assert_eq!(
        (value(&told, "lop="), value(&told, "lcxid="), value(&told, "lzxid=")),
        ("PING", "0x2", "0x2")
    );
    assert_eq!(number(&told, "to="), 40_000);
    assert!(number(&told, "minlat=") <= number(&told, "avglat="));
    assert!(number(&told, "avglat=") <= number(&told, "maxlat="));

    assert_eq!(ask(server.zookeeper(), "crst"), "Connection stats reset.\n");
    let told = line(&client);
    assert_eq!((number(&told, "recved="), number(&told, "sent="), number(&told, "maxlat=")), (0, 0, 0));
    assert_eq!((value(&told, "lop="), value(&told, "lzxid=")), ("NA", "0xffffffffffffffff"));
    assert!(!told.contains("lcxid="), "{told}");
    client.get("/a").expect("it is there");
    assert_eq!(value(&line(&client), "lop="), "GETD");
}

#[test]
fn what_a_client_leaves_behind_is_not_outstanding() {
    let server = server();
    for _ in 0..20 {
        let mut client = Client::open(server.zookeeper());
        let mut requests = Vec::new();
        for _ in 0..100 {
            client.encode(&Request::Sync { path: "/" }, &mut requests);
            client.encode(&Request::SetData { path: "/", data: None, version: -1 }, &mut requests);
        }
        client.wire.send(&requests);
    }
    let mut others = Client::open(server.zookeeper());
    let deadline = std::time::Instant::now() + crate::server::DEADLINE;
    loop {
        others.ping();
        let answer = ask(server.zookeeper(), "srvr");
        if number(&answer, "Connections: ") == 2 {
            break assert_eq!(number(&answer, "Outstanding: "), 0);
        }
        assert!(std::time::Instant::now() < deadline, "the others have not gone:\n{answer}");
    }
}

#[test]
fn refused_connections_and_clients_are_counted() {
    let server = Server::zookeeper_in_memory(&[
        "--zookeeper-words",
        "mntr",
        "--zookeeper-max-connections-per-address",
        "3",
    ]);
    let address = server.zookeeper();
    let clients = [(); 3].map(|()| Client::open(address));
    for _ in 0..4 {
        Wire::connect(address).assert_ended();
    }
    let [mut first, second, third] = clients;
    drop((second, third));
    first.wire.send(super::super::client::encode(
        &Request::Auth { kind: 0, scheme: "magic", credentials: None },
        trellis_zk_codec::xid::AUTH,
    ));
    first.answer();
    first.wire.assert_ended();
    drop(first);
    // The end of a connection is noticed soon, but who knows when.
    let deadline = std::time::Instant::now() + crate::server::DEADLINE;
    let answer = loop {
        let answer = ask(address, "mntr");
        if !answer.is_empty() {
            break answer;
        }
        assert!(std::time::Instant::now() < deadline, "there is still no room");
    };
    assert!(number(&answer, "zk_connection_rejected\t") >= 4, "{answer}");
    assert_eq!(number(&answer, "zk_auth_failed_count\t"), 1);
    assert_eq!(number(&answer, "zk_connection_request_count\t"), 3);
    assert_eq!(number(&answer, "zk_global_sessions\t"), 3);
}
