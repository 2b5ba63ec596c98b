//! What the log has no room for and the node must not forget: connections that come and go while the disk is full, and
//! sessions whose clients have been given up meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use trellis_core::{Command, ConnectionId, NodeId, tube, zk};

use crate::batch::Batch;
use crate::format::entry;

/// The lives of connections and the ends of sessions since the log was full, to be logged before anything else once
/// there is room. Bounded by the connections and sessions that there were at its beginning and those that are now.
pub(crate) struct Unlogged {
    node: NodeId,
    close_node: bool,
    connections: BTreeMap<ConnectionId, Change>,
    expired: BTreeSet<zk::SessionId>,
}

/// Whom a command leaves without a reply when it isn't carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nobody.
    Nobody,
    /// A connection of the work queue.
    Tube(ConnectionId),
    /// A connection of ZooKeeper's protocol.
    Zk(ConnectionId),
}

#[derive(Default)]
struct Change {
    opened: bool,
    half_closed: bool,
    closed: bool,
}

impl Unlogged {
    pub(crate) fn new(node: NodeId) -> Self {
        Unlogged { node, close_node: false, connections: BTreeMap::new(), expired: BTreeSet::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.close_node && self.connections.is_empty() && self.expired.is_empty()
    }

    /// Bytes that it takes in a batch, at most.
    pub(crate) fn bytes_max(&self) -> usize {
        (1 + 3 * self.connections.len()) * entry::COMMAND_HEAD_BYTES
            + self.expired.len() * entry::EXPIRE_SESSION_BYTES
    }

    /// Keeps what a command says about the life of a connection or the end of a session. Tells whom it leaves without a
    /// reply.
    pub(crate) fn note(&mut self, command: &Command<'_>) -> Refused {
        match command {
            Command::Tick => Refused::Nobody,
            Command::CloseNode { .. } => {
                self.close_node = true;
                Refused::Nobody
            }
            Command::Tube { connection, command } => self.note_tube(*connection, command),
            Command::Zk { command: zk::Command::ExpireSession { session }, .. } => {
                self.expired.insert(*session);
                Refused::Nobody
            }
            Command::Zk { connection, .. } => Refused::Zk(*connection),
        }
    }

    fn note_tube(&mut self, connection: ConnectionId, command: &tube::Command<'_>) -> Refused {
        match command {
            tube::Command::Open => self.change(connection).opened = true,
            tube::Command::HalfClose => self.change(connection).half_closed = true,
            // A connection that has come and gone meanwhile was never there.
            tube::Command::Close if self.change(connection).opened => {
                self.connections.remove(&connection);
            }
            tube::Command::Close => self.change(connection).closed = true,
            // Its body was not taken, and an id more or less is nothing to wait for.
            tube::Command::SkipId => {}
            _ => return Refused::Tube(connection),
        }
        Refused::Nobody
    }

    fn change(&mut self, connection: ConnectionId) -> &mut Change {
        self.connections.entry(connection).or_default()
    }

    /// Puts what was kept in front of `batch`, and forgets it.
    pub(crate) fn lead(&mut self, batch: Batch) -> Batch {
        if self.is_empty() {
            return batch;
        }
        let mut whole = Batch::new(self.node, batch.number, Vec::new());
        if std::mem::take(&mut self.close_node) {
            whole.push_close_node(self.node);
        }
        for (connection, change) in std::mem::take(&mut self.connections) {
            let commands = [
                (change.opened, tube::Command::Open),
                (change.half_closed, tube::Command::HalfClose),
                (change.closed, tube::Command::Close),
            ];
            for (_, command) in commands.iter().filter(|(happened, _)| *happened) {
                whole.push(connection, command);
            }
        }
        for session in std::mem::take(&mut self.expired) {
            let nobody = ConnectionId::new(self.node, 0);
            whole.push_zk(nobody, &zk::Command::ExpireSession { session });
        }
        whole.append(batch);
        whole
    }
}
