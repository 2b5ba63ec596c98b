//! The state machine as a whole.

use crate::{Command, ConnectionId, Outbox, Time, tube};

/// Everything that is replicated.
#[derive(Default)]
pub struct State {}

impl State {
    /// An empty state: the tube `default` and nothing else.
    #[must_use]
    pub fn new() -> Self {
        State::default()
    }

    /// Moves time forward to `at`, firing what is due, then carries out `command`.
    pub fn apply(&mut self, _at: Time, _command: Command<'_>, _outbox: &mut dyn Outbox) {}

    /// Answers a question at the time `at` without changing anything.
    pub fn query(
        &self,
        _at: Time,
        _connection: ConnectionId,
        _query: &tube::Query,
        _outbox: &mut dyn Outbox,
    ) {
    }

    /// The earliest time at which something is due, if anything is.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        None
    }
}
