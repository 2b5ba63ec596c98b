//! How many connections there may be, what a client may say of itself, and how much it may watch.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Instant;

use rustix::process::Signal;
use trellis_zk_codec::{AddWatchMode, ErrorCode, List, Op, Reply, Request};

use super::client::{CONNECT, Client, LONG_MS, encode_connect};
use super::others_go_on;
use super::wire::Wire;
use crate::server::{DEADLINE, Server};

const CONNECTIONS_OF_AN_ADDRESS: usize = 60;
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 3, 0, 1);

#[test]
fn an_address_may_have_only_so_many_connections() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut clients: Vec<Client> =
        (1..CONNECTIONS_OF_AN_ADDRESS).map(|_| Client::open(server.zookeeper())).collect();
    // One that says nothing counts as well.
    let silent = Wire::connect(server.zookeeper());
    let mut other = Client::open_on(Wire::connect_from(OTHER_ADDRESS, server.zookeeper()), LONG_MS);
    for _ in 0..10 {
        Wire::connect(server.zookeeper()).assert_ended();
        others_go_on(&mut other);
    }
    for _ in 1..CONNECTIONS_OF_AN_ADDRESS {
        clients.push(Client::open_on(Wire::connect_from(OTHER_ADDRESS, server.zookeeper()), LONG_MS));
    }
    for _ in 0..10 {
        Wire::connect_from(OTHER_ADDRESS, server.zookeeper()).assert_ended();
    }
    clients.iter_mut().for_each(Client::ping);

    drop(silent);
    // The end of a connection is noticed soon, but who knows when.
    let deadline = Instant::now() + DEADLINE;
    let mut late = loop {
        let mut wire = Wire::connect(server.zookeeper());
        if wire.try_send(&encode_connect(&CONNECT)).is_ok()
            && wire.socket().peek(&mut [0]).is_ok_and(|count| count > 0)
        {
            break Client::welcomed(wire).expect("a session is begun");
        }
        assert!(Instant::now() < deadline, "there is still no room");
    };
    others_go_on(&mut late);

    server.signal(Signal::TERM);
    let (_, messages) = server.end_within(DEADLINE);
    let said: Vec<&str> = messages.lines().filter(|line| line.contains("connections are refused")).collect();
    assert_eq!(said.len(), 2, "it is said once of each address: {said:#?}");
    for address in [Ipv4Addr::LOCALHOST, OTHER_ADDRESS] {
        assert!(said.iter().any(|line| line.contains(&address.to_string())), "{address}: {said:#?}");
    }
}

#[test]
fn a_connection_over_the_limit_of_all_is_closed_and_the_others_go_on() {
    let server = Server::zookeeper_in_memory(&["--max-connections", "3"]);
    let mut clients: Vec<Client> = (0..3).map(|_| Client::open(server.zookeeper())).collect();
    for _ in 0..10 {
        Wire::connect(server.zookeeper()).assert_ended();
        clients.iter_mut().for_each(others_go_on);
    }
}

/// How many identities the server knows of a client.
fn identities(client: &mut Client) -> usize {
    let answer = client.ask(&Request::WhoAmI).expect("it is told");
    match answer.reply(Op::WhoAmI) {
        Reply::Clients(clients) => clients.len(),
        other => panic!("{other:?} answers whoAmI"),
    }
}

fn authenticate(client: &mut Client, credentials: &[u8]) -> Result<(), ErrorCode> {
    client.ask(&Request::Auth { kind: 0, scheme: "digest", credentials: Some(credentials) }).map(drop)
}

#[test]
fn a_client_may_be_only_so_many() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    let mut client = Client::open(server.zookeeper());
    for number in 0..100 {
        authenticate(&mut client, format!("user-{number}:secret").as_bytes()).expect("it is taken");
        authenticate(&mut client, b"user-0:secret").expect("it is known");
    }
    assert_eq!(identities(&mut client), 101, "with its address");
    let refused = (0..100_000)
        .find_map(|number| authenticate(&mut client, format!("more-{number}:secret").as_bytes()).err());
    assert_eq!(refused, Some(ErrorCode::AuthFailed), "whoever carries so many is a burden to everybody");
    client.wire.assert_ended();
    others_go_on(&mut others);

    let mut client = Client::open(server.zookeeper());
    assert_eq!(authenticate(&mut client, &vec![b'x'; 1_000_000]), Err(ErrorCode::AuthFailed));
    client.wire.assert_ended();
    others_go_on(&mut others);
}

/// Bytes that the watches of one client may have, and about what the server may take besides.
const WATCH_BYTES_MAX: usize = 320 << 20;
const GROWTH_MAX: usize = WATCH_BYTES_MAX + (48 << 20);

#[test]
fn what_a_client_watches_has_a_bound() {
    let mut server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    let before = server.resident_bytes();
    let x = "x".repeat(1_000_000);
    let requests: [fn(&str) -> Request<'_>; 2] = [
        |path| Request::AddWatch { path, mode: AddWatchMode::Persistent },
        |path| Request::Exists { path, watch: true },
    ];
    let mut client = Client::open(server.zookeeper());
    let mut added = 0;
    let ended = loop {
        let path = format!("/{added}-{x}");
        match client.try_ask(&requests[added % 2](&path)) {
            Ok(answer) => assert!(matches!(answer, Ok(_) | Err(ErrorCode::NoNode)), "{answer:?}"),
            Err(error) => break error,
        }
        added += 1;
    };
    assert_eq!(ended.kind(), ErrorKind::UnexpectedEof, "it is hung up on, not left waiting");
    assert_eq!(added, WATCH_BYTES_MAX / 1_000_200, "so many fit");
    let growth = server.peak_bytes().saturating_sub(before);
    assert!(growth < GROWTH_MAX, "it grew by {growth} bytes");
    let message = server.wait_for("watches too much");
    let session = format!("{:#x}", client.session.id);
    assert!(message.contains("127.0.0.1") && message.contains(&session), "it names the client: {message}");
    others_go_on(&mut others);

    // It may come back and watch something else.
    let mut client = Client::resume(server.zookeeper(), &client.session).expect("the session lives");
    let few = [x.as_str()];
    let exist = List::from(few.as_slice());
    let request = Request::SetWatches { zxid: 0, data: List::EMPTY, exist, child: List::EMPTY };
    client.ask(&request).expect("they are set");
    others_go_on(&mut others);
}
