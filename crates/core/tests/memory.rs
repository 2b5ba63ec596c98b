//! What a million znodes take, resident, in a process that does nothing else.
#![cfg(target_os = "linux")]

use trellis_core::zk::{self, Acl, Command, CreateMode, Identities, Op};
use trellis_core::{Command as Any, ConnectionId, Outbox, State, Time, tube};

/// Resident bytes that a znode with a path of 14 bytes and 128 bytes of data may take, with everything that belongs
/// to it: name, links, index.
const ZNODE_BYTES_MAX: usize = 260;

const ZNODES: usize = 1_000_000;

#[test]
fn a_million_znodes_are_small() {
    let mut state = State::new();
    let connection = ConnectionId::new(1, 1);
    let session = Command::CreateSession { session: 1, password: [0; 16], timeout_ms: 10_000 };
    apply(&mut state, connection, session);
    create(&mut state, connection, "/bench", b"");
    let before = resident_bytes();
    for number in 0..ZNODES {
        create(&mut state, connection, &format!("/bench/{number:07}"), &[7; 128]);
    }
    let each = (resident_bytes() - before) / ZNODES;
    println!("{each} bytes a znode");
    assert_eq!(state.zk_totals().znodes, ZNODES as u64 + 5);
    assert!(each <= ZNODE_BYTES_MAX, "{each} bytes a znode");
}

fn create(state: &mut State, connection: ConnectionId, path: &str, data: &[u8]) {
    let op = Op::Create {
        path,
        data: Some(data),
        acl: Acl::OPEN,
        mode: CreateMode::Persistent,
        sequential: false,
        want_stat: false,
    };
    apply(state, connection, Command::Op { op, identities: Identities::NONE, enforce_quota: false });
}

fn apply(state: &mut State, connection: ConnectionId, command: Command<'_>) {
    state.apply(Time(1_700_000_000_000_000), Any::Zk { connection, command }, &mut Nowhere);
}

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux tells what a process takes");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("there is a line for it");
    let kilobytes = line.trim().trim_end_matches(" kB");
    kilobytes.parse::<usize>().expect("it is a number of kilobytes") * 1024
}

struct Nowhere;

impl Outbox for Nowhere {
    fn tube(&mut self, _to: ConnectionId, _reply: tube::Reply<'_>) {}
    fn zk(&mut self, _to: ConnectionId, _zxid: zk::Zxid, reply: zk::Reply<'_>) {
        assert!(matches!(reply, zk::Reply::SessionOpened { .. } | zk::Reply::Created { .. }), "{reply:?}");
    }
    fn zk_event(&mut self, _event: zk::Event<'_>) {}
    fn zk_quota_exceeded(&mut self, _excess: zk::QuotaExcess<'_>) {}
    fn zk_connection_lost(&mut self, _session: zk::SessionId, _connection: ConnectionId) {}
    fn zk_session_ended(&mut self, _session: zk::SessionId, _connection: Option<ConnectionId>) {}
}
