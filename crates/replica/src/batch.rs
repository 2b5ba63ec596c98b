//! The batch that is being filled: commands in the bytes that the log will keep, and the queries between them.

use std::task::Waker;

use trellis_core::{Command, ConnectionId, NodeId, tube, zk};

use crate::format::entry;
use crate::limits::{BATCH_BYTES_MAX, BATCH_QUERIES_MAX, BATCH_QUERY_BYTES_MAX};

/// A query and its place: it is answered after this many commands of its batch.
pub(crate) struct PlacedQuery {
    pub(crate) after: usize,
    pub(crate) connection: ConnectionId,
    pub(crate) query: Query,
}

/// A question of one of the protocols.
pub(crate) enum Query {
    Tube(tube::Query),
    Zk {
        identities: zk::KeptIdentities,
        query: zk::Query<'static>,
    },
    /// A command that the log has no room for, in its bytes: it is answered if it would change nothing, and refused
    /// otherwise.
    Unlogged(Box<[u8]>),
}

/// Everything that arrived while the previous batch was in flight, in order of arrival.
pub(crate) struct Batch {
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) commands: usize,
    pub(crate) queries: Vec<PlacedQuery>,
    /// About what the queries hold besides their places.
    query_bytes: usize,
    /// Whether a command acknowledges something that a crash must not undo.
    pub(crate) durable: bool,
    /// Connections that wait for room.
    waiting: Vec<Waker>,
}

impl Batch {
    pub(crate) fn new(node: NodeId, number: u64, mut buffer: Vec<u8>) -> Self {
        entry::Header::begin(node, number, &mut buffer);
        Batch {
            number,
            bytes: buffer,
            commands: 0,
            queries: Vec::new(),
            query_bytes: 0,
            durable: false,
            waiting: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands == 0 && self.queries.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES_MAX
            || self.queries.len() >= BATCH_QUERIES_MAX
            || self.query_bytes >= BATCH_QUERY_BYTES_MAX
    }

    pub(crate) fn push(&mut self, connection: ConnectionId, command: &tube::Command<'_>) {
        entry::encode_tube(connection, command, &mut self.bytes);
        self.commands += 1;
        self.durable |= is_durable(command);
    }

    pub(crate) fn push_zk(&mut self, connection: ConnectionId, command: &zk::Command<'_>) {
        entry::encode_zk(connection, command, &mut self.bytes);
        self.commands += 1;
        self.durable |= is_durable_zk(command);
    }

    pub(crate) fn push_any(&mut self, command: &Command<'_>) {
        match command {
            Command::Tick => {}
            Command::CloseNode { node } => self.push_close_node(*node),
            Command::Tube { connection, command } => self.push(*connection, command),
            Command::Zk { connection, command } => self.push_zk(*connection, command),
        }
    }

    pub(crate) fn push_close_node(&mut self, node: NodeId) {
        entry::encode_close_node(node, &mut self.bytes);
        self.commands += 1;
    }

    pub(crate) fn query(&mut self, connection: ConnectionId, query: Query) {
        self.query_bytes += held_bytes(&query);
        self.queries.push(PlacedQuery { after: self.commands, connection, query });
    }

    /// Appends another batch, as if all of it had arrived after this one.
    pub(crate) fn append(&mut self, other: Batch) {
        let before = self.commands;
        self.bytes.extend_from_slice(&other.bytes[entry::HEADER_BYTES..]);
        self.commands += other.commands;
        self.durable |= other.durable;
        let later = |placed: PlacedQuery| PlacedQuery { after: placed.after + before, ..placed };
        self.queries.extend(other.queries.into_iter().map(later));
        self.query_bytes += other.query_bytes;
        self.waiting.extend(other.waiting);
    }

    pub(crate) fn wake_when_taken(&mut self, waker: Waker) {
        self.waiting.push(waker);
    }

    pub(crate) fn wake_waiting(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

/// What a client may rely on after a crash. An id that was skipped was shown to nobody. Reservations and what a connection uses or watches end with the
/// connection, and a crash ends all connections, so losing their last records loses nothing.
fn is_durable(command: &tube::Command<'_>) -> bool {
    use tube::Command as C;
    match command {
        C::Put { .. }
        | C::Delete { .. }
        | C::Release { .. }
        | C::Bury { .. }
        | C::Kick { .. }
        | C::KickJob { .. }
        | C::PauseTube { .. } => true,
        C::Open
        | C::SkipId
        | C::Close
        | C::HalfClose
        | C::Use { .. }
        | C::Watch { .. }
        | C::Ignore { .. }
        | C::Reserve { .. }
        | C::ReserveJob { .. }
        | C::Touch { .. } => false,
    }
}

/// What uses up a zxid is never forgotten, or the number would be used again and clients mistake one transaction for
/// another. The connection that a session has ends with a crash.
fn is_durable_zk(command: &zk::Command<'_>) -> bool {
    use zk::Command as C;
    match command {
        C::CreateSession { .. }
        | C::CloseSession
        | C::ExpireSession { .. }
        | C::Op { .. }
        | C::Multi { .. }
        | C::Refuse { .. } => true,
        C::AttachSession { .. } => false,
    }
}

/// About what a query has in memory besides its place.
fn held_bytes(query: &Query) -> usize {
    use zk::Query as Q;
    match query {
        Query::Tube(_) => 0,
        Query::Unlogged(command) => command.len(),
        Query::Zk { identities, query } => {
            identities.get().bytes().len()
                + match query {
                    Q::GetData { path }
                    | Q::Exists { path }
                    | Q::GetChildren { path }
                    | Q::GetChildren2 { path }
                    | Q::GetAllChildrenNumber { path }
                    | Q::GetEphemerals { prefix: path }
                    | Q::GetAcl { path }
                    | Q::Sync { path } => path.len(),
                    Q::MultiRead { reads } => all_bytes(reads.iter().map(|read| {
                        let (zk::MultiRead::GetData { path } | zk::MultiRead::GetChildren { path }) = read;
                        path.len()
                    })),
                    Q::SetWatches { data, exist, child, .. } => {
                        all_bytes([data, exist, child].into_iter().flatten().map(|path| path.len()))
                    }
                }
        }
    }
}

/// Bytes of paths with such lengths, each with what it takes to have it.
fn all_bytes(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.map(|length| length + size_of::<zk::MultiRead<'_>>()).sum()
}
