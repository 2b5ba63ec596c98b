//! Watches: what they tell, how often, and in which place among the replies.

use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use trellis_zk_codec::{
    AddWatchMode, CreateMode, ErrorCode, EventKind, List, Operation, Request, WatcherKind,
};

use super::client::{Client, Message, Outcome, Told, set};
use crate::server::{DEADLINE, Server};

/// Below a folder of its own with `x` and `x/y` in it: what is watched, what is done, and what is told of it.
const RULES: &[(&[&str], &[&str], &[&str])] = &[
    (&["data x"], &["set x", "set x"], &["changed x"]),
    (&["data x"], &["set x/y", "create x/z", "set ."], &[]),
    (&["data x/y"], &["delete x/y", "create x/y"], &["deleted x/y"]),
    (&["exists x"], &["set x", "set x"], &["changed x"]),
    (&["exists x/y"], &["delete x/y", "create x/y"], &["deleted x/y"]),
    (&["exists n"], &["create n", "set n"], &["created n"]),
    (&["exists n/m"], &["create n", "create n/m"], &["created n/m"]),
    (&["child x"], &["create x/z", "delete x/z"], &["children x"]),
    (&["child x"], &["delete x/y"], &["children x"]),
    (&["child x"], &["set x", "set x/y", "create x/y/z", "create n"], &[]),
    (&["child x/y"], &["delete x/y", "create x/y"], &["deleted x/y"]),
    (&["child ."], &["create n", "create m"], &["children ."]),
    (&["data x", "data x", "exists x"], &["set x", "set x"], &["changed x"]),
    (&["data x/y", "exists x/y", "child x/y"], &["delete x/y"], &["deleted x/y"]),
    (&["data x", "child x"], &["set x", "create x/z", "set x"], &["changed x", "children x"]),
    (&["data x/y", "child x"], &["delete x/y"], &["deleted x/y", "children x"]),
    (
        &["persistent x"],
        &["set x", "set x", "create x/z", "set x/z"],
        &["changed x", "changed x", "children x"],
    ),
    (&["persistent n"], &["create n", "delete n", "create n"], &["created n", "deleted n", "created n"]),
    (&["persistent x", "data x"], &["set x", "set x"], &["changed x", "changed x"]),
    (
        &["recursive ."],
        &["set x", "create n", "set n", "create n/m", "delete n/m", "delete n"],
        &["changed x", "created n", "changed n", "created n/m", "deleted n/m", "deleted n"],
    ),
    (&["recursive x"], &["set .", "create n", "create xx", "set x"], &["changed x"]),
    (
        &["recursive .", "child x"],
        &["create x/z", "create x/a"],
        &["created x/z", "children x", "created x/a"],
    ),
    (&["recursive .", "recursive x", "data x"], &["set x", "set x"], &["changed x", "changed x"]),
];

/// A folder for one rule, and the names of things in it.
struct Folder(String);

impl Folder {
    fn new(client: &mut Client, number: usize) -> Folder {
        let folder = Folder(format!("/folder-{number}"));
        for name in [".", "x", "x/y"] {
            client.create(&folder.path(name), b"").expect("it is created");
        }
        folder
    }

    fn path(&self, name: &str) -> String {
        if name == "." { self.0.clone() } else { format!("{}/{name}", self.0) }
    }

    /// Sets a watch.
    fn watch(&self, client: &mut Client, words: &str) {
        let (kind, name) = words.split_once(' ').expect("two words");
        let path = self.path(name);
        let outcome = match kind {
            "data" => client.get_watching(&path, true).map(drop),
            "exists" => match client.exists(&path, true) {
                Err(ErrorCode::NoNode) => Ok(()),
                outcome => outcome.map(drop),
            },
            "child" => client.children(&path, true).map(drop),
            "persistent" => add_watch(client, &path, AddWatchMode::Persistent),
            "recursive" => add_watch(client, &path, AddWatchMode::PersistentRecursive),
            other => panic!("{other} is no kind of watch"),
        };
        outcome.expect("it can be watched");
    }

    /// Changes something.
    fn change(&self, client: &mut Client, words: &str) {
        let (what, name) = words.split_once(' ').expect("two words");
        let path = self.path(name);
        let outcome = match what {
            "create" => client.create(&path, b"").map(drop),
            "set" => client.set(&path, b"").map(drop),
            "delete" => client.delete(&path),
            other => panic!("{other} is no change"),
        };
        outcome.expect("it can be changed");
    }

    fn events(&self, words: &[&str]) -> Vec<Told> {
        let event = |words: &&str| {
            let (kind, name) = words.split_once(' ').expect("two words");
            let kind = match kind {
                "created" => EventKind::NodeCreated,
                "deleted" => EventKind::NodeDeleted,
                "changed" => EventKind::NodeDataChanged,
                "children" => EventKind::NodeChildrenChanged,
                other => panic!("{other} is no event"),
            };
            (kind, self.path(name))
        };
        words.iter().map(event).collect()
    }
}

fn add_watch(client: &mut Client, path: &str, mode: AddWatchMode) -> Outcome<()> {
    client.ask(&Request::AddWatch { path, mode }).map(drop)
}

fn changed(path: &str) -> Told {
    (EventKind::NodeDataChanged, path.to_owned())
}

#[test]
fn watches_tell_what_they_are_for_as_often_as_they_are_for() {
    let server = Server::zookeeper_in_memory(&[]);
    let (mut watcher, mut other) = (Client::open(server.zookeeper()), Client::open(server.zookeeper()));
    let mut number = 0;
    for (watches, changes, told) in RULES {
        for by_itself in [false, true] {
            number += 1;
            let folder = Folder::new(&mut other, number);
            watches.iter().for_each(|words| folder.watch(&mut watcher, words));
            let client = if by_itself { &mut watcher } else { &mut other };
            changes.iter().for_each(|words| folder.change(client, words));
            assert_eq!(watcher.told(), folder.events(told), "{watches:?}, then {changes:?}");
            assert_eq!(other.told(), [], "who watches nothing is told nothing");
        }
    }
}

#[test]
fn what_cannot_be_read_is_not_watched() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    assert_eq!(client.get_watching("/a", true), Err(ErrorCode::NoNode));
    assert_eq!(client.children("/a", true), Err(ErrorCode::NoNode));
    assert_eq!(client.exists("/a\0", true), Err(ErrorCode::BadArguments));
    client.create("/a", b"").expect("it is created");
    client.set("/a", b"").expect("it is set");
    client.create("/a/b", b"").expect("it is created");
    assert_eq!(client.told(), []);
}

#[test]
fn an_event_comes_before_the_reply_to_the_change_by_the_same_client() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/a", b"").expect("it is created");
    let mut requests = Vec::new();
    for _ in 0..100 {
        client.encode(&Request::GetData { path: "/a", watch: true }, &mut requests);
        client.encode(&set("/a", b""), &mut requests);
    }
    client.wire.send(&requests);
    for _ in 0..100 {
        assert!(matches!(client.next(), Message::Reply(_)), "the data");
        match client.next() {
            Message::Event(told) => assert_eq!(told, changed("/a")),
            Message::Reply(_) => panic!("the reply overtakes the event"),
        }
        assert!(matches!(client.next(), Message::Reply(_)), "the change");
    }
}

#[test]
fn nobody_sees_a_change_before_the_event_that_tells_of_it() {
    const CHANGES: usize = 3000;
    const READERS: usize = 4;
    let server = Server::zookeeper_in_memory(&[]);
    let address = server.zookeeper();
    let mut writer = Client::open(address);
    writer.create("/a", b"0").expect("it is created");
    thread::scope(|scope| {
        let read = |number| move || read_until(address, number % 2 == 0, CHANGES);
        let readers: Vec<_> = (0..READERS).map(|number| scope.spawn(read(number))).collect();
        for number in 1..=CHANGES {
            writer.set("/a", number.to_string().as_bytes()).expect("it is set");
        }
        let seen: usize =
            readers.into_iter().map(|reader| reader.join().expect("it sees no other order")).sum();
        assert!(seen > 10, "only {seen} changes were seen while they happened");
    });
}

/// Reads and watches again and again up to the last change. Returns how often the data was another than before.
fn read_until(address: SocketAddr, pipelined: bool, last_change: usize) -> usize {
    let mut client = Client::open(address);
    let read = Request::GetData { path: "/a", watch: true };
    let (mut last, mut seen) = (client.get_watching("/a", true).expect("it is there"), 0);
    let begun = Instant::now();
    while last != last_change.to_string().as_bytes() {
        assert!(begun.elapsed() < 3 * DEADLINE, "the last change is not seen");
        let count = if pipelined { 8 } else { 1 };
        let mut requests = Vec::new();
        for _ in 0..count {
            client.encode(&read, &mut requests);
        }
        client.wire.send(&requests);
        let (mut replies, mut told) = (0, false);
        while replies < count {
            match client.next() {
                Message::Event(event) => {
                    assert_eq!(event, changed("/a"));
                    told = true;
                }
                Message::Reply(answer) => {
                    replies += 1;
                    let data = answer.body[4..answer.body.len() - 68].to_vec();
                    if data != last {
                        assert!(told, "a change is seen before its event");
                        (last, told, seen) = (data, false, seen + 1);
                    }
                }
            }
        }
    }
    seen
}

#[test]
fn a_multi_tells_of_each_change_in_its_order_or_of_none() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/a", b"").expect("it is created");
    add_watch(&mut client, "/", AddWatchMode::PersistentRecursive).expect("it is added");
    let change = |path| Operation::SetData { path, data: Some(b""), version: -1 };
    let delete = |path| Operation::Delete { path, version: -1 };
    let failing = [change("/a"), delete("/a"), delete("/missing")];
    client.ask(&Request::Multi((&failing).into())).expect("its results are told");
    assert_eq!(client.told(), []);
    client.ask(&Request::Multi((&[change("/a"), change("/a"), delete("/a")]).into())).expect("it is done");
    let deleted = (EventKind::NodeDeleted, "/a".to_owned());
    assert_eq!(client.told(), [changed("/a"), changed("/a"), deleted]);
}

#[test]
fn watches_go_with_their_connection() {
    let server = Server::zookeeper_in_memory(&[]);
    let (mut watcher, mut other) = (Client::open(server.zookeeper()), Client::open(server.zookeeper()));
    other.create("/a", b"").expect("it is created");
    watcher.get_watching("/a", true).expect("it is there");
    add_watch(&mut watcher, "/", AddWatchMode::PersistentRecursive).expect("it is added");
    let mut watcher = Client::resume(server.zookeeper(), &watcher.session).expect("the session lives");
    other.set("/a", b"").expect("it is set");
    assert_eq!(watcher.told(), []);
}

/// What a client that comes back has watched.
#[derive(Default)]
struct Watched<'a> {
    data: &'a [&'a str],
    exist: &'a [&'a str],
    child: &'a [&'a str],
    persistent: &'a [&'a str],
    recursive: &'a [&'a str],
}

impl Watched<'_> {
    fn set_again(&self, client: &mut Client, zxid: i64) {
        let [data, exist, child] = [self.data, self.exist, self.child].map(List::from);
        let request = match (self.persistent, self.recursive) {
            ([], []) => Request::SetWatches { zxid, data, exist, child },
            (persistent, recursive) => {
                let [persistent, persistent_recursive] = [persistent, recursive].map(List::from);
                Request::SetWatches2 { zxid, data, exist, child, persistent, persistent_recursive }
            }
        };
        let answer = client.ask(&request).expect("they are set");
        assert_eq!(answer.body, b"");
    }
}

#[test]
fn who_comes_back_is_told_what_was_missed_and_watches_the_rest() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut other = Client::open(server.zookeeper());
    for path in ["/same", "/changed", "/deleted", "/deleted-too", "/parent", "/parent/a", "/lonely"] {
        other.create(path, b"").expect("it is created");
    }
    let mut watcher = Client::open(server.zookeeper());
    watcher.ping();
    let (session, zxid) = (watcher.session, watcher.zxid);
    drop(watcher);
    other.set("/changed", b"").expect("it is set");
    other.delete("/deleted").expect("it is deleted");
    other.delete("/deleted-too").expect("it is deleted");
    other.create("/created", b"").expect("it is created");
    other.create("/parent/b", b"").expect("it is created");

    let mut watcher = Client::resume(server.zookeeper(), &session).expect("the session lives");
    let watched = Watched {
        data: &["/same", "/changed", "/deleted"],
        exist: &["/created", "/not-yet"],
        child: &["/parent", "/lonely", "/deleted-too"],
        ..Watched::default()
    };
    watched.set_again(&mut watcher, zxid);
    let event = |kind, path: &str| (kind, path.to_owned());
    let missed = [
        changed("/changed"),
        event(EventKind::NodeDeleted, "/deleted"),
        event(EventKind::NodeCreated, "/created"),
        event(EventKind::NodeChildrenChanged, "/parent"),
        event(EventKind::NodeDeleted, "/deleted-too"),
    ];
    assert_eq!(watcher.told(), missed);

    // Those that were told of have fired; the others are set.
    for path in ["/changed", "/created", "/parent", "/same"] {
        other.set(path, b"").expect("it is set");
    }
    for path in ["/parent/c", "/lonely/a", "/not-yet", "/deleted", "/deleted-too"] {
        other.create(path, b"").expect("it is created");
    }
    let rest = [
        changed("/same"),
        event(EventKind::NodeChildrenChanged, "/lonely"),
        event(EventKind::NodeCreated, "/not-yet"),
    ];
    assert_eq!(watcher.told(), rest);
}

#[test]
fn who_comes_back_to_a_restarted_server_watches_as_before() {
    let directory = tempfile::tempdir().expect("a directory for the data");
    let server = Server::start_zookeeper(directory.path());
    let mut watcher = Client::open(server.zookeeper());
    for path in ["/a", "/a/b"] {
        watcher.create(path, b"").expect("it is created");
    }
    let (session, zxid) = (watcher.session, watcher.zxid);
    server.kill();

    let server = Server::start_zookeeper(directory.path());
    let mut other = Client::open(server.zookeeper());
    other.set("/a/b", b"").expect("it is set");
    let mut watcher = Client::resume(server.zookeeper(), &session).expect("the session lives");
    let watched = Watched {
        data: &["/a/b"],
        child: &["/a"],
        persistent: &["/a"],
        recursive: &["/"],
        ..Watched::default()
    };
    watched.set_again(&mut watcher, zxid);
    assert_eq!(watcher.told(), [changed("/a/b")], "persistent watches don't tell what was missed");
    other.set("/a", b"").expect("it is set");
    other.set("/a/b", b"").expect("it is set");
    other.delete("/a/b").expect("it is deleted");
    let rest = [
        changed("/a"),
        changed("/a/b"),
        (EventKind::NodeDeleted, "/a/b".to_owned()),
        (EventKind::NodeChildrenChanged, "/a".to_owned()),
    ];
    assert_eq!(watcher.told(), rest);
}

/// Whether there is a watch of that kind.
fn has(client: &mut Client, path: &str, kind: WatcherKind) -> bool {
    found(client.ask(&Request::CheckWatches { path, kind }).map(drop))
}

fn remove(client: &mut Client, path: &str, kind: WatcherKind) -> bool {
    found(client.ask(&Request::RemoveWatches { path, kind }).map(drop))
}

fn found(outcome: Outcome<()>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error, ErrorCode::NoWatcher);
            false
        }
    }
}

#[test]
fn watches_can_be_asked_for_and_removed() {
    use WatcherKind::{Any, Children, Data};
    let server = Server::zookeeper_in_memory(&[]);
    let (mut client, mut other) = (Client::open(server.zookeeper()), Client::open(server.zookeeper()));
    client.create("/a", b"").expect("it is created");
    for kind in [Data, Children, Any] {
        assert!(!has(&mut client, "/a", kind) && !remove(&mut client, "/a", kind), "{kind:?}");
    }
    for (kind, other_kind) in [(Data, Children), (Children, Data)] {
        for removed in [kind, Any] {
            match kind {
                Data => drop(client.get_watching("/a", true).expect("it is there")),
                _ => drop(client.children("/a", true).expect("it is there")),
            }
            assert!(has(&mut client, "/a", kind) && has(&mut client, "/a", Any), "{kind:?}");
            assert!(!has(&mut client, "/a", other_kind) && !remove(&mut client, "/a", other_kind));
            assert!(!has(&mut other, "/a", kind) && !remove(&mut other, "/a", kind), "it is not the other's");
            assert!(remove(&mut client, "/a", removed));
            assert!(!has(&mut client, "/a", Any) && !remove(&mut client, "/a", removed));
        }
    }
    client.get_watching("/a", true).expect("it is there");
    client.children("/a", true).expect("it is there");
    add_watch(&mut client, "/", AddWatchMode::PersistentRecursive).expect("it is added");
    assert!(remove(&mut client, "/a", Children) && remove(&mut client, "/", Any));
    other.create_as("/a/b", b"", CreateMode::Persistent).expect("it is created");
    other.set("/a", b"").expect("it is set");
    assert_eq!(client.told(), [changed("/a")], "what is left is one");
    let no_path = client.ask(&Request::CheckWatches { path: "a", kind: Any }).map(drop);
    assert_eq!(no_path, Err(ErrorCode::MarshallingError), "as in the real server");
}
