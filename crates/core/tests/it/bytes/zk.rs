//! Bytes as commands and questions of ZooKeeper's protocol.

use std::sync::LazyLock;

use trellis_core::zk::{
    Acl, Command, CreateMode, Error, Identities, MultiRead, Op, Password, Permissions, Query,
};
use trellis_core::{Command as Any, ConnectionId};

use super::{Reader, Step};

/// Few, so that they meet something; some with quotas; some that are no paths.
const PATHS: [&str; 40] = [
    "/a",
    "/a",
    "/a",
    "/a/b",
    "/a/b",
    "/a/b/c",
    "/a/b/c/d",
    "/b",
    "/b",
    "/b/x",
    "/b/y",
    "/a/x",
    "/a/y",
    "/c",
    "/c/x",
    "/b/s-",
    "/a/s-",
    "/a/s-0000000002",
    "/b/s-0000000001",
    "/",
    "/zookeeper",
    "/zookeeper/config",
    "/zookeeper/quota",
    "/zookeeper/quota/a",
    "/zookeeper/quota/a",
    "/zookeeper/quota/a/zookeeper_limits",
    "/zookeeper/quota/a/zookeeper_stats",
    "/zookeeper/quota/a/zookeeper_limits",
    "/zookeeper/quota/a/zookeeper_stats",
    "/zookeeper/quota/a/b",
    "/zookeeper/quota/a/b/zookeeper_limits",
    "/zookeeper/quota/a/b/zookeeper_stats",
    "/zookeeper/quota/zookeeper_stats",
    "",
    "a",
    "//a",
    "/a/",
    "/a/../b",
    "/b/\0",
    "/b/😀",
];

const DATA: [Option<&[u8]>; 8] = [
    None,
    Some(b""),
    Some(b"x"),
    Some(b"hello"),
    Some(&[7; 300]),
    Some(b"count=3,bytes=300"),
    Some(b"count=-1,bytes=-1=;byteHardLimit=306;countHardLimit=4"),
    Some(b"count=-1,bytes=-1=;byteHardLimit=0;countHardLimit=9"),
];

const VERSIONS: [i32; 8] = [-1, -1, -1, -1, -1, 0, 0, 1];
const REFUSALS: [Error; 3] = [Error::MarshallingError, Error::Unimplemented, Error::BadArguments];
const TTL_MILLISECONDS: [i64; 6] = [1, 1, 500, 2000, 0, -1];

type Entry = (Permissions, &'static str, &'static str);

const OPEN: Entry = (Permissions::ALL, "world", "anyone");

static ACLS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let bob = (Permissions::ALL, "digest", "bob:secret");
    let lists: [&[Entry]; 12] = [
        &[OPEN],
        &[OPEN],
        &[OPEN],
        &[OPEN, (Permissions::READ, "auth", "")],
        &[(Permissions::READ, "world", "anyone"), bob],
        &[bob, (Permissions(7), "ip", "10.0.0.0/8")],
        &[(Permissions(29), "auth", ""), (Permissions(13), "world", "anyone"), (Permissions(29), "auth", "")],
        &[(Permissions(15), "ip", "11.1.1.1"), (Permissions(16), "digest", "bob:secret")],
        &[],
        &[(Permissions::ALL, "world", "nobody")],
        &[(Permissions::ALL, "digest", "bob")],
        &[(Permissions::ALL, "x509", "bob")],
    ];
    lists.iter().map(|list| Acl::encode(list.iter().copied())).collect()
});

static IDENTITIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let askers: [&[(&str, &str)]; 5] = [
        &[],
        &[("ip", "10.1.1.1")],
        &[("ip", "11.1.1.1"), ("digest", "bob:secret")],
        &[("ip", "10.1.1.1"), ("digest", "al:ice"), ("digest", "bob:secret")],
        &[("ip", "12.1.1.1"), ("super", "")],
    ];
    askers.iter().map(|pairs| Identities::encode(pairs.iter().copied())).collect()
});

impl Reader<'_> {
    /// Gives the first connections of the first node a session each, and in every second run makes a quota.
    pub(super) fn open_sessions(&mut self) {
        for number in 0..4 {
            let (connection, session) = (ConnectionId::new(1, number), number.cast_signed() + 1);
            let command = Command::CreateSession { session, password: password(session), timeout_ms: 4000 };
            self.steps.push(Step::Apply(0, Any::Zk { connection, command }));
        }
        if !self.byte().is_multiple_of(2) {
            return;
        }
        let limits = self.pick(&[DATA[5], DATA[6]]);
        for (path, data) in [
            ("/a", None),
            ("/zookeeper/quota/a", None),
            ("/zookeeper/quota/a/zookeeper_limits", limits),
            ("/zookeeper/quota/a/zookeeper_stats", None),
        ] {
            let op = Op::Create {
                path,
                data,
                acl: Acl::OPEN,
                mode: CreateMode::Persistent,
                sequential: false,
                want_stat: false,
            };
            let command = Command::Op { op, identities: Identities::NONE, enforce_quota: true };
            self.steps.push(Step::Apply(0, Any::Zk { connection: ConnectionId::new(1, 0), command }));
        }
    }

    /// Mostly one of those that have a session.
    pub(super) fn zk_connection(&mut self) -> ConnectionId {
        match self.byte() {
            0..8 => self.connection(),
            number => ConnectionId::new(1, u64::from(number % 4)),
        }
    }

    pub(super) fn zk_command(&mut self, connection: ConnectionId) -> Command<'static> {
        // Mostly the session that the connection had at first.
        let session = match self.byte() {
            byte @ 0..32 => i64::from(byte % 6),
            _ => connection.number().cast_signed() + 1,
        };
        let timeout_ms = 4000 + u32::from(self.byte());
        match self.byte() % 64 {
            0..4 => Command::CreateSession { session, password: password(session), timeout_ms },
            4..10 => {
                let password = &PASSWORDS[usize::try_from(session).expect("it is small")];
                Command::AttachSession { session, password, timeout_ms }
            }
            10 => Command::AttachSession { session, password: b"wrong", timeout_ms },
            11 if self.byte().is_multiple_of(4) => Command::CloseSession,
            12 if self.byte().is_multiple_of(4) => Command::ExpireSession { session },
            13 => Command::Refuse { error: self.pick(&REFUSALS) },
            14..26 => {
                let count = self.byte() % 7;
                let ops = (0..count).map(|_| self.op()).collect();
                Command::Multi { ops, identities: self.identities(), enforce_quota: self.enforce_quota() }
            }
            _ => {
                let op = self.op();
                Command::Op { op, identities: self.identities(), enforce_quota: self.enforce_quota() }
            }
        }
    }

    pub(super) fn zk_query(&mut self) -> Query<'static> {
        let path = self.path().into();
        match self.byte() % 16 {
            0..3 => Query::GetData { path },
            3..5 => Query::Exists { path },
            5 => Query::GetChildren { path },
            6..9 => Query::GetChildren2 { path },
            9 => Query::GetAllChildrenNumber { path },
            10 => Query::GetEphemerals { prefix: path },
            11..13 => Query::GetAcl { path },
            13 => {
                let other = MultiRead::GetChildren { path: self.path().into() };
                Query::MultiRead { reads: vec![MultiRead::GetData { path }, other] }
            }
            14 => Query::Sync { path },
            _ => Query::SetWatches {
                zxid: self.byte().into(),
                data: vec![path.clone(), self.path().into()],
                exist: vec![path.clone()],
                child: vec![path, self.path().into()],
            },
        }
    }

    pub(super) fn identities(&mut self) -> Identities<'static> {
        let list: &'static [Vec<u8>] = &IDENTITIES;
        Identities::decode(&list[usize::from(self.byte()) % list.len()]).expect("they were just encoded")
    }

    pub(super) fn path(&mut self) -> &'static str {
        self.pick(&PATHS)
    }

    fn op(&mut self) -> Op<'static> {
        let path = self.path();
        let version = self.pick(&VERSIONS);
        match self.byte() % 16 {
            0..8 => {
                let kind = self.byte();
                let mode = match kind % 8 {
                    0..4 => CreateMode::Persistent,
                    4..6 => CreateMode::Ephemeral,
                    6 => CreateMode::Container,
                    _ => CreateMode::Ttl { ttl_ms: self.pick(&TTL_MILLISECONDS) },
                };
                let sequential = path.ends_with('-') || kind > 240;
                let (data, acl) = (self.pick(&DATA), self.acl());
                Op::Create { path, data, acl, mode, sequential, want_stat: kind.is_multiple_of(3) }
            }
            8..11 => Op::Delete { path, version },
            11..14 => Op::SetData { path, data: self.pick(&DATA), version },
            14 => Op::SetAcl { path, acl: self.acl(), version },
            _ if version > 0 => Op::Refuse { error: self.pick(&REFUSALS) },
            _ => Op::Check { path, version },
        }
    }

    fn acl(&mut self) -> Acl<'static> {
        let list: &'static [Vec<u8>] = &ACLS;
        // Mostly those that let things happen.
        let choice = usize::from(self.byte());
        let index = if choice < 160 { 0 } else { choice % list.len() };
        Acl::decode(&list[index]).expect("they were just encoded")
    }

    fn enforce_quota(&mut self) -> bool {
        self.byte().is_multiple_of(2)
    }
}

static PASSWORDS: [Password; 6] = [[0; 16], [1; 16], [2; 16], [3; 16], [4; 16], [5; 16]];

fn password(session: i64) -> Password {
    PASSWORDS[usize::try_from(session).expect("it is small")]
}
