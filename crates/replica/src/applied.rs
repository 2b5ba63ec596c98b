//! The state as it is after the newest applied entry, and the way out of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trellis_core::{Command, ConnectionId, NodeId, Outbox, State, Time, tube, zk};

use crate::batch::{Batch, PlacedQuery, Query};
use crate::format::{FormatError, Reader, entry};
use crate::settings::Settings;
use crate::types::{LogId, StoredMembership};

/// Takes what the state machine gives out, on the node where it runs.
///
/// It is called between entries of the log, on the thread that applies them or asks, with the state locked: it must
/// neither block nor ask the replica for anything.
pub trait Deliver: Outbox + Send {
    /// An entry is complete, or questions are answered: what was given out can be sent.
    fn flush(&mut self);

    /// The next reply that `to` awaits is that its command can't be carried out now, because the log has no room for
    /// it. Nothing has changed.
    fn refuse(&mut self, to: ConnectionId);

    /// The same for a connection of ZooKeeper's protocol. That has no word for it: real servers end when their disk is
    /// full. Sessions can be neither begun, taken over nor closed then; those that are there can go on asking.
    fn refuse_zk(&mut self, to: ConnectionId);
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
    pub(crate) fn new(settings: &Settings, deliver: Box<dyn Deliver>) -> Self {
        Applied {
            state: State::seeded(settings.salt_seed),
            last: None,
            membership: StoredMembership::default(),
            node: settings.node,
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
                self.query(header.at, &placed);
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
            self.query(at, &placed);
        }
        self.deliver.flush();
    }

    /// Whether no command of a batch would change anything.
    pub(crate) fn changes_nothing(&self, at: Time, batch: &Batch) -> Result<bool, FormatError> {
        let mut reader = Reader(&batch.bytes);
        entry::Header::decode(&mut reader)?;
        while !reader.is_empty() {
            let Command::Tube { connection, command } = entry::decode(&mut reader)? else { return Ok(false) };
            if !matches!(self.state.effect(at, connection, &command), tube::Effect::Nothing(_)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Answers a question of ZooKeeper's protocol at once; it isn't sent yet.
    pub(crate) fn answer_zk(
        &mut self,
        connection: ConnectionId,
        identities: zk::Identities<'_>,
        query: &zk::Query<'_>,
    ) {
        self.state.query_zk(connection, identities, query, &mut *self.deliver);
    }

    /// Has what was given out sent.
    pub(crate) fn flush(&mut self) {
        self.deliver.flush();
    }

    /// Answers a command that the log has no room for.
    fn answer_unlogged(&mut self, at: Time, connection: ConnectionId, command: &Command<'_>) {
        let Command::Tube { command, .. } = command else { return self.deliver.refuse_zk(connection) };
        match self.state.effect(at, connection, command) {
            tube::Effect::Nothing(reply) => self.deliver.tube(connection, reply),
            tube::Effect::WorksOff | tube::Effect::Change => self.deliver.refuse(connection),
        }
    }

    fn query(&mut self, at: Time, placed: &PlacedQuery) {
        match &placed.query {
            Query::Tube(query) => self.state.query(at, placed.connection, query, &mut *self.deliver),
            Query::Zk { identities, query } => {
                self.answer_zk(placed.connection, identities.get(), query);
            }
            Query::Unlogged(command) => {
                let command = entry::decode(&mut Reader(command)).expect("it was well-formed before");
                self.answer_unlogged(at, placed.connection, &command);
            }
        }
    }
}
