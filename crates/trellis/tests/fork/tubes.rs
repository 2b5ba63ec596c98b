//! The client of tubes, which has no threads.

use std::time::Duration;

use trellis_tube_client::blocking::Client;
use trellis_tube_client::{Error, PutOptions};
use trellis_unix::process::{Fork, Status, fork};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("tubes: a child that drops it disturbs nobody", |address, _| with_a_child(address, drop)),
    ("tubes: a child that uses it has a connection of its own", |address, _| with_a_child(address, uses)),
];

/// A client that holds a job, and what a child does with a copy of it.
fn with_a_child(address: &str, what: fn(Client)) {
    let mut client = Client::new(address.parse().unwrap());
    let id = client.put(b"the parent's", &PutOptions::default()).unwrap().id;
    assert_eq!(client.reserve(Some(Duration::ZERO)).unwrap().unwrap().id, id);
    match fork().unwrap() {
        Fork::Child => {
            what(client);
            std::process::exit(0);
        }
        Fork::Parent(mut child) => assert_eq!(child.wait().unwrap(), Status::Exited(0)),
    }
    assert_eq!(client.stats_job(id).unwrap().unwrap().text("state"), Some("reserved"));
    client.delete(id).unwrap();
}

fn uses(mut client: Client) {
    assert!(matches!(client.delete(1), Err(Error::NotFound)), "the job is the parent's");
    let id = client.put(b"the child's", &PutOptions::default()).unwrap().id;
    assert_eq!(client.reserve(Some(Duration::ZERO)).unwrap().unwrap().id, id);
    client.delete(id).unwrap();
}
