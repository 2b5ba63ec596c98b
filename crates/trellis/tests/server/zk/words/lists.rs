//! Answers that are long: nothing is missing, nobody waits, and they take no memory.

use std::collections::BTreeSet;

use trellis_zk_codec::{CreateMode, List, Request};

use super::super::client::{Client, encode};
use super::super::wire::Wire;
use super::{ask, server};

/// More than two pieces of anything.
const MANY: usize = 600;

/// Watches, and the bytes that they have at least when they are listed.
const WATCHES: usize = 150_000;
const LISTED_BYTES: usize = WATCHES * 30;
const MEBIBYTE: usize = 1 << 20;

fn sorted<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    lines.collect()
}

#[test]
fn many_connections_sessions_and_ephemerals_are_all_told() {
    let server = server();
    let address = server.zookeeper();
    let mut clients: Vec<Client> = (0..MANY).map(|_| Client::open(address)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.create_as(&format!("/e{number}"), b"", CreateMode::Ephemeral).expect("it is created");
    }
    // One with many.
    for number in 0..MANY {
        clients[7].create_as(&format!("/f{number}"), b"", CreateMode::Ephemeral).expect("it is created");
    }
    let sessions: Vec<String> = clients.iter().map(|client| format!("{:#x}", client.session.id)).collect();

    let cons = ask(address, "cons");
    assert_eq!(cons.lines().count(), MANY + 2, "with who asks, and a blank line");
    for session in &sessions {
        assert_eq!(cons.matches(&format!("sid={session},")).count(), 1);
    }
    let stat = ask(address, "stat");
    assert_eq!(stat.lines().filter(|line| line.starts_with(" /127.0.0.1:")).count(), MANY + 1);

    let dump = ask(address, "dump");
    let part = |from: &str, to: &str| {
        let (_, rest) = dump.split_once(from).expect("a part begins");
        rest.split_once(to).map_or(rest, |(part, _)| part).to_owned()
    };
    let tracked = part("SessionTracker dump:\n", "ephemeral nodes dump:\n");
    assert!(tracked.lines().next().is_some_and(|line| line.ends_with(&format!(")/({MANY}):"))), "{tracked}");
    let told = sorted(tracked.lines().filter_map(|line| line.strip_prefix('\t')));
    assert_eq!(told, sorted(sessions.iter().map(String::as_str)));
    let ephemeral = part("ephemeral nodes dump:\n", "Connections dump:\n");
    assert!(ephemeral.starts_with(&format!("Sessions with Ephemerals ({MANY}):\n")));
    assert_eq!(ephemeral.lines().filter(|line| line.starts_with("\t/")).count(), 2 * MANY);
    assert_eq!(ephemeral.lines().filter(|line| line.ends_with(':')).count(), MANY + 1);
    let connected = part("Connections dump:\n", "\0");
    assert_eq!(connected.lines().filter(|line| line.contains(" sessionId: 0x")).count(), MANY + 1);
    assert!(clients.iter_mut().all(|client| client.get("/e0").is_ok()));
}

#[test]
fn many_watches_of_one_path_are_all_told() {
    let server = server();
    let address = server.zookeeper();
    let mut clients: Vec<Client> = (0..MANY).map(|_| Client::open(address)).collect();
    for client in &mut clients {
        client.exists("/", true).expect("it is there");
        client.exists("/none", true).expect_err("it is not there");
    }
    let sessions: BTreeSet<String> =
        clients.iter().map(|client| format!("\t{:#x}", client.session.id)).collect();
    let wchp = ask(address, "wchp");
    for path in ["/\n", "/none\n"] {
        let (_, rest) = wchp.split_once(path).expect("the path is told once");
        let told: BTreeSet<String> = rest.lines().take(MANY).map(str::to_owned).collect();
        assert_eq!(told, sessions, "{path}");
    }
    assert_eq!(wchp.lines().count(), 2 * MANY + 3);
    assert_eq!(
        ask(address, "wchs"),
        format!("{MANY} connections watching 2 paths\nTotal watches:{}\n", 2 * MANY)
    );
}

#[test]
fn a_list_that_nobody_reads_takes_no_memory_and_holds_up_nobody() {
    let server = server();
    let address = server.zookeeper();
    let mut client = Client::open(address);
    let paths: Vec<String> =
        (0..WATCHES).map(|number| format!("/a-path-of-thirty-letters-{number:06}")).collect();
    for some in paths.chunks(20_000) {
        let exist: Vec<&str> = some.iter().map(String::as_str).collect();
        let request = Request::SetWatches {
            zxid: client.zxid,
            data: List::EMPTY,
            exist: (&exist[..]).into(),
            child: List::EMPTY,
        };
        client.wire.send(encode(&request, trellis_zk_codec::xid::SET_WATCHES));
        client.answer();
    }
    let before = server.resident_bytes();
    let mut readers: Vec<Wire> = (0..20).map(|_| Wire::connect_narrow(address)).collect();
    for (number, reader) in readers.iter_mut().enumerate() {
        reader.send(if number % 2 == 0 { "wchc" } else { "wchp" });
    }
    for _ in 0..300 {
        client.ping();
        assert_eq!(ask(address, "ruok"), "imok");
    }
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < 12 * MEBIBYTE, "it grew by {growth} bytes");

    let by_path = readers.pop().expect("a reader").rest();
    let by_session = readers.pop().expect("a reader").rest();
    for answer in [by_path, by_session] {
        let answer = String::from_utf8(answer).expect("an answer is text");
        assert!(answer.len() > LISTED_BYTES);
        let told = sorted(answer.lines().map(str::trim).filter(|line| line.starts_with('/')));
        assert!(told == sorted(paths.iter().map(String::as_str)), "{} paths are told", told.len());
    }
    drop(readers);
    client.ping();
}
