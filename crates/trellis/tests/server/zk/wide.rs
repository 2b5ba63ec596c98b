//! Znodes with very many children: what happens to one child takes as long as among few, and lists of hundreds of
//! megabytes hold up nobody.

use std::time::{Duration, Instant};

use trellis_zk_codec::{Acl, Create, CreateMode, List, Operation, Request};

use super::client::{Client, create, encode};
use super::fill::create_all;
use super::pulse::Pulse;
use crate::server::Server;

const FEW: usize = 10;
const MANY: usize = 300_000;

const LONG_NAMES: usize = 20_000;
const LONG_NAME_BYTES: usize = 10_000;

/// How long it takes to create some children, to look for them and to delete them, all requests at once.
fn time_children(client: &mut Client, parent: &str) -> Duration {
    const CHILDREN: usize = 1000;
    let mut requests = Vec::new();
    let paths: Vec<String> = (0..CHILDREN).map(|number| format!("{parent}/new-{number}")).collect();
    paths.iter().for_each(|path| requests.extend(encode(&create(path, b""), 1)));
    paths.iter().for_each(|path| requests.extend(encode(&Request::Exists { path, watch: false }, 1)));
    paths.iter().for_each(|path| requests.extend(encode(&Request::Delete { path, version: -1 }, 1)));
    let mut writer = client.wire.socket().try_clone().expect("the socket is open");
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || std::io::Write::write_all(&mut writer, &requests).expect("the server reads"));
        (0..3 * CHILDREN).for_each(|_| assert_eq!(client.answer().header.error, None));
    });
    begun.elapsed()
}

#[test]
fn a_child_among_very_many_takes_as_long_as_among_few() {
    const ROUNDS: usize = 10;
    /// If it took as long as there are children, it would be thousands.
    const TIMES_MAX: f64 = 5.0;
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    for (parent, count) in [("/few", FEW), ("/many", MANY)] {
        client.create(parent, b"").expect("it is created");
        create_all(&mut client, parent, 0..count);
    }
    let (mut few, mut many) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        few = few.min(time_children(&mut client, "/few"));
        many = many.min(time_children(&mut client, "/many"));
    }
    let times = many.as_secs_f64() / few.as_secs_f64();
    println!("among few {few:?}, among many {many:?}: {times:.2}");
    assert!(times < TIMES_MAX, "{times:.2} times as long among many children");
}

/// Creates children with very long names.
fn create_long(client: &mut Client, parent: &str) {
    const AT_ONCE: usize = 50;
    let filler = "x".repeat(LONG_NAME_BYTES);
    let paths: Vec<String> = (0..LONG_NAMES).map(|number| format!("{parent}/{number:08}{filler}")).collect();
    let acl = List::from(&[Acl::OPEN]);
    for paths in paths.chunks(AT_ONCE) {
        let create = |path| Create { path, data: None, acl, mode: CreateMode::Persistent };
        let operations: Vec<_> = paths.iter().map(|path| Operation::Create(create(path))).collect();
        client.ask(&Request::Multi(operations.as_slice().into())).expect("they are created");
    }
}

#[test]
fn a_list_of_hundreds_of_megabytes_is_sent_between_others_turns() {
    const ROUNDS: usize = 5;
    /// If it was sent in one go, somebody would wait for most of the work that it takes.
    const PART_MAX: f64 = 0.25;
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/long", b"").expect("it is created");
    create_long(&mut client, "/long");
    let list = encode(&Request::GetChildren { path: "/long", watch: false }, 1);
    let (meter, mut parts) = (server.meter(), Vec::new());
    for _ in 0..ROUNDS {
        let (took, pulse) = Pulse::during(&server, || {
            let begun = meter.busy();
            client.wire.send(&list);
            let bytes = client.wire.frame().len();
            assert!(bytes > LONG_NAMES * LONG_NAME_BYTES, "{bytes}");
            meter.busy() - begun
        });
        println!("a list that takes {took:?} of work: {pulse}");
        parts.push(pulse.busiest().as_secs_f64() / took.as_secs_f64());
    }
    // What the system does on behalf of the server may show in a round.
    let least = parts.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(least < PART_MAX, "others wait for so large a part of the work: {parts:?}");
}
