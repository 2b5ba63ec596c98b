//! Much of everything: what must neither take all the time nor all the stack.

use trellis_core::zk::{Acl, Command, CreateMode, Identities, Op, Query};
use trellis_core::{Command as Any, ConnectionId, Restore, State, Time};

use crate::dump::dump;
use crate::outbox::Lines;

const CLIENT: ConnectionId = ConnectionId::new(1, 1);
const START: Time = Time(1_700_000_000_000_000);

/// A state with a session, and what it says.
struct Client {
    state: State,
    at: Time,
    lines: Lines,
}

impl Client {
    fn new() -> Self {
        let mut client = Client { state: State::new(), at: START, lines: Lines::default() };
        client.command(Command::CreateSession { session: 1, password: [1; 16], timeout_ms: 4000 });
        client.lines.0.clear();
        client
    }

    fn command(&mut self, command: Command<'_>) {
        self.state.apply(self.at, Any::Zk { connection: CLIENT, command }, &mut self.lines);
    }

    fn op(&mut self, op: Op<'_>) {
        self.command(Command::Op { op, identities: Identities::NONE, enforce_quota: true });
    }

    fn multi(&mut self, ops: Vec<Op<'_>>) {
        self.command(Command::Multi { ops, identities: Identities::NONE, enforce_quota: true });
    }

    fn tick(&mut self, at: Time) {
        self.at = at;
        self.state.apply(at, Any::Tick, &mut self.lines);
    }

    fn restore(&mut self) {
        let mut restore = Restore::new();
        self.state.snapshot_begin();
        while self.state.snapshot_next(1000, usize::MAX, &mut |record| {
            restore.add(&record).expect("a snapshot that the state made itself is valid");
        }) {}
        self.state = restore.finish().expect("a snapshot that the state made itself is valid");
    }
}

fn create(path: &str, mode: CreateMode) -> Op<'_> {
    Op::Create { path, data: Some(b"x"), acl: Acl::OPEN, mode, sequential: false, want_stat: false }
}

fn paths(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("/{number:06}")).collect()
}

#[test]
fn what_is_due_together_goes_in_turns() {
    let mut client = Client::new();
    let paths = paths(2500);
    client.multi(paths.iter().map(|path| create(path, CreateMode::Ttl { ttl_ms: 10 })).collect());
    let due = client.state.next_due().unwrap();
    assert_eq!(due, Time(START.0 + 11_000));
    let mut left = Vec::new();
    for turn in 0..3 {
        client.tick(Time(due.0 + turn * 1000));
        left.push(client.state.zk_totals().znodes - 4);
        client.state.check().unwrap();
        client.restore();
        // Too early: the others have their turn.
        client.tick(Time(client.at.0 + 999));
    }
    assert_eq!(left, [1500, 500, 0]);
    assert_eq!((client.state.zxid(), client.state.next_due()), (2502, None));
}

#[test]
fn a_multi_of_a_hundred_thousand_operations_is_one_transaction() {
    let mut client = Client::new();
    let paths = paths(100_000);
    let creates: Vec<_> = paths.iter().map(|path| create(path, CreateMode::Ephemeral)).collect();
    client.multi(creates.clone());
    let (totals, before) = (client.state.zk_totals(), dump(&mut client.state));
    assert_eq!((totals.ephemerals, client.lines.0.len()), (100_000, 200_001));

    let mut ops: Vec<_> = paths.iter().rev().map(|path| Op::Delete { path, version: -1 }).collect();
    ops.extend(creates);
    ops.push(Op::Check { path: "/missing", version: -1 });
    client.lines.0.clear();
    client.multi(ops);
    assert_eq!(client.lines.0, ["1/1: 3 MultiFailed { count: 200001, failed: 200000, error: NoNode }"]);
    let without_header = |lines: Vec<String>| {
        let headers = ["Header", "Tree"];
        lines
            .into_iter()
            .filter(|line| !headers.iter().any(|kind| line.starts_with(kind)))
            .collect::<Vec<_>>()
    };
    assert!(without_header(dump(&mut client.state)) == without_header(before), "something is left of it");

    client.lines.0.clear();
    client.command(Command::CloseSession);
    assert_eq!((client.lines.0.len(), client.state.zxid()), (200_002, 4));
    assert_eq!(client.state.zk_totals().znodes, 4);
    client.state.check().unwrap();
}

#[test]
fn depth_is_no_recursion() {
    let mut client = Client::new();
    let mut path = String::new();
    for _ in 0..3000 {
        path.push_str("/d");
        client.op(create(&path, CreateMode::Persistent));
    }
    client.restore();
    client.state.check().unwrap();
    assert_eq!(client.state.zk_stat(&path).map(|stat| stat.czxid), Some(3001));
    client.lines.0.clear();
    let query = Query::GetAllChildrenNumber { path: "/d".into() };
    client.state.query_zk(CLIENT, Identities::NONE, &query, &mut client.lines);
    assert_eq!(client.lines.0, ["1/1: 3001 ChildrenNumber(2999)"]);
}

#[test]
fn a_long_list_is_complete_whatever_happens_meanwhile() {
    let mut client = Client::new();
    let paths = paths(50_000);
    client.multi(paths.iter().map(|path| create(path, CreateMode::Persistent)).collect());
    let start = client.state.zk_listing_begin(CLIENT, Identities::NONE, "/").unwrap();
    let mut found = Vec::new();
    let mut victims = paths.iter().step_by(7).chain(paths.iter().rev().step_by(3)).enumerate();
    while client.state.zk_listing_next(start.id, 100, &mut |name| found.push(format!("/{name}"))).unwrap() {
        for (number, victim) in victims.by_ref().take(50) {
            client.op(Op::Delete { path: victim, version: -1 });
            client.op(create(&format!("/new-{number}"), CreateMode::Persistent));
        }
    }
    found.retain(|path| path != "/zookeeper");
    found.sort_unstable();
    assert_eq!((found.len() + 1, found == paths), (start.len, true));
}
