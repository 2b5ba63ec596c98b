//! The state as it is after the newest applied entry, and the way out of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trellis_core::{Command, ConnectionId, NodeId, Outbox, State, Time, tube};

use crate::batch::{Batch, PlacedQuery};
use crate::format::{FormatError, Reader, entry};
use crate::types::{LogId, StoredMembership};
use crate::unlogged::Unlogged;

/// Takes what the state machine gives out, on the node where it runs.
///
/// It is called between entries of the log, on the thread that applies them, and must not block.
pub trait Deliver: Outbox + Send {
    /// An entry is complete: what it gave out can be sent.
    fn flush(&mut self);

    /// The next reply that `to` awaits is that its command can't be carried out now, because the log has no room for
    /// it. Nothing has changed.
    fn refuse(&mut self, to: ConnectionId);
}

/// The replicated state and what belongs to its place in the log.
pub(crate) struct Applied {
    pub(crate) state: State,
    pub(crate) last: Option<LogId>,
    pub(crate) membership: StoredMembership,
    node: NodeId,
    deliver: Box<dyn Deliver>,
    /// The queries of this node's batch in flight, and that batch's number.
    queries: (u64, Vec<PlacedQuery>),
}

/// `Applied`, shared by the machine that applies, the engine that asks and the snapshots that walk.
pub(crate) type SharedApplied = Arc<Mutex<Applied>>;

/// Locks for as long as a batch takes. A poisoned lock means that applying panicked, which ends the process.
pub(crate) fn lock(applied: &SharedApplied) -> MutexGuard<'_, Applied> {
    applied.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Applied {
    pub(crate) fn new(node: NodeId, deliver: Box<dyn Deliver>) -> Self {
        Applied {
            state: State::new(),
            last: None,
            membership: StoredMembership::default(),
            node,
            deliver,
            queries: (0, Vec::new()),
        }
    }

    /// Keeps the queries of batch `number` until its entry is applied.
    pub(crate) fn expect(&mut self, number: u64, queries: Vec<PlacedQuery>) {
        self.queries = (number, queries);
    }

    /// Carries out a batch; this node's queries are answered at their places in it.
    pub(crate) fn apply(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        let mut reader = Reader(bytes);
        let header = entry::Header::decode(&mut reader)?;
        let ours = header.node == self.node && header.batch == self.queries.0;
        let queries = if ours { std::mem::take(&mut self.queries.1) } else { Vec::new() };
        let mut queries = queries.into_iter().peekable();

        self.state.apply(header.at, Command::Tick, &mut *self.deliver);
        for done in 0.. {
            while let Some(placed) = queries.next_if(|placed| placed.after == done) {
                self.query(header.at, placed.connection, &placed.query);
            }
            if reader.is_empty() {
                break;
            }
            let command = entry::decode(&mut reader)?;
            self.state.apply(header.at, command, &mut *self.deliver);
        }
        self.deliver.flush();
        Ok(())
    }

    /// Answers queries that need no entry, because nothing is in flight before them and nothing is due.
    pub(crate) fn answer(&mut self, at: Time, queries: Vec<PlacedQuery>) {
        for placed in queries {
            self.query(at, placed.connection, &placed.query);
        }
        self.deliver.flush();
    }

    /// Answers a batch that the log has no room for: queries as ever, and commands with a refusal, except those about
    /// the lives of connections, which `unlogged` keeps.
    pub(crate) fn refuse(
        &mut self,
        at: Time,
        batch: Batch,
        unlogged: &mut Unlogged,
    ) -> Result<(), FormatError> {
        let mut reader = Reader(&batch.bytes);
        entry::Header::decode(&mut reader)?;
        let mut queries = batch.queries.into_iter().peekable();
        for done in 0.. {
            while let Some(placed) = queries.next_if(|placed| placed.after == done) {
                self.query(at, placed.connection, &placed.query);
            }
            if reader.is_empty() {
                break;
            }
            if let Some(refused) = unlogged.note(&entry::decode(&mut reader)?) {
                self.deliver.refuse(refused);
            }
        }
        self.deliver.flush();
        Ok(())
    }

    fn query(&mut self, at: Time, connection: ConnectionId, query: &tube::Query) {
        self.state.query(at, connection, query, &mut *self.deliver);
    }
}
