//! What the log has no room for and the node must not forget: connections that come and go while the disk is full.

use std::collections::BTreeMap;

use trellis_core::{Command, ConnectionId, NodeId, tube};

use crate::batch::Batch;
use crate::format::entry;

/// The lives of connections since the log was full, to be logged before anything else once there is room. Bounded by
/// the connections that were open at its beginning and those that are now.
pub(crate) struct Unlogged {
    node: NodeId,
    close_node: bool,
    connections: BTreeMap<ConnectionId, Change>,
}

#[derive(Default)]
struct Change {
    opened: bool,
    half_closed: bool,
    closed: bool,
}

impl Unlogged {
    pub(crate) fn new(node: NodeId) -> Self {
        Unlogged { node, close_node: false, connections: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.close_node && self.connections.is_empty()
    }

    /// Bytes that it takes in a batch, at most.
    pub(crate) fn bytes_max(&self) -> usize {
        (1 + 3 * self.connections.len()) * entry::COMMAND_HEAD_BYTES
    }

    /// Keeps what a command says about the life of a connection. Gives back whom it leaves without a reply.
    pub(crate) fn note(&mut self, command: &Command<'_>) -> Option<ConnectionId> {
        match command {
            Command::Tick => None,
            Command::CloseNode { .. } => {
                self.close_node = true;
                None
            }
            Command::Tube { connection, command } => self.note_tube(*connection, command),
            Command::Zk { connection, .. } => Some(*connection),
        }
    }

    fn note_tube(&mut self, connection: ConnectionId, command: &tube::Command<'_>) -> Option<ConnectionId> {
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
            _ => return Some(connection),
        }
        None
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
        whole.append(batch);
        whole
    }
}
