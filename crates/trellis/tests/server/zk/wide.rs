//! Znodes with very many children: what happens to one child takes as long as among few.

use std::time::{Duration, Instant};

use trellis_zk_codec::Request;

use super::client::{Client, create, encode};
use super::fill::create_all;
use crate::server::Server;

const FEW: usize = 10;
const MANY: usize = 300_000;

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
