//! Sessions: by id, and by the connection that each has now. Their ephemeral znodes are kept by the tree.

use std::collections::BTreeMap;

use super::command::{Password, SessionId};
use crate::check::ensure;
use crate::directory::Directory;
use crate::slab::Slab;
use crate::{ConnectionId, NodeId};

/// A session.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) password: Password,
    pub(super) timeout_ms: u32,
    /// None while its client is away.
    connection: Option<ConnectionId>,
}

/// The store of sessions.
pub(super) struct Sessions {
    slab: Slab<Session>,
    by_id: BTreeMap<SessionId, u32>,
    by_node: BTreeMap<NodeId, Directory>,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Sessions { slab: Slab::new(), by_id: BTreeMap::new(), by_node: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn find(&self, id: SessionId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// The session that has this connection.
    pub(super) fn of_connection(&self, connection: ConnectionId) -> Option<u32> {
        self.by_node.get(&connection.node())?.get(connection.number())
    }

    pub(super) fn get(&self, slot: u32) -> &Session {
        self.slab.get(slot)
    }

    /// The sessions with this id or a larger one, by id.
    pub(super) fn in_order(&self, from: SessionId) -> impl Iterator<Item = &Session> {
        self.by_id.range(from..).map(|(_, slot)| self.get(*slot))
    }

    /// Adds a session with an id that none has; it has no connection yet.
    pub(super) fn insert(&mut self, id: SessionId, password: Password, timeout_ms: u32) -> u32 {
        let slot = self.slab.insert(Session { id, password, timeout_ms, connection: None });
        self.by_id.insert(id, slot);
        slot
    }

    pub(super) fn set_timeout(&mut self, slot: u32, timeout_ms: u32) {
        self.slab.get_mut(slot).timeout_ms = timeout_ms;
    }

    /// Gives a session without a connection this one, which no session has.
    pub(super) fn attach(&mut self, slot: u32, connection: ConnectionId) {
        self.slab.get_mut(slot).connection = Some(connection);
        self.by_node.entry(connection.node()).or_default().insert(connection.number(), slot);
    }

    /// Takes its connection from a session, and tells which it was.
    pub(super) fn detach(&mut self, slot: u32) -> Option<ConnectionId> {
        let connection = self.slab.get_mut(slot).connection.take()?;
        let node = connection.node();
        let directory = self.by_node.get_mut(&node).expect("the node of an attached connection is known");
        directory.remove(connection.number());
        if directory.len() == 0 {
            self.by_node.remove(&node);
        }
        Some(connection)
    }

    /// Takes their connections from all sessions that have one of this node.
    pub(super) fn detach_node(&mut self, node: NodeId) {
        let Some(directory) = self.by_node.remove(&node) else { return };
        for (_, slot) in directory.iter() {
            self.slab.get_mut(slot).connection = None;
        }
    }

    /// Forgets a session that has no connection.
    pub(super) fn remove(&mut self, slot: u32) {
        let session = self.slab.remove(slot);
        self.by_id.remove(&session.id);
    }
}

impl Session {
    pub(super) fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }
}

impl Sessions {
    /// Verifies what holds within the store.
    pub(super) fn check(&self) -> Result<(), String> {
        let attached: usize = self.by_node.values().map(Directory::len).sum();
        let with_connection = self.slab.iter().filter(|(_, session)| session.connection.is_some()).count();
        ensure(attached == with_connection, || "connections without sessions".into())?;
        ensure(self.by_node.values().all(|node| node.len() > 0), || "nodes without connections".into())?;
        ensure(self.by_id.len() == self.slab.len(), || "ids without sessions".into())?;
        for (slot, session) in self.slab.iter() {
            let id = session.id;
            ensure(self.find(id) == Some(slot), || format!("session {id} is not where its id says"))?;
            let found = session.connection.and_then(|connection| self.of_connection(connection));
            ensure(session.connection.is_none() || found == Some(slot), || {
                format!("session {id} is not where its connection says")
            })?;
        }
        Ok(())
    }
}
