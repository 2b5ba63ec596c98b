//! The tree of znodes once more, as simply as can be: a map from whole paths, copied as a whole before a multi. It
//! shares no code with the real one, and keeps none of the same structures.

mod access;
mod answers;
mod operations;
mod quota;

use std::collections::BTreeMap;

use trellis_core::zk::{
    Acl, Command, CreateMode, Error, Event, EventKind, Identities, OpResult, Password, Permissions, Reply,
};
use trellis_core::{ConnectionId, NodeId};

use crate::outbox::{event_line, zk_line};

/// Permissions, scheme, id.
pub(super) type Entry = (u32, String, String);

/// Znodes and sessions.
#[derive(Clone)]
pub(crate) struct Tree {
    /// In microseconds.
    now: u64,
    zxid: i64,
    /// How many znodes were made that end by themselves.
    births: u64,
    /// How many znodes were made.
    made: u64,
    nodes: BTreeMap<String, Node>,
    /// What the present command has removed.
    removed: Vec<Node>,
    sessions: BTreeMap<i64, Session>,
    /// What has come out.
    pub(crate) out: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Node {
    /// The number of its creation.
    id: u64,
    data: Option<Vec<u8>>,
    acl: Vec<Entry>,
    czxid: i64,
    mzxid: i64,
    pzxid: i64,
    ctime: u64,
    mtime: u64,
    version: i32,
    aversion: i32,
    creates: i32,
    /// The names of the children, oldest first.
    children: Vec<String>,
    mode: CreateMode,
    owner: i64,
    birth: u64,
    /// Since when it has no children, in microseconds; for a container, since when it has none any more.
    alone: Option<u64>,
}

#[derive(Clone)]
struct Session {
    password: Password,
    timeout_ms: u32,
    connection: Option<ConnectionId>,
}

/// Who asks.
pub(super) struct Asker {
    session: i64,
    identities: Vec<(String, String)>,
    enforce_quota: bool,
}

impl Default for Tree {
    fn default() -> Self {
        let mut tree = Tree {
            now: 0,
            zxid: 0,
            births: 0,
            made: 0,
            nodes: BTreeMap::new(),
            removed: Vec::new(),
            sessions: BTreeMap::new(),
            out: Vec::new(),
        };
        let everybody = |permissions| vec![(permissions, "world".to_owned(), "anyone".to_owned())];
        for (path, children, permissions, aversion) in [
            ("/", vec!["zookeeper"], 31, 0),
            ("/zookeeper", vec!["quota", "config"], 31, 0),
            ("/zookeeper/quota", vec![], 31, 0),
            ("/zookeeper/config", vec![], 1, -1),
        ] {
            let mut node = tree.new_node(Some(b""), everybody(permissions), CreateMode::Persistent, 0);
            node.children = children.into_iter().map(str::to_owned).collect();
            node.aversion = aversion;
            tree.nodes.insert(path.to_owned(), node);
        }
        tree
    }
}

impl Tree {
    pub(crate) fn tick(&mut self, now: u64) {
        self.now = now;
        while let Some((_, _, path)) = self.nodes.iter().filter_map(|(path, node)| due(path, node)).min() {
            if self.nodes.get(&path).and_then(|node| due(&path, node)).is_none_or(|(at, _, _)| at > now) {
                return;
            }
            self.zxid += 1;
            self.remove_and_tell(&path);
        }
    }

    pub(crate) fn close_node(&mut self, node: NodeId) {
        for session in self.sessions.values_mut() {
            session.connection = session.connection.filter(|connection| connection.node() != node);
        }
    }

    pub(crate) fn command(&mut self, connection: ConnectionId, command: &Command<'_>) {
        self.removed.clear();
        let session = self.session_of(connection);
        match command {
            Command::CreateSession { session, password, timeout_ms } => {
                self.zxid += 1;
                if *session == 0 || self.sessions.contains_key(session) {
                    return self.say(connection, &Reply::SessionRefused);
                }
                let new = Session { password: *password, timeout_ms: *timeout_ms, connection: None };
                self.sessions.insert(*session, new);
                self.attach(connection, *session);
            }
            Command::AttachSession { session, password, timeout_ms } => {
                self.attach_session(connection, *session, password, *timeout_ms);
            }
            Command::CloseSession => {
                self.zxid += 1;
                let Some(session) = session else {
                    return self.say(connection, &Reply::Error(Error::SessionMoved));
                };
                self.end(session);
                self.say(connection, &Reply::SessionClosed);
                self.out.push(format!("ended: {session} {:?}", Some(connection)));
            }
            Command::ExpireSession { session } => {
                let Some(Session { connection, .. }) = self.sessions.get(session).cloned() else { return };
                self.zxid += 1;
                self.end(*session);
                self.out.push(format!("ended: {session} {connection:?}"));
            }
            Command::Refuse { error } => {
                self.zxid += 1;
                let error = if session.is_none() { Error::SessionMoved } else { *error };
                self.say(connection, &Reply::Error(error));
            }
            Command::Op { op, identities, enforce_quota } => {
                let asker = self.asker(session, *identities, *enforce_quota);
                match asker.and_then(|asker| {
                    self.multi(&asker, std::slice::from_ref(op)).map_err(|(error, _)| error)
                }) {
                    Ok(results) => self.say(connection, &single(&results[0])),
                    Err(error) => self.say(connection, &Reply::Error(error)),
                }
            }
            Command::Multi { ops, identities, enforce_quota } => {
                match self.asker(session, *identities, *enforce_quota) {
                    Err(error) => self.say(connection, &Reply::Error(error)),
                    Ok(asker) => match self.multi(&asker, ops) {
                        Ok(results) => self.say(connection, &Reply::Multi(&results)),
                        Err((error, failed)) => {
                            let count = ops.len();
                            self.say(connection, &Reply::MultiFailed { count, failed, error });
                        }
                    },
                }
            }
        }
    }

    fn asker(
        &mut self,
        session: Option<i64>,
        identities: Identities<'_>,
        enforce_quota: bool,
    ) -> Result<Asker, Error> {
        self.zxid += 1;
        let identities = identities.pairs().map(|(scheme, id)| (scheme.to_owned(), id.to_owned())).collect();
        Ok(Asker { session: session.ok_or(Error::SessionMoved)?, identities, enforce_quota })
    }

    fn attach_session(&mut self, connection: ConnectionId, id: i64, password: &[u8], timeout_ms: u32) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return self.say(connection, &Reply::SessionRefused);
        };
        let right = session.password == password;
        if let Some(old) = session.connection.take().filter(|old| *old != connection) {
            self.out.push(format!("{}/{}: lost {id}", old.node(), old.number()));
        }
        if !right {
            return self.say(connection, &Reply::SessionRefused);
        }
        session.timeout_ms = timeout_ms;
        self.attach(connection, id);
    }

    fn attach(&mut self, connection: ConnectionId, id: i64) {
        for other in self.sessions.values_mut() {
            other.connection = other.connection.filter(|other| *other != connection);
        }
        let session = self.sessions.get_mut(&id).expect("it was found");
        session.connection = Some(connection);
        let (password, timeout_ms) = (session.password, session.timeout_ms);
        self.say(connection, &Reply::SessionOpened { session: id, password, timeout_ms });
    }

    fn end(&mut self, session: i64) {
        for path in self.ephemerals(session) {
            self.remove_and_tell(&path);
        }
        self.sessions.remove(&session);
    }

    fn remove_and_tell(&mut self, path: &str) {
        let ids = self.remove(path);
        self.tell_family(EventKind::Deleted, path, ids);
    }

    /// The paths of a session's ephemeral znodes, oldest first.
    fn ephemerals(&self, session: i64) -> Vec<String> {
        let own = self.nodes.iter().filter(|(_, node)| node.owner == session);
        let mut own: Vec<_> = own.map(|(path, node)| (node.birth, path.clone())).collect();
        own.sort();
        own.into_iter().map(|(_, path)| path).collect()
    }

    fn session_of(&self, connection: ConnectionId) -> Option<i64> {
        let mut found = self.sessions.iter().filter(|(_, session)| session.connection == Some(connection));
        found.next().map(|(id, _)| *id)
    }

    fn say(&mut self, to: ConnectionId, reply: &Reply<'_>) {
        self.out.push(zk_line(to, self.zxid, &format!("{reply:?}")));
    }

    fn tell(&mut self, kind: EventKind, path: &str, id: u64) {
        let mut all = self.nodes.values().chain(&self.removed);
        let node = all.find(|node| node.id == id).expect("it is there or was just removed");
        let entries =
            node.acl.iter().map(|(permissions, scheme, id)| (Permissions(*permissions), &**scheme, &**id));
        let acl = Acl::encode(entries);
        let acl = Acl::decode(&acl).expect("it was just encoded");
        self.out.push(event_line(&Event { kind, path, zxid: self.zxid, acl }));
    }

    /// Tells of a znode and its parent, given the numbers of both.
    fn tell_family(&mut self, kind: EventKind, path: &str, (id, parent): (u64, u64)) {
        self.tell(kind, path, id);
        self.tell(EventKind::ChildrenChanged, &split(path).0, parent);
    }

    /// The numbers of a znode and its parent.
    fn ids(&self, path: &str) -> (u64, u64) {
        (self.nodes[path].id, self.nodes[&split(path).0].id)
    }
}

/// When a znode is due, and what decides between those that are due together.
fn due(path: &str, node: &Node) -> Option<(u64, u64, String)> {
    let alone = node.alone.filter(|_| node.children.is_empty())?;
    let at = match node.mode {
        CreateMode::Container => alone + 60_000_000,
        CreateMode::Ttl { ttl_ms } => (node.mtime + ttl_ms.unsigned_abs() + 1).max(alone / 1000 + 1) * 1000,
        CreateMode::Persistent | CreateMode::Ephemeral => return None,
    };
    Some((at, node.birth, path.to_owned()))
}

fn single<'a>(result: &'a OpResult<'_>) -> Reply<'a> {
    match result {
        OpResult::Created { path, stat } => Reply::Created { path, stat: *stat },
        OpResult::Deleted => Reply::Deleted,
        OpResult::DataSet { stat } => Reply::DataSet { stat: *stat },
        OpResult::AclSet { stat } => Reply::AclSet { stat: *stat },
        OpResult::Checked => Reply::Checked,
    }
}

/// A path's parent and name.
fn split(path: &str) -> (String, String) {
    let place = path.rfind('/').expect("a path has a slash");
    let parent = if place == 0 { "/" } else { &path[..place] };
    (parent.to_owned(), path[place + 1..].to_owned())
}
