//! Clients that don't read what they have asked for, or what they are told: what they pin is bounded, for each and for
//! all together, and those that read don't suffer for it.

use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use trellis_zk_codec::{AddWatchMode, ErrorCode, Op, ReadOperation, Reply, Request};

use super::client::{Client, LONG_MS, encode, set};
use super::fill::create_all;
use super::others_go_on;
use super::pulse::{BUSY_MAX, Pulse};
use super::wire::Wire;
use crate::server::{DEADLINE, Server};

const MEBIBYTE: usize = 1024 * 1024;

/// What the server may grow by on behalf of any number of clients that don't read: the limit, the answers that are being
/// made, and some for the rest.
const GROWTH_MAX: usize = 128 * MEBIBYTE;

/// Children of a znode whose list has several megabytes.
const CHILDREN: usize = 200_000;

/// A client of an address that nobody else has, and that the system keeps little for.
fn greedy(number: usize, address: SocketAddr) -> Client {
    let number = u32::try_from(number).expect("few clients");
    let source = Ipv4Addr::from_bits(Ipv4Addr::new(127, 4, 0, 1).to_bits() + number);
    Client::open_on(Wire::connect_narrow_from(source, address), LONG_MS)
}

fn greedy_many(count: usize, address: SocketAddr) -> Vec<Client> {
    (0..count).map(|number| greedy(number, address)).collect()
}

fn many_children(server: &Server) -> Client {
    let mut client = Client::open(server.zookeeper());
    client.create("/many", b"").expect("it is created");
    create_all(&mut client, "/many", 0..CHILDREN);
    client
}

/// Sends a request again and again, as long as the server reads.
fn send_until_stuck(client: &mut Client, request: &[u8], others: &mut Client) {
    /// Once so many round trips of others have passed without room for one more request, there won't be any.
    const STUCK_ROUND_TRIPS: usize = 100;
    let requests = request.repeat(1 + MEBIBYTE / 10 / request.len());
    client.wire.socket().set_nonblocking(true).expect("the socket is open");
    let mut stuck = 0;
    while stuck < STUCK_ROUND_TRIPS {
        // A part of a request is as good as another: the rest of it never comes.
        match client.wire.socket().write(&requests) {
            Ok(_) => stuck = 0,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                others.ping();
                stuck += 1;
            }
            // Closing the connection of such a client is as good.
            Err(_) => break,
        }
    }
}

/// What the server has grown by at most.
#[track_caller]
fn assert_growth(server: &Server, before: usize, max: usize) {
    let growth = server.peak_bytes().saturating_sub(before);
    assert!(growth < max, "it grew by {growth} bytes");
}

#[test]
fn what_one_client_does_not_read_is_little() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    others.create("/large", &vec![b'x'; 100_000]).expect("it is created");
    let before = server.peak_bytes();
    let get = encode(&Request::GetData { path: "/large", watch: true }, 1);
    let mut clients = greedy_many(20, server.zookeeper());
    for client in &mut clients {
        send_until_stuck(client, &get, &mut others);
    }
    assert_growth(&server, before, 16 * MEBIBYTE);
    others_go_on(&mut others);
}

#[test]
fn what_many_clients_do_not_read_has_a_bound() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    others.create("/large", &vec![b'x'; 1_000_000]).expect("it is created");
    let before = server.peak_bytes();
    let get = Request::GetData { path: "/large", watch: false };
    // Behind a change, many questions are answered at once.
    let mut requests = encode(&set("/", b""), 1);
    (0..100).for_each(|_| get.encode(2, &mut requests));
    let mut clients = greedy_many(200, server.zookeeper());
    for client in &mut clients {
        // It may be closed in the middle.
        let _ = client.wire.try_send(&requests);
    }
    others_go_on(&mut others);
    assert_growth(&server, before, GROWTH_MAX);
}

#[test]
fn lists_that_nobody_reads_have_a_bound() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = many_children(&server);
    let before = server.peak_bytes();
    let mut clients = greedy_many(60, server.zookeeper());
    for client in &mut clients {
        client.send(&Request::GetChildren { path: "/many", watch: true });
    }
    // Whoever reads is served, if not at once.
    let begun = Instant::now();
    let names = loop {
        let mut reader = Client::open(server.zookeeper());
        let sent = reader.try_send(&Request::GetChildren2 { path: "/many", watch: false });
        match sent.and_then(|_| reader.try_answer()) {
            Ok(answer) => break answer.children(Op::GetChildren2),
            Err(_) => assert!(begun.elapsed() < 3 * DEADLINE, "there is still no room"),
        }
    };
    assert_eq!(names.len(), CHILDREN);
    assert_growth(&server, before, GROWTH_MAX);
    others_go_on(&mut others);
}

#[test]
fn answers_to_many_questions_in_one_have_a_bound() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut others = many_children(&server);
    others.create("/large", &vec![b'x'; 1_000_000]).expect("it is created");
    let before = server.peak_bytes();
    for read in [ReadOperation::GetData { path: "/large" }, ReadOperation::GetChildren { path: "/many" }] {
        let mut client = Client::open(server.zookeeper());
        let reads = vec![read; 40_000];
        let answer = client.ask(&Request::MultiRead(reads.as_slice().into()));
        assert_eq!(answer.map(|_| ()), Err(ErrorCode::MarshallingError), "no frame holds this");
        others_go_on(&mut others);

        let answer = client.ask(&Request::MultiRead(reads[..2].into())).expect("this is no burden");
        match answer.reply(Op::MultiRead) {
            Reply::Results(results) => assert_eq!(results.len(), 2),
            other => panic!("{other:?} answers a multiRead"),
        }
    }
    assert_growth(&server, before, GROWTH_MAX);
}

#[test]
fn events_that_nobody_reads_have_a_bound() {
    let mut server = Server::zookeeper_in_memory(&[]);
    let path = format!("/{}", "x".repeat(10_000));
    let mut others = Client::open(server.zookeeper());
    others.create(&path, b"").expect("it is created");
    let mut clients = greedy_many(100, server.zookeeper());
    let mode = AddWatchMode::Persistent;
    for client in &mut clients {
        client.ask(&Request::AddWatch { path: &path, mode }).expect("it is added");
    }
    let mut reader = Client::open(server.zookeeper());
    reader.ask(&Request::AddWatch { path: &path, mode }).expect("it is added");
    let before = server.peak_bytes();
    // All of it would be some hundred megabytes each second.
    const AT_ONCE: usize = 5;
    let (count, pulse) = Pulse::during(&server, || {
        let (begun, mut count) = (Instant::now(), 0);
        while begun.elapsed() < Duration::from_secs(5) {
            let mut requests = Vec::new();
            (0..AT_ONCE).for_each(|_| set(&path, b"").encode(1, &mut requests));
            others.wire.send(&requests);
            (0..AT_ONCE).for_each(|_| drop(others.answer()));
            count += AT_ONCE;
            assert_eq!(reader.told().len(), AT_ONCE, "who reads is told everything");
        }
        count
    });
    println!("{count} changes; others: {pulse}");
    assert!(pulse.busiest() < BUSY_MAX, "{pulse}");
    assert_growth(&server, before, GROWTH_MAX);
    server.wait_for_any(&["connections are closed", "clients are hung up on"]);
}
