//! What recipes ask of a server, and what they say when it refuses.

use std::time::Duration;

use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::recipe::{
    Barrier, Cache, Counter, DoubleBarrier, Election, Group, Lock, LockingQueue, Queue, ReadWriteLock,
    Semaphore,
};
use trellis_zk_client::{Client, Error, ErrorCode, Stat, path};
use trellis_zk_codec::Reply;

use crate::fake::{Fake, Step};

const BEGIN: Step = Step::Accept { session: 0, granted: 7 };

/// Where a client belongs is its user's to say. A node that was made of a misspelt word would hide the mistake.
#[test]
fn the_node_that_stands_for_the_root_is_never_created() {
    let fake = Fake::start(vec![
        BEGIN,
        Step::Expect(
            "Create(Create { path: \"/app/queue/entry-100-\", data: Some([120]), acl: [Acl { permissions: 31, scheme: \"world\", id: \"anyone\" }], mode: PersistentSequential })",
        ),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect(
            "Create(Create { path: \"/app/queue\", data: Some([]), acl: [Acl { permissions: 31, scheme: \"world\", id: \"anyone\" }], mode: Persistent })",
        ),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Refuse(ErrorCode::NoNode),
        Step::Expect("Exists { path: \"/app\", watch: false }"),
        Step::Answer(Reply::Stat(Stat::default())),
        Step::ExpectEnd,
    ]);
    let client = blocking::connect(&fake.settings).expect("a session");
    let missing = Error::NoChroot { path: "/app".to_owned() };
    assert_eq!(Queue::new(&client, "/queue").put(b"x").wait(), Err(missing.clone()));
    assert_eq!(Barrier::new(&client, "/").raise().wait(), Err(missing.clone()));
    let lease = Semaphore::new(&client, "/", 1).acquire(None).wait().map(drop);
    assert_eq!(lease, Err(missing.clone().into()));
    assert_eq!(client.ensure_path("/").wait(), Ok(()));
    assert_eq!(
        missing.to_string(),
        "the node /app, below which this client is to stay, does not exist: create it first, as with `trellis zk create /app`"
    );
    drop(client);
    fake.finish();
}

/// What each recipe says of a path.
fn complaints(client: &Client, path: &str) -> Vec<(&'static str, String)> {
    let none = None::<Duration>;
    let said =
        |error: Option<&dyn std::fmt::Display>| error.map_or("nothing".to_owned(), ToString::to_string);
    macro_rules! said {
        ($($name:literal: $call:expr),* $(,)?) => {
            vec![$(($name, said($call.wait().err().as_ref().map(|error| error as _)))),*]
        };
    }
    let rows = ReadWriteLock::new(client, path);
    said! {
        "lock": Lock::new(client, path).acquire(none),
        "try lock": Lock::new(client, path).try_acquire(),
        "contenders": Lock::new(client, path).contenders(),
        "read lock": rows.read().acquire(none),
        "election": Election::new(client, path, "me").campaign(none),
        "leader": Election::new(client, path, "me").leader(),
        "semaphore": Semaphore::new(client, path, 1).acquire(none),
        "holders": Semaphore::new(client, path, 1).holders(),
        "group": Group::new(client, path).join("me"),
        "members": Group::new(client, path).members(),
        "watched members": Group::shallow(client, path).members_watched(),
        "raise": Barrier::new(client, path).raise(),
        "lower": Barrier::new(client, path).lower(),
        "wait": Barrier::new(client, path).wait(none),
        "enter": DoubleBarrier::new(client, path, 1).enter("me", none),
        "put": Queue::new(client, path).put(b""),
        "take": Queue::new(client, path).take(none),
        "try take": Queue::new(client, path).try_take(),
        "queue length": Queue::new(client, path).len(),
        "put and lock": LockingQueue::new(client, path).put(b""),
        "put all": LockingQueue::new(client, path).put_all(&[b""], 1),
        "take and lock": LockingQueue::new(client, path).take(none),
        "length": LockingQueue::new(client, path).len(),
        "count": Counter::new(client, path).value(),
        "add": Counter::new(client, path).add(1),
        "cache": Cache::new(client, path).changed(0),
    }
}

#[test]
fn a_path_that_is_none_is_named_as_it_was_given() {
    let fake = Fake::start(vec![BEGIN, Step::RefuseAll(ErrorCode::NoAuth)]);
    let client = blocking::connect(&fake.settings).expect("a session");
    for path in ["", "a", "/a/", "/a//b"] {
        let expected = path::check(path).expect_err("it is none").to_string();
        for (recipe, said) in complaints(&client, path) {
            assert_eq!(said, expected, "{recipe} at {path:?}");
        }
    }
    drop(client);
    fake.finish();
}

#[test]
fn a_refusal_names_the_node_as_the_user_knows_it() {
    let fake = Fake::start(vec![BEGIN, Step::RefuseAll(ErrorCode::NoAuth)]);
    let client = blocking::connect(&fake.settings).expect("a session");
    for (recipe, said) in complaints(&client, "/path") {
        assert!(said.starts_with("/path") && said.ends_with("(NoAuth, -102)"), "{recipe}: {said}");
    }
    drop(client);
    fake.finish();
}
