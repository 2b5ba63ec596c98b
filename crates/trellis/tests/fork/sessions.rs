//! Sessions. The driver of tokio needs no thread, so that a fork can be made without more ado.

use tokio::runtime::{Builder, Runtime};
use trellis_unix::process::{Fork, ForkError, Status, fork};
use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::{Client, CreateMode, Error, Settings, State};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("sessions: a child that drops it disturbs nobody", |_, address| with_a_child(address, |_| ())),
    ("sessions: a child that uses it is told that it must not", |_, address| with_a_child(address, uses)),
    ("sessions: a thread that drives one forbids a fork", |_, address| a_thread_forbids_it(address)),
];

/// A session with an ephemeral znode, and what a child does with a copy of it.
fn with_a_child(address: &str, what: fn(&Client)) {
    let runtime: Runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let settings = Settings::new(address).unwrap();
    let client = runtime.block_on(trellis_zk_client::tokio::connect(&settings)).unwrap();
    runtime.block_on(client.create("/here", b"", CreateMode::Ephemeral)).unwrap();
    let session = client.session().unwrap().id;
    match fork().unwrap() {
        Fork::Child => {
            what(&client);
            drop(client);
            std::process::exit(0);
        }
        Fork::Parent(mut child) => assert_eq!(child.wait().unwrap(), Status::Exited(0)),
    }
    let stat = runtime.block_on(client.exists("/here")).unwrap().unwrap();
    assert_eq!(stat.ephemeral_owner, session);
    runtime.block_on(client.set_data("/here", b"and alive", None)).unwrap();
    assert_eq!(client.session().unwrap().id, session);
}

fn uses(client: &Client) {
    assert_eq!(client.state(), State::Closed);
    assert!(client.session().is_none());
    assert!(matches!(client.get_data("/here").wait(), Err(Error::Forked)));
    assert!(matches!(client.delete("/here", None).wait(), Err(Error::Forked)));
    assert!(matches!(client.close().wait(), Err(Error::Forked)));
}

fn a_thread_forbids_it(address: &str) {
    let client = blocking::connect(&Settings::new(address).unwrap()).unwrap();
    assert!(matches!(fork(), Err(ForkError::Threads { threads: 2 })));
    client.close().wait().unwrap();
}
