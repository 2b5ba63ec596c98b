//! Many requests under way at once: every reply in its place, reads behind writes, and long lists among them.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::thread;

use fastrand::Rng;
use trellis_zk_codec::{ErrorCode, EventKind, Op, Operation, Reply, Request};

use super::client::{Answer, Client, Message, create, encode, set};
use super::fill::create_all;
use super::pulse::{BUSY_MAX, Pulse};
use crate::server::Server;

const CHILDREN: usize = 200_000;

/// What one client does below `/p`, which nobody else changes.
#[derive(Clone, Debug)]
enum Step {
    Create(u8, String),
    Set(u8, String),
    Delete(u8),
    Get(u8),
    Exists(u8),
    Children,
    Sync,
    Ping,
    /// A znode is replaced, in one.
    Replace(u8, String),
}

/// Names, data and versions.
#[derive(Default)]
struct Model(BTreeMap<u8, (String, i32)>);

/// What a step must come to.
#[derive(Debug, PartialEq)]
enum Expected {
    Error(ErrorCode),
    Nothing,
    Path(String),
    Version(i32),
    Data(String),
    Names(Vec<String>),
    Results(usize),
}

impl Step {
    fn random(rng: &mut Rng) -> Step {
        let (name, data) = (rng.u8(0..10), rng.u32(..).to_string());
        match rng.u8(0..16) {
            0..=2 => Step::Create(name, data),
            3..=5 => Step::Set(name, data),
            6 => Step::Delete(name),
            7..=9 => Step::Get(name),
            10..=11 => Step::Exists(name),
            12 => Step::Children,
            13 => Step::Sync,
            14 => Step::Ping,
            _ => Step::Replace(name, data),
        }
    }

    fn op(&self) -> Op {
        match self {
            Step::Create(..) => Op::Create,
            Step::Set(..) => Op::SetData,
            Step::Delete(_) => Op::Delete,
            Step::Get(_) => Op::GetData,
            Step::Exists(_) => Op::Exists,
            Step::Children => Op::GetChildren,
            Step::Sync => Op::Sync,
            Step::Ping => Op::Ping,
            Step::Replace(..) => Op::Multi,
        }
    }

    fn encode(&self, client: &mut Client, out: &mut Vec<u8>) -> i32 {
        match self {
            Step::Create(name, data) => client.encode(&create(&path(*name), data.as_bytes()), out),
            Step::Set(name, data) => client.encode(&set(&path(*name), data.as_bytes()), out),
            Step::Delete(name) => client.encode(&Request::Delete { path: &path(*name), version: -1 }, out),
            Step::Get(name) => client.encode(&Request::GetData { path: &path(*name), watch: false }, out),
            Step::Exists(name) => client.encode(&Request::Exists { path: &path(*name), watch: false }, out),
            Step::Children => client.encode(&Request::GetChildren { path: "/p", watch: false }, out),
            Step::Sync => client.encode(&Request::Sync { path: "/p" }, out),
            Step::Ping => client.encode(&Request::Ping, out),
            Step::Replace(name, data) => {
                let path = path(*name);
                let Request::Create(create) = create(&path, data.as_bytes()) else {
                    unreachable!("it is one")
                };
                let operations = [Operation::Delete { path: &path, version: -1 }, Operation::Create(create)];
                client.encode(&Request::Multi((&operations).into()), out)
            }
        }
    }
}

impl Model {
    fn expect(&mut self, step: &Step) -> Expected {
        let known = |found: Option<&(String, i32)>, then: fn(&(String, i32)) -> Expected| {
            found.map_or(Expected::Error(ErrorCode::NoNode), then)
        };
        match step {
            Step::Create(name, _) if self.0.contains_key(name) => Expected::Error(ErrorCode::NodeExists),
            Step::Create(name, data) => {
                self.0.insert(*name, (data.clone(), 0));
                Expected::Path(path(*name))
            }
            Step::Set(name, data) => match self.0.get_mut(name) {
                None => Expected::Error(ErrorCode::NoNode),
                Some(node) => {
                    *node = (data.clone(), node.1 + 1);
                    Expected::Version(node.1)
                }
            },
            Step::Delete(name) => known(self.0.remove(name).as_ref(), |_| Expected::Nothing),
            Step::Get(name) => known(self.0.get(name), |(data, _)| Expected::Data(data.clone())),
            Step::Exists(name) => known(self.0.get(name), |(_, version)| Expected::Version(*version)),
            Step::Children => Expected::Names(self.0.keys().map(|name| format!("{name}")).collect()),
            Step::Sync => Expected::Path("/p".to_owned()),
            Step::Ping => Expected::Nothing,
            Step::Replace(name, data) => {
                if let Some(node) = self.0.get_mut(name) {
                    *node = (data.clone(), 0);
                }
                // Also if it fails, there is a result for each.
                Expected::Results(2)
            }
        }
    }
}

/// What a reply says, as far as the model knows it.
fn said(step: &Step, answer: &Answer) -> Expected {
    if let Some(error) = answer.header.error {
        return Expected::Error(error);
    }
    match answer.reply(step.op()) {
        Reply::Empty => Expected::Nothing,
        Reply::Path { path } => Expected::Path(path.to_owned()),
        Reply::Stat(stat) => Expected::Version(stat.version),
        Reply::Data { data, .. } => {
            Expected::Data(String::from_utf8_lossy(data.unwrap_or_default()).into_owned())
        }
        Reply::Children { .. } => Expected::Names(answer.children(step.op())),
        Reply::Results(results) => Expected::Results(results.len()),
        other => panic!("{other:?} answers {step:?}"),
    }
}

fn path(name: u8) -> String {
    format!("/p/{name}")
}

#[test]
fn thousands_of_requests_at_once_are_answered_in_their_order() {
    const REQUESTS: usize = 10_000;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let directory = tempfile::tempdir().expect("a directory for the data");
    for server in [Server::zookeeper_in_memory(&[]), Server::start_zookeeper(directory.path())] {
        let mut client = Client::open(server.zookeeper());
        client.create("/p", b"").expect("it is created");
        let steps: Vec<Step> = (0..REQUESTS).map(|_| Step::random(&mut rng)).collect();
        let mut bytes = Vec::new();
        let numbers: Vec<i32> = steps.iter().map(|step| step.encode(&mut client, &mut bytes)).collect();
        let mut writer = client.wire.socket().try_clone().expect("the socket is open");
        let mut model = Model::default();
        thread::scope(|scope| {
            scope.spawn(move || writer.write_all(&bytes).expect("the server reads"));
            let mut zxid = 0;
            for (place, (step, number)) in steps.iter().zip(numbers).enumerate() {
                let answer = client.answer();
                assert_eq!(answer.header.xid, number, "request {place} is {step:?}");
                assert_eq!(said(step, &answer), model.expect(step), "request {place} is {step:?}");
                assert!(answer.header.zxid >= zxid, "time goes back at request {place}");
                zxid = answer.header.zxid;
            }
        });
    }
}

/// A server with a znode `/many` that has many children.
fn many_children() -> (Server, Client) {
    let server = Server::zookeeper_in_memory(&[]);
    let mut client = Client::open(server.zookeeper());
    client.create("/many", b"").expect("it is created");
    create_all(&mut client, "/many", 0..CHILDREN);
    (server, client)
}

#[test]
fn a_long_list_has_its_place_among_the_requests() {
    let (server, mut client) = many_children();
    let mut requests = Vec::new();
    for _ in 0..3 {
        for request in [
            create("/many/z", b""),
            Request::GetChildren { path: "/many", watch: false },
            Request::GetData { path: "/many/z", watch: false },
            Request::Delete { path: "/many/z", version: 0 },
            Request::GetChildren2 { path: "/many", watch: false },
            Request::Exists { path: "/many/z", watch: false },
        ] {
            client.encode(&request, &mut requests);
        }
    }
    client.wire.send(&requests);
    for _ in 0..3 {
        client.answer().reply(Op::Create);
        let names = client.answer().children(Op::GetChildren);
        assert_eq!((names.len(), names.last().map(String::as_str)), (CHILDREN + 1, Some("z")));
        client.answer().reply(Op::GetData);
        client.answer().reply(Op::Delete);
        let answer = client.answer();
        let Reply::ChildrenAndStat { stat, .. } = answer.reply(Op::GetChildren2) else {
            panic!("{answer:?}")
        };
        assert_eq!(usize::try_from(stat.num_children), Ok(CHILDREN));
        assert_eq!(answer.children(Op::GetChildren2).len(), CHILDREN);
        assert_eq!(client.answer().header.error, Some(ErrorCode::NoNode));
    }
    drop(server);
}

#[test]
fn long_lists_hold_up_nobody() {
    const LISTERS: usize = 3;
    const LISTS: usize = 5;
    let (server, _) = many_children();
    let address = server.zookeeper();
    let list = |address: SocketAddr| {
        let mut client = Client::open(address);
        for _ in 0..LISTS {
            assert_eq!(client.children("/many", false).expect("it is there").len(), CHILDREN);
        }
    };
    let ((), pulse) = Pulse::during(&server, || {
        thread::scope(|scope| (0..LISTERS).for_each(|_| drop(scope.spawn(|| list(address)))));
    });
    println!("{} lists of {CHILDREN} names: {pulse}", LISTERS * LISTS);
    assert!(pulse.busiest() < BUSY_MAX, "{pulse}");
}

#[test]
fn a_long_list_comes_before_the_events_of_what_is_not_in_it() {
    const ROUNDS: usize = 20;
    let (server, mut reader) = many_children();
    let address = server.zookeeper();
    let list = Request::GetChildren2 { path: "/many", watch: true };
    thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut writer = Client::open(address);
            let delete = encode(&Request::Delete { path: "/many/new", version: -1 }, 2);
            // It ends when the reader has seen enough, and deletes this.
            writer.create("/go-on", b"").expect("it is created");
            while writer.exists("/go-on", false).is_ok() {
                writer.wire.send([encode(&create("/many/new", b""), 1), delete.clone()].concat());
                (0..2).for_each(|_| drop(writer.answer()));
            }
        });
        for _ in 0..ROUNDS {
            reader.send(&list);
            match reader.next() {
                Message::Reply(answer) => assert_eq!(answer.header.error, None),
                Message::Event(told) => panic!("{told:?} overtakes the list that it is behind"),
            }
            match reader.next() {
                Message::Event(told) => {
                    assert_eq!(told, (EventKind::NodeChildrenChanged, "/many".to_owned()));
                }
                Message::Reply(_) => panic!("nothing was asked"),
            }
        }
        reader.delete("/go-on").expect("the writer has begun");
        writer.join().expect("it goes on until then");
    });
}
