//! Very many watches: of one client, and of very many clients on one znode. Others must not notice.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use trellis_zk_codec::{EventKind, List, Request};

use super::client::{Client, LONG_MS, Message};
use super::fill::{create_all, name};
use super::pulse::{BUSY_MAX, Pulse};
use super::wire::Wire;
use crate::server::Server;

const WATCHES: usize = 1_000_000;
/// So many of them fire.
const FIRED: usize = 100_000;
const WATCH_BYTES_MAX: usize = 200;
/// As many paths as Java's client puts into a request.
const PATHS_AT_ONCE: usize = 5000;

const WATCHERS_MAX: usize = 100_000;
/// Descriptors of this process that are for other tests.
const DESCRIPTORS_KEPT: u64 = 4000;
/// Each address has fewer connections than it may have.
const CONNECTIONS_EACH: usize = 50;

fn path(number: usize) -> String {
    format!("/w/{}", name(number))
}

/// Watches for the creation of so many znodes.
fn watch_all(client: &mut Client, numbers: Range<usize>) {
    let paths: Vec<String> = numbers.map(path).collect();
    for paths in paths.chunks(PATHS_AT_ONCE) {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let exist = List::from(paths.as_slice());
        let request = Request::SetWatches { zxid: 0, data: List::EMPTY, exist, child: List::EMPTY };
        client.ask(&request).expect("they are set");
    }
}

#[track_caller]
fn assert_quick(pulse: &Pulse, what: &str) {
    assert!(pulse.busiest() < BUSY_MAX, "while {what}: {pulse}");
}

#[test]
fn a_million_watches_of_one_client_hurt_nobody() {
    let server = Server::zookeeper_in_memory(&[]);
    let address = server.zookeeper();
    let (mut watcher, mut other) = (Client::open(address), Client::open(address));
    other.create("/w", b"").expect("it is created");
    let before = server.resident_bytes();
    let ((), pulse) = Pulse::during(&server, || watch_all(&mut watcher, 0..WATCHES));
    println!("while they are set: {pulse}");
    assert_quick(&pulse, "they are set");
    let each = server.resident_bytes().saturating_sub(before) / WATCHES;
    assert!(each < WATCH_BYTES_MAX, "a watch takes {each} bytes");

    let ((), pulse) = Pulse::during(&server, || {
        create_all(&mut other, "/w", 0..FIRED);
        for number in 0..FIRED {
            match watcher.next() {
                Message::Event(told) => assert_eq!(told, (EventKind::NodeCreated, path(number))),
                Message::Reply(_) => panic!("nothing was asked"),
            }
        }
    });
    println!("while some fire: {pulse}");
    assert_quick(&pulse, "some fire");
    let ((), pulse) = Pulse::during(&server, || {
        drop(watcher);
        // The others' znodes can be created without anybody to tell.
        create_all(&mut other, "/w", FIRED..2 * FIRED);
    });
    println!("while their client goes: {pulse}");
    assert_quick(&pulse, "their client goes");
}

/// How many sockets this process may have besides those of other tests.
fn sockets_allowed() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the limit may be raised to its maximum");
    let allowed = limit.maximum.unwrap_or(u64::MAX).saturating_sub(DESCRIPTORS_KEPT);
    usize::try_from(allowed).unwrap_or(usize::MAX)
}

fn open_one_of_many(number: usize, address: SocketAddr) -> Client {
    let source = u32::try_from(number / CONNECTIONS_EACH).expect("few addresses") + 1;
    let source = Ipv4Addr::from_bits(Ipv4Addr::new(127, 2, 0, 0).to_bits() + source);
    Client::open_on(Wire::connect_from(source, address), LONG_MS)
}

#[test]
fn very_many_watchers_of_one_znode_hurt_nobody() {
    const ROUNDS: usize = 5;
    let server = Server::zookeeper_in_memory(&[]);
    let address = server.zookeeper();
    let mut other = Client::open(address);
    other.create("/a", b"").expect("it is created");
    let count = WATCHERS_MAX.min(sockets_allowed());
    println!("{count} clients watch");
    let mut watchers: Vec<Client> = (0..count).map(|number| open_one_of_many(number, address)).collect();

    let (meter, mut longest) = (server.meter(), Duration::ZERO);
    for _ in 0..ROUNDS {
        for watcher in &mut watchers {
            watcher.get_watching("/a", true).expect("it is there");
        }
        let ((), pulse) = Pulse::during(&server, || {
            let begun = meter.busy();
            other.set("/a", b"").expect("it is set");
            longest = longest.max(meter.busy() - begun);
            for watcher in &mut watchers {
                match watcher.next() {
                    Message::Event(told) => {
                        assert_eq!(told, (EventKind::NodeDataChanged, "/a".to_owned()));
                    }
                    Message::Reply(_) => panic!("nothing was asked"),
                }
            }
        });
        println!("while they are told: {pulse}");
        assert_quick(&pulse, "they are told");
    }
    println!("the change itself was answered after {longest:?} of work at most");
    assert!(longest < BUSY_MAX, "who has changed it waits until all are told: {longest:?}");
}
