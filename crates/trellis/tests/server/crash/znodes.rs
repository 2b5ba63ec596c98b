//! One client of ZooKeeper's protocol in the crash test: changes znodes of its own, begins, closes and leaves sessions
//! until the server is killed, and compares after the restart.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;
use trellis_zk_codec::{CreateMode, ErrorCode, Op, Operation, Reply, Request};

use super::Executioner;
use crate::server::{DEADLINE, Server};
use crate::zk::client::{Client, LONG_MS, Outcome, Session, create, create_as, set};

/// The znodes that it keeps at most.
const ZNODES_MAX: usize = 40;
/// Sessions that are left live for the shortest time.
const SHORT_MS: i32 = 4000;
/// A server that has lived for less has expired none of them, as each grants them all of their time anew.
const SHORT_LIFE: Duration = Duration::from_millis(3500);

/// A znode as the model knows it or the server shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Znode {
    data: String,
    version: i32,
    /// The session with which it goes, or 0.
    owner: i64,
}

type Znodes = BTreeMap<String, Znode>;

/// What is asked for.
#[derive(Clone, Debug)]
enum Change {
    Create {
        name: String,
        data: String,
        owner: i64,
    },
    Set {
        name: String,
        data: String,
    },
    Delete {
        name: String,
    },
    /// One goes and another comes, in one.
    Replace {
        old: String,
        new: String,
        data: String,
    },
    Close {
        session: i64,
    },
}

/// What is done next.
enum Step {
    Change(Change),
    /// A session is begun, makes a znode and is left for ever.
    Leave,
}

pub(super) struct ZnodeWorker {
    folder: String,
    rng: Rng,
    /// What was acknowledged.
    znodes: Znodes,
    /// What was asked for when the server was killed.
    unknown: Option<Change>,
    session: Option<Session>,
    /// Sessions whose clients never come back, and those that were closed.
    left: Vec<Session>,
    closed: Vec<Session>,
    /// The newest transaction that it has been told of.
    zxid: i64,
    changes: u64,
}

impl ZnodeWorker {
    pub(super) fn new(number: usize, rng: Rng) -> ZnodeWorker {
        ZnodeWorker {
            folder: format!("/folder-{number}"),
            rng,
            znodes: Znodes::new(),
            unknown: None,
            session: None,
            left: Vec::new(),
            closed: Vec::new(),
            zxid: 0,
            changes: 0,
        }
    }

    /// How many changes were acknowledged.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Goes on with its session, or begins one.
    pub(super) fn connect(&mut self, server: &Server) -> Client {
        let mut client = match &self.session {
            // It is hung up on if a transaction has been forgotten that it knows of.
            Some(session) => Client::resume_after(server.zookeeper(), session, self.zxid).expect("it lives"),
            None => Client::open(server.zookeeper()),
        };
        self.session = Some(client.session);
        let made = client.create(&self.folder, b"");
        assert!(matches!(made, Ok(_) | Err(ErrorCode::NodeExists)), "{made:?}");
        client
    }

    /// Works until the connection ends.
    pub(super) fn work(&mut self, client: Client, address: SocketAddr, executioner: &Executioner) {
        // An error is the end of the server; what is not known then has been noted.
        let _ = self.try_work(client, address, executioner);
    }

    fn try_work(
        &mut self,
        mut client: Client,
        address: SocketAddr,
        executioner: &Executioner,
    ) -> io::Result<()> {
        loop {
            match self.choose(client.session.id) {
                Step::Leave => {
                    let mut other = Client::try_open_for(address, SHORT_MS)?;
                    self.left.push(other.session);
                    let owner = other.session.id;
                    let change = Change::Create { name: self.name(), data: "left".to_owned(), owner };
                    self.carry_out(change, &mut other, executioner)?;
                }
                Step::Change(change @ Change::Close { .. }) => {
                    self.carry_out(change, &mut client, executioner)?;
                    self.closed.extend(self.session.take());
                    client = Client::try_open_for(address, LONG_MS)?;
                    self.session = Some(client.session);
                }
                Step::Change(change) => self.carry_out(change, &mut client, executioner)?,
            }
        }
    }

    fn carry_out(
        &mut self,
        change: Change,
        client: &mut Client,
        executioner: &Executioner,
    ) -> io::Result<()> {
        match change.ask(&self.folder, client) {
            Ok(outcome) => outcome.unwrap_or_else(|error| panic!("{change:?} in {}: {error}", self.folder)),
            Err(error) => {
                self.unknown = Some(change);
                return Err(error);
            }
        }
        executioner.count();
        change.apply(&mut self.znodes);
        self.zxid = self.zxid.max(client.zxid);
        self.changes += 1;
        Ok(())
    }

    fn choose(&mut self, session: i64) -> Step {
        let names: Vec<String> = self.znodes.keys().cloned().collect();
        let (kind, new, data) = (self.rng.u8(0..100), self.name(), self.data());
        let Some(name) = self.rng.choice(names.iter()).cloned() else {
            return Step::Change(Change::Create { name: new, data, owner: 0 });
        };
        if names.len() >= ZNODES_MAX {
            return Step::Change(Change::Delete { name });
        }
        Step::Change(match kind {
            0..=29 => Change::Create { name: new, data, owner: 0 },
            30..=44 => Change::Create { name: new, data, owner: session },
            45..=69 => Change::Set { name, data },
            70..=81 => Change::Delete { name },
            82..=93 => Change::Replace { old: name, new, data },
            94..=97 => Change::Close { session },
            _ => return Step::Leave,
        })
    }

    /// A name that no znode has had.
    fn name(&mut self) -> String {
        format!("{:016x}", self.rng.u64(..))
    }

    fn data(&mut self) -> String {
        let length = if self.rng.u8(0..20) == 0 { self.rng.usize(0..20_000) } else { self.rng.usize(0..200) };
        std::iter::repeat_with(|| self.rng.alphanumeric()).take(length).collect()
    }

    /// Compares what the server shows after a restart with what must be there. The one before has lived so long.
    pub(super) fn check(&mut self, server: &Server, lived: Duration) {
        let observed = self.observe(&mut Client::open(server.zookeeper()));
        let unknown = self.unknown.take();
        let mut other = self.znodes.clone();
        unknown.iter().for_each(|change| change.apply(&mut other));
        let may_have_expired = lived >= SHORT_LIFE;
        let (without, with) = (
            self.agrees(&self.znodes, &observed, may_have_expired),
            self.agrees(&other, &observed, may_have_expired),
        );
        assert!(
            without || with,
            "in {}: {observed:#?} and neither {:#?} nor that with {unknown:?}",
            self.folder,
            self.znodes
        );

        if let (Some(Change::Close { .. }), Some(session)) = (&unknown, self.session) {
            let lives = Client::resume(server.zookeeper(), &session).is_some();
            assert!(if lives { without } else { with }, "a session and its znodes don't go together");
            self.session = lives.then_some(session);
        }
        if let Some(session) = self.rng.choice(self.closed.iter()) {
            assert!(Client::resume(server.zookeeper(), session).is_none(), "a closed session is back");
        }
        self.znodes = observed;
    }

    /// Whether the znodes are as expected, but for those of sessions that were left.
    fn agrees(&self, expected: &Znodes, observed: &Znodes, may_have_expired: bool) -> bool {
        let was_left = |znode: &Znode| self.left.iter().any(|session| session.id == znode.owner);
        let mut expected = expected.clone();
        expected.retain(|name, znode| observed.contains_key(name) || !(may_have_expired && was_left(znode)));
        expected == *observed
    }

    fn observe(&self, client: &mut Client) -> Znodes {
        let names = match client.children(&self.folder, false) {
            Err(ErrorCode::NoNode) => Vec::new(),
            names => names.expect("they can be listed"),
        };
        let mut znodes = Znodes::new();
        for name in names {
            let path = format!("{}/{name}", self.folder);
            let answer = client.ask(&Request::GetData { path: &path, watch: false }).expect("it is there");
            let Reply::Data { data, stat } = answer.reply(Op::GetData) else { panic!("{answer:?}") };
            let data = String::from_utf8(data.unwrap_or_default().to_owned()).expect("it is text");
            znodes.insert(name, Znode { data, version: stat.version, owner: stat.ephemeral_owner });
        }
        znodes
    }

    /// Waits until the sessions that were left have expired. What belongs to others must stay.
    pub(super) fn check_ends(&mut self, server: &Server) {
        let mut client = self.connect(server);
        let deadline = Instant::now() + DEADLINE;
        let left: Vec<i64> = self.left.iter().map(|session| session.id).collect();
        let expected: Znodes =
            self.znodes.clone().into_iter().filter(|(_, znode)| !left.contains(&znode.owner)).collect();
        loop {
            let names = client.children(&self.folder, true).expect("they can be listed");
            if names.iter().eq(expected.keys()) {
                break;
            }
            assert!(Instant::now() < deadline, "in {}: {names:?}, not only {expected:#?}", self.folder);
            client.await_news(deadline.saturating_duration_since(Instant::now()));
        }
        assert_eq!(self.observe(&mut client), expected, "in {}", self.folder);
        // Of a session without a znode it doesn't show when it expires, and to ask would keep it alive.
        let owns = |session: &&Session| self.znodes.values().any(|znode| znode.owner == session.id);
        for session in self.left.iter().filter(owns) {
            assert!(Client::resume(server.zookeeper(), session).is_none(), "an expired session is back");
        }
    }
}

impl Change {
    /// Asks for it.
    ///
    /// # Errors
    ///
    /// If the connection ends before the answer; nobody knows then whether it has happened.
    fn ask(&self, folder: &str, client: &mut Client) -> io::Result<Outcome<()>> {
        let path = |name: &str| format!("{folder}/{name}");
        let answer = match self {
            Change::Create { name, data, owner } => {
                let mode = if *owner == 0 { CreateMode::Persistent } else { CreateMode::Ephemeral };
                client.try_ask(&create_as(&path(name), data.as_bytes(), mode))
            }
            Change::Set { name, data } => client.try_ask(&set(&path(name), data.as_bytes())),
            Change::Delete { name } => client.try_ask(&Request::Delete { path: &path(name), version: -1 }),
            Change::Replace { old, new, data } => {
                let (old, new) = (path(old), path(new));
                let Request::Create(create) = create(&new, data.as_bytes()) else {
                    unreachable!("it is one")
                };
                let delete = Operation::Delete { path: &old, version: -1 };
                client.try_ask(&Request::Multi((&[delete, Operation::Create(create)]).into()))
            }
            Change::Close { .. } => client.try_ask(&Request::CloseSession),
        };
        answer.map(|outcome| outcome.map(drop))
    }

    fn apply(&self, znodes: &mut Znodes) {
        match self.clone() {
            Change::Create { name, data, owner } => {
                znodes.insert(name, Znode { data, version: 0, owner });
            }
            Change::Set { name, data } => {
                let znode = znodes.get_mut(&name).expect("the model has it");
                *znode = Znode { data, version: znode.version + 1, owner: znode.owner };
            }
            Change::Delete { name } => drop(znodes.remove(&name)),
            Change::Replace { old, new, data } => {
                znodes.remove(&old);
                znodes.insert(new, Znode { data, version: 0, owner: 0 });
            }
            Change::Close { session } => znodes.retain(|_, znode| znode.owner != session),
        }
    }
}
