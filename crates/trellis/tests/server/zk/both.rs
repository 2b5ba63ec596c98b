//! Both protocols on one server, and each of them alone.

use std::net::SocketAddr;
use std::thread;

use trellis_zk_codec::{CreateMode, ErrorCode};

use super::client::{Client, encode, set};
use crate::client::Client as TubeClient;
use crate::server::{DEADLINE, Server, refusal, serve};

const CLIENTS_OF_EACH: usize = 4;
const ROUNDS: usize = 300;
/// Requests that others make at once, and how often.
const AT_ONCE: usize = 100;
const TIMES: usize = 200;

/// Puts two jobs and does one of them, again and again.
fn work(address: SocketAddr, number: usize) {
    let mut client = TubeClient::connect(address);
    let tube = format!("tube-{number}");
    assert_eq!(client.ask(format!("use {tube}")), format!("USING {tube}"));
    assert_eq!(client.ask(format!("watch {tube}")), "WATCHING 2");
    for round in 0..ROUNDS {
        // The more urgent one is done.
        let (urgent, patient) = (format!("urgent {round}"), format!("patient {round}"));
        let id = client.put("0 0 100", &urgent);
        client.put("9 0 100", &patient);
        assert_eq!(client.ask("reserve"), format!("RESERVED {id} {}", urgent.len()));
        assert_eq!(client.try_body(urgent.len()).expect("a body comes"), urgent.as_bytes());
        assert_eq!(client.ask(format!("delete {id}")), "DELETED");
    }
}

/// Creates two znodes, changes both and deletes one of them, again and again.
fn coordinate(address: SocketAddr, number: usize) {
    let mut client = Client::open(address);
    let folder = format!("/folder-{number}");
    client.create(&folder, b"").expect("it is created");
    for round in 0..ROUNDS {
        let (first, second) = (format!("{folder}/first-{round}"), format!("{folder}/second-{round}"));
        for path in [&first, &second] {
            client.create(path, b"new").expect("it is created");
            assert_eq!(client.set(path, round.to_string().as_bytes()).expect("it is there").version, 1);
        }
        client.delete(&first).expect("it is there");
        assert_eq!(client.get(&first), Err(ErrorCode::NoNode));
        assert_eq!(client.get(&second).expect("it is there"), round.to_string().as_bytes());
    }
}

/// Puts many jobs at once, again and again.
fn flood_tube(address: SocketAddr) {
    let mut client = TubeClient::connect(address);
    assert_eq!(client.ask("use flood"), "USING flood");
    for _ in 0..TIMES {
        client.send("put 0 0 100 1\r\na\r\n".repeat(AT_ONCE));
        for _ in 0..AT_ONCE {
            let line = client.line();
            assert!(line.starts_with("INSERTED "), "{line}");
        }
    }
}

/// Changes one znode many times at once, again and again.
fn flood_znode(address: SocketAddr) {
    let mut client = Client::open(address);
    client.create("/flood", b"").expect("it is created");
    for _ in 0..TIMES {
        client.wire.send(encode(&set("/flood", b"data"), 1).repeat(AT_ONCE));
        (0..AT_ONCE).for_each(|_| assert_eq!(client.answer().header.error, None));
    }
}

#[test]
fn both_protocols_are_served_at_once_and_kept_in_one_log() {
    let directory = tempfile::tempdir().expect("a directory for the data");
    let server = Server::start_both(directory.path(), &[]);
    let (tubes, zookeeper) = (server.address(), server.zookeeper());
    thread::scope(|scope| {
        for number in 0..CLIENTS_OF_EACH {
            scope.spawn(move || work(tubes, number));
            scope.spawn(move || coordinate(zookeeper, number));
        }
        scope.spawn(move || flood_tube(tubes));
        scope.spawn(move || flood_znode(zookeeper));
    });
    server.kill();

    let server = Server::start_both(directory.path(), &[]);
    let (mut tubes, mut znodes) = (server.connect(), Client::open(server.zookeeper()));
    for number in 0..CLIENTS_OF_EACH {
        let facts = tubes.facts(&format!("stats-tube tube-{number}")).expect("the tube is there");
        assert_eq!(facts["current-jobs-ready"], ROUNDS.to_string());
        let names = znodes.children(&format!("/folder-{number}"), false).expect("the folder is there");
        assert_eq!(names.len(), ROUNDS);
        assert!(names.iter().all(|name| name.starts_with("second-")), "{names:?}");
    }
    let facts = tubes.facts("stats-tube flood").expect("the tube is there");
    assert_eq!(facts["current-jobs-ready"], (TIMES * AT_ONCE).to_string());
    let version = znodes.exists("/flood", false).expect("it is there").version;
    assert_eq!(usize::try_from(version), Ok(TIMES * AT_ONCE));
}

#[test]
fn either_protocol_may_be_off_and_its_state_stays() {
    let directory = tempfile::tempdir().expect("a directory for the data");
    let server = Server::start_both(directory.path(), &[]);
    let id = server.connect().put("0 0 100", "job");
    let mut client = Client::open(server.zookeeper());
    client.create("/kept", b"znode").expect("it is created");
    client.create_as("/mine", b"", CreateMode::Ephemeral).expect("it is created");
    let session = client.session;
    server.kill();

    let server = Server::start_with(directory.path(), &["--zookeeper", "off"]);
    assert!(server.connect().body(&format!("peek {id}")).is_some());
    server.signal(rustix::process::Signal::TERM);
    let (_, messages) = server.end_within(DEADLINE);
    assert_eq!(messages.matches("\"listening\"").count(), 1, "{messages}");

    let server = Server::start_zookeeper(directory.path());
    let mut client = Client::resume(server.zookeeper(), &session).expect("the session lives");
    assert_eq!(client.get("/kept").expect("it is there"), b"znode");
    client.set("/mine", b"still").expect("it is there");
    server.signal(rustix::process::Signal::TERM);
    let (_, messages) = server.end_within(DEADLINE);
    assert_eq!(messages.matches("\"listening\"").count(), 1, "{messages}");

    let server = Server::start_both(directory.path(), &[]);
    assert_eq!(server.connect().ask(format!("delete {id}")), "DELETED");
    let mut client = Client::resume(server.zookeeper(), &session).expect("the session lives");
    assert_eq!(client.get("/mine").expect("it is there"), b"still");
}

#[test]
fn both_off_is_told_before_anything_is_touched() {
    let directory = tempfile::tempdir().expect("a directory for the data");
    let data = directory.path().join("data");
    let (code, messages) = refusal(serve(&data).args(["--beanstalk", "off", "--zookeeper", "off"]));
    assert_eq!(code, 2, "{messages}");
    for part in ["every listener is off", "give --beanstalk an address", "--zookeeper"] {
        assert!(messages.contains(part), "{part:?} is not in\n{messages}");
    }
    assert!(!data.exists(), "nothing is made");
}
