//! What the log has no room for: what of it the node must not forget, connections that come and go while the disk is
//! full and sessions whose clients have been given up meanwhile; and what is told to those who wait for the rest.

use std::collections::{BTreeMap, BTreeSet};

use trellis_core::{Command, ConnectionId, NodeId, State, Time, tube, zk};

use crate::batch::{Batch, Query};
use crate::format::{FormatError, Reader, entry};

/// The lives of connections and the ends of sessions since the log was full, to be logged before anything else once
/// there is room. Bounded by the connections and sessions that there were at its beginning and those that are now.
pub(crate) struct Unlogged {
    node: NodeId,
    close_node: bool,
    connections: BTreeMap<ConnectionId, Change>,
    expired: BTreeSet<zk::SessionId>,
}

/// What the log still has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Anything.
    All,
    /// What frees memory and the log: the ends of jobs, znodes, sessions and connections, and what leads to them.
    Freeing,
    /// Nothing.
    Nothing,
}

#[derive(Default)]
struct Change {
    opened: bool,
    half_closed: bool,
    closed: bool,
}

impl Change {
    fn push(&self, connection: ConnectionId, batch: &mut Batch) {
        let commands = [
            (self.opened, tube::Command::Open),
            (self.half_closed, tube::Command::HalfClose),
            (self.closed, tube::Command::Close),
        ];
        for (_, command) in commands.iter().filter(|(happened, _)| *happened) {
            batch.push(connection, command);
        }
    }
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

    /// Whether something has ended that others may wait for: jobs that a connection held, what a session left behind.
    pub(crate) fn has_ended(&self) -> bool {
        let ended = |change: &Change| !change.opened && (change.half_closed || change.closed);
        self.close_node || !self.expired.is_empty() || self.connections.values().any(ended)
    }

    /// Takes out of a batch what there is no `room` for. What it says about the lives of connections and the ends of
    /// sessions is kept here; the rest becomes a query, whose answer is a refusal if the command would change anything.
    pub(crate) fn sift(
        &mut self,
        room: Room,
        state: &State,
        at: Time,
        batch: Batch,
    ) -> Result<Batch, FormatError> {
        let mut sifted = Batch::new(self.node, batch.number, Vec::new());
        let mut reader = Reader(&batch.bytes);
        entry::Header::decode(&mut reader)?;
        let mut queries = batch.queries.into_iter().peekable();
        for done in 0.. {
            while let Some(placed) = queries.next_if(|placed| placed.after == done) {
                sifted.query(placed.connection, placed.query);
            }
            if reader.is_empty() {
                break;
            }
            let rest = reader.0;
            let command = entry::decode(&mut reader)?;
            if room == Room::Freeing && self.is_freeing(state, at, &command) {
                if let Command::Tube { connection, .. } = &command {
                    self.log_opening(*connection, &mut sifted);
                }
                sifted.push_any(&command);
            } else if let Some(connection) = self.note(&command) {
                let bytes = &rest[..rest.len() - reader.0.len()];
                sifted.query(connection, Query::Unlogged(bytes.into()));
            }
        }
        Ok(sifted)
    }

    fn is_freeing(&self, state: &State, at: Time, command: &Command<'_>) -> bool {
        match command {
            Command::Tick => false,
            Command::CloseNode { .. } => true,
            Command::Tube { connection, command } => match command {
                tube::Command::Open => false,
                // What has come and gone unnoticed is none of the log's business.
                tube::Command::Close | tube::Command::HalfClose => !self.is_opened(*connection),
                command => state.effect(at, *connection, command) == tube::Effect::WorksOff,
            },
            Command::Zk { command, .. } => match command {
                zk::Command::CloseSession | zk::Command::ExpireSession { .. } => true,
                // Without its session, a client could end nothing, and would lose what is there on its behalf.
                zk::Command::AttachSession { .. } => true,
                zk::Command::Op { op, .. } => matches!(op, zk::Op::Delete { .. }),
                zk::Command::CreateSession { .. }
                | zk::Command::Multi { .. }
                | zk::Command::Refuse { .. } => false,
            },
        }
    }

    /// Keeps what a command says about the life of a connection or the end of a session. Tells whom it leaves without a
    /// reply.
    fn note(&mut self, command: &Command<'_>) -> Option<ConnectionId> {
        match command {
            Command::Tick => None,
            Command::CloseNode { .. } => {
                self.close_node = true;
                None
            }
            Command::Tube { connection, command } => self.note_tube(*connection, command),
            Command::Zk { command: zk::Command::ExpireSession { session }, .. } => {
                self.expired.insert(*session);
                None
            }
            Command::Zk { connection, .. } => Some(*connection),
        }
    }

    fn note_tube(&mut self, connection: ConnectionId, command: &tube::Command<'_>) -> Option<ConnectionId> {
        match command {
            tube::Command::Open => self.change(connection).opened = true,
            tube::Command::HalfClose => self.change(connection).half_closed = true,
            // A connection that has come and gone meanwhile was never there.
            tube::Command::Close if self.is_opened(connection) => {
                self.connections.remove(&connection);
            }
            tube::Command::Close => self.change(connection).closed = true,
            // Its body was not taken, and an id more or less is nothing to wait for.
            tube::Command::SkipId => {}
            _ => return Some(connection),
        }
        None
    }

    fn is_opened(&self, connection: ConnectionId) -> bool {
        self.connections.get(&connection).is_some_and(|change| change.opened)
    }

    /// Makes a connection known in `batch`, if it isn't yet, before something of it is logged.
    fn log_opening(&mut self, connection: ConnectionId, batch: &mut Batch) {
        if self.is_opened(connection)
            && let Some(change) = self.connections.remove(&connection)
        {
            change.push(connection, batch);
        }
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
            change.push(connection, &mut whole);
        }
        for session in std::mem::take(&mut self.expired) {
            let nobody = ConnectionId::new(self.node, 0);
            whole.push_zk(nobody, &zk::Command::ExpireSession { session });
        }
        whole.append(batch);
        whole
    }
}
