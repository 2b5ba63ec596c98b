//! The tree as a whole: its parts, and which command goes where.
//!
//! What commands do is in `operations.rs` and `connect.rs`.

use std::collections::BTreeMap;

use super::acl::{Acl, Identities};
use super::capture::Capture;
use super::command::{Command, Op, Password, SessionId, Zxid};
use super::error::Error;
use super::listing::Listings;
use super::moves::Undo;
use super::node::NONE;
use super::nodes::Nodes;
use super::operations::Request;
use super::path;
use super::quota::Excess;
use super::reply::{Event, EventKind, OpResult, Reply, Stat};
use super::sessions::Sessions;
use crate::{ConnectionId, Outbox, Time};

/// Znodes and sessions.
pub(crate) struct Tree {
    pub(super) nodes: Nodes,
    pub(super) sessions: Sessions,
    /// The slots of ephemeral znodes, by session and in the order in which they were made.
    pub(super) ephemerals: BTreeMap<(SessionId, u64), u32>,
    /// The slots of znodes that are to be removed, by when.
    pub(super) timers: BTreeMap<(Time, u64), u32>,
    /// Nothing is removed before.
    pub(super) timers_pause: Time,
    /// The slot of the znode below which quotas are.
    pub(super) quota_root: u32,
    /// The last transaction.
    pub(super) zxid: Zxid,
    /// The running number of the next znode that something ends by itself.
    pub(super) next_birth: u64,
    /// The changes of the present command, which can still be taken back.
    pub(super) journal: Vec<Undo>,
    /// The quotas that the present command exceeds.
    pub(super) excesses: Vec<Excess>,
    pub(super) listings: Listings,
    /// The part of a running snapshot that was copied when it began.
    pub(super) capture: Capture,
}

/// What is known of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Its id.
    pub session: SessionId,
    /// What its client has to show.
    pub password: Password,
    /// Its timeout in milliseconds.
    pub timeout_ms: u32,
    /// The connection that it has now.
    pub connection: Option<ConnectionId>,
}

/// An ephemeral znode's place among all of them: by session, and in the order in which a session has made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EphemeralPlace {
    /// The session that it goes with.
    pub session: SessionId,
    /// Larger for those made later.
    pub birth: u64,
}

impl EphemeralPlace {
    /// Where all of them begin.
    pub const FIRST: EphemeralPlace = EphemeralPlace { session: SessionId::MIN, birth: 0 };

    /// The place behind this one.
    #[must_use]
    pub fn next(self) -> EphemeralPlace {
        EphemeralPlace { birth: self.birth + 1, ..self }
    }
}

/// The facts of the tree as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many znodes there are, with the root.
    pub znodes: u64,
    /// How many of them are ephemeral.
    pub ephemerals: u64,
    /// The data of all znodes, in bytes.
    pub data_bytes: u64,
    /// The paths of all znodes, in bytes.
    pub path_bytes: u64,
    /// How many sessions there are.
    pub sessions: u64,
}

impl Tree {
    /// The znodes that are always there.
    pub(crate) fn new(seed: u64) -> Self {
        let mut tree = Tree::bare(seed);
        tree.plant();
        tree
    }

    /// No znodes at all, not even those that are always there.
    pub(super) fn bare(seed: u64) -> Self {
        Tree {
            nodes: Nodes::new(seed),
            sessions: Sessions::new(),
            ephemerals: BTreeMap::new(),
            timers: BTreeMap::new(),
            timers_pause: Time(0),
            quota_root: NONE,
            zxid: 0,
            next_birth: 0,
            journal: Vec::new(),
            excesses: Vec::new(),
            listings: Listings::default(),
            capture: Capture::default(),
        }
    }

    /// Carries out a command. What it causes for others comes before its own reply.
    pub(crate) fn apply(
        &mut self,
        at: Time,
        connection: ConnectionId,
        command: &Command<'_>,
        outbox: &mut dyn Outbox,
    ) {
        match *command {
            Command::CreateSession { session, password, timeout_ms } => {
                self.create_session(connection, session, password, timeout_ms, outbox);
            }
            Command::AttachSession { session, password, timeout_ms } => {
                self.attach_session(connection, session, password, timeout_ms, outbox);
            }
            Command::ExpireSession { session } => self.expire_session(at, session, outbox),
            Command::CloseSession => self.close_session(at, connection, outbox),
            Command::Op { ref op, identities, enforce_quota } => {
                self.carry_out_one(at, connection, op, identities, enforce_quota, outbox);
            }
            Command::Multi { ref ops, identities, enforce_quota } => {
                self.carry_out_all(at, connection, ops, identities, enforce_quota, outbox);
            }
            Command::Refuse { error } => {
                self.zxid += 1;
                let moved = self.sessions.of_connection(connection).is_none();
                let error = if moved { Error::SessionMoved } else { error };
                outbox.zk(connection, self.zxid, Reply::Error(error));
            }
        }
    }

    fn carry_out_one(
        &mut self,
        at: Time,
        connection: ConnectionId,
        op: &Op<'_>,
        identities: Identities<'_>,
        enforce_quota: bool,
        outbox: &mut dyn Outbox,
    ) {
        let done = self
            .begin(at, connection, identities, enforce_quota)
            .and_then(|request| self.carry_out(&request, op));
        let (result, slot) = match done {
            Ok(done) => done,
            Err(error) => {
                self.take_changes_back();
                return outbox.zk(connection, self.zxid, Reply::Error(error));
            }
        };
        self.announce_excesses(outbox);
        self.announce(op, &result, slot, outbox);
        self.keep_changes();
        let reply = match &result {
            OpResult::Created { path, stat } => Reply::Created { path, stat: *stat },
            OpResult::Deleted => Reply::Deleted,
            OpResult::DataSet { stat } => Reply::DataSet { stat: *stat },
            OpResult::AclSet { stat } => Reply::AclSet { stat: *stat },
            OpResult::Checked => Reply::Checked,
        };
        outbox.zk(connection, self.zxid, reply);
    }

    fn carry_out_all(
        &mut self,
        at: Time,
        connection: ConnectionId,
        ops: &[Op<'_>],
        identities: Identities<'_>,
        enforce_quota: bool,
        outbox: &mut dyn Outbox,
    ) {
        let request = match self.begin(at, connection, identities, enforce_quota) {
            Ok(request) => request,
            Err(error) => return outbox.zk(connection, self.zxid, Reply::Error(error)),
        };
        let (mut results, mut slots) = (Vec::with_capacity(ops.len()), Vec::with_capacity(ops.len()));
        for op in ops {
            match self.carry_out(&request, op) {
                Ok((result, slot)) => {
                    results.push(result);
                    slots.push(slot);
                }
                Err(error) => {
                    self.take_changes_back();
                    let reply = Reply::MultiFailed { count: ops.len(), failed: results.len(), error };
                    return outbox.zk(connection, self.zxid, reply);
                }
            }
        }
        self.announce_excesses(outbox);
        for ((op, result), slot) in ops.iter().zip(&results).zip(slots) {
            self.announce(op, result, slot, outbox);
        }
        self.keep_changes();
        outbox.zk(connection, self.zxid, Reply::Multi(&results));
    }

    /// Begins a transaction for the connection's session.
    fn begin<'a>(
        &mut self,
        at: Time,
        connection: ConnectionId,
        identities: Identities<'a>,
        enforce_quota: bool,
    ) -> Result<Request<'a>, Error> {
        self.zxid += 1;
        let slot = self.sessions.of_connection(connection).ok_or(Error::SessionMoved)?;
        let session = self.sessions.get(slot).id;
        Ok(Request { at, zxid: self.zxid, session, identities, enforce_quota })
    }

    /// Tells those who watch what an operation has done to the znode in `slot`.
    fn announce(&self, op: &Op<'_>, result: &OpResult<'_>, slot: u32, outbox: &mut dyn Outbox) {
        match (op, result) {
            (_, OpResult::Created { path, .. }) => {
                self.announce_family(EventKind::Created, path, slot, outbox);
            }
            (Op::Delete { path, .. }, _) => self.announce_family(EventKind::Deleted, path, slot, outbox),
            (Op::SetData { path, .. }, _) => self.announce_one(EventKind::DataChanged, path, slot, outbox),
            _ => {}
        }
    }

    /// Tells of a znode that came or went, and its parent's loss or gain.
    pub(super) fn announce_family(&self, kind: EventKind, path: &str, slot: u32, outbox: &mut dyn Outbox) {
        self.announce_one(kind, path, slot, outbox);
        let parent = self.nodes.get(slot).parent;
        self.announce_one(EventKind::ChildrenChanged, path::parent_to_show(path), parent, outbox);
    }

    fn announce_one(&self, kind: EventKind, path: &str, slot: u32, outbox: &mut dyn Outbox) {
        let acl = self.nodes.acls.get(self.nodes.get(slot).acl);
        outbox.zk_event(Event { kind, path, zxid: self.zxid, acl });
    }

    /// The last transaction.
    pub(crate) fn zxid(&self) -> Zxid {
        self.zxid
    }

    /// The facts of the tree as a whole.
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            znodes: self.nodes.len() as u64,
            ephemerals: self.ephemerals.len() as u64,
            data_bytes: self.nodes.data_bytes(),
            path_bytes: self.nodes.path_bytes(),
            sessions: self.sessions.len() as u64,
        }
    }

    /// The facts of the znode with this path, whoever asks.
    pub(crate) fn stat(&self, path: &str) -> Option<Stat> {
        self.nodes.find(path).map(|slot| self.nodes.stat(slot))
    }

    /// The paths of a session's ephemeral znodes, in the order in which they were made.
    pub(crate) fn ephemeral_paths(&self, session: SessionId) -> impl Iterator<Item = String> {
        let range = self.ephemerals.range((session, 0)..=(session, u64::MAX));
        range.map(|(_, slot)| self.nodes.path(*slot))
    }

    /// The sessions with this id or a larger one, by id.
    pub(crate) fn session_facts(&self, from: SessionId) -> impl Iterator<Item = SessionFacts> {
        self.sessions.in_order(from).map(|session| SessionFacts {
            session: session.id,
            password: session.password,
            timeout_ms: session.timeout_ms,
            connection: session.connection(),
        })
    }

    /// The ephemeral znodes from a place on, by session.
    pub(crate) fn ephemerals_from(
        &self,
        from: EphemeralPlace,
    ) -> impl Iterator<Item = (EphemeralPlace, String)> {
        let EphemeralPlace { session, birth } = from;
        let found = self.ephemerals.range((session, birth)..);
        found.map(|((session, birth), slot)| {
            (EphemeralPlace { session: *session, birth: *birth }, self.nodes.path(*slot))
        })
    }

    /// Makes the znodes that are there before the first transaction.
    fn plant(&mut self) {
        let root = self.nodes.plant(NONE, "", Acl::OPEN, 0);
        let zookeeper = self.nodes.plant(root, "zookeeper", Acl::OPEN, -1);
        self.quota_root = self.nodes.plant(zookeeper, "quota", Acl::OPEN, -2);
        let config = self.nodes.plant(zookeeper, "config", Acl::READ, -1);
        // As in ZooKeeper, where it is set once with the version that means any.
        self.nodes.change_more(config).aversion = -1;
    }
}
