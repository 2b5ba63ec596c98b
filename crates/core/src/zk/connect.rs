//! Sessions that come, move to another connection, and go.

use super::command::{Password, SessionId};
use super::error::Error;
use super::reply::Reply;
use super::tree::Tree;
use crate::{ConnectionId, NodeId, Outbox, Time};

impl Tree {
    pub(super) fn create_session(
        &mut self,
        connection: ConnectionId,
        session: SessionId,
        password: Password,
        timeout_ms: u32,
        outbox: &mut dyn Outbox,
    ) {
        self.zxid += 1;
        // An owner of 0 means that a znode isn't ephemeral.
        if session == 0 || self.sessions.find(session).is_some() {
            return outbox.zk(connection, self.zxid, Reply::SessionRefused);
        }
        let slot = self.sessions.insert(session, password, timeout_ms);
        self.attach(connection, slot, outbox);
    }

    pub(super) fn attach_session(
        &mut self,
        connection: ConnectionId,
        session: SessionId,
        password: &[u8],
        timeout_ms: u32,
        outbox: &mut dyn Outbox,
    ) {
        let slot = self.sessions.find(session);
        if let Some(old) = slot.and_then(|slot| self.sessions.detach(slot))
            && old != connection
        {
            outbox.zk_connection_lost(session, old);
        }
        match slot.filter(|slot| self.sessions.get(*slot).password == password) {
            Some(slot) => {
                self.sessions.set_timeout(slot, timeout_ms);
                self.attach(connection, slot, outbox);
            }
            None => outbox.zk(connection, self.zxid, Reply::SessionRefused),
        }
    }

    /// Gives a session without a connection this one.
    fn attach(&mut self, connection: ConnectionId, slot: u32, outbox: &mut dyn Outbox) {
        // Servers ask for one session a connection; if another comes nevertheless, it takes the first one's place.
        if let Some(other) = self.sessions.of_connection(connection) {
            self.sessions.detach(other);
        }
        self.sessions.attach(slot, connection);
        let session = self.sessions.get(slot);
        let (id, password, timeout_ms) = (session.id, session.password, session.timeout_ms);
        outbox.zk(connection, self.zxid, Reply::SessionOpened { session: id, password, timeout_ms });
    }

    pub(super) fn close_session(&mut self, at: Time, connection: ConnectionId, outbox: &mut dyn Outbox) {
        let Some(slot) = self.sessions.of_connection(connection) else {
            self.zxid += 1;
            return outbox.zk(connection, self.zxid, Reply::Error(Error::SessionMoved));
        };
        let session = self.sessions.get(slot).id;
        self.end_session(at, slot, outbox);
        outbox.zk(connection, self.zxid, Reply::SessionClosed);
        outbox.zk_session_ended(session, Some(connection));
    }

    pub(super) fn expire_session(&mut self, at: Time, session: SessionId, outbox: &mut dyn Outbox) {
        let Some(slot) = self.sessions.find(session) else { return };
        let connection = self.end_session(at, slot, outbox);
        outbox.zk_session_ended(session, connection);
    }

    /// Deletes a session's ephemeral znodes and forgets it. Tells the connection that it had.
    fn end_session(&mut self, at: Time, slot: u32, outbox: &mut dyn Outbox) -> Option<ConnectionId> {
        self.zxid += 1;
        let session = self.sessions.get(slot).id;
        while let Some((_, node)) = self.ephemerals.range((session, 0)..=(session, u64::MAX)).next() {
            self.remove_and_announce(at, *node, outbox);
        }
        let connection = self.sessions.detach(slot);
        self.sessions.remove(slot);
        connection
    }

    /// Takes the connections of a node from their sessions, which live on.
    pub(crate) fn close_node(&mut self, node: NodeId) {
        self.sessions.detach_node(node);
    }
}
