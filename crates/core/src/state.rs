//! The state machine as a whole: the clock, and the parts that it drives.

use crate::snapshot::Record;
use crate::tube::{self, Queue, Totals};
use crate::{Command, ConnectionId, Outbox, Time};

/// Everything that is replicated.
///
/// ```
/// use trellis_core::{Command, ConnectionId, Outbox, State, Time, tube};
///
/// struct Print(Vec<String>);
///
/// impl Outbox for Print {
///     fn tube(&mut self, to: ConnectionId, reply: tube::Reply<'_>) {
///         self.0.push(format!("{}: {reply:?}", to.number()));
///     }
/// }
///
/// let mut state = State::new();
/// let mut outbox = Print(Vec::new());
/// let connection = ConnectionId::new(1, 1);
/// for command in [
///     tube::Command::Open,
///     tube::Command::Put { priority: 10, delay: 0, ttr: 60, body: b"hello" },
///     tube::Command::Delete { id: 1 },
/// ] {
///     state.apply(Time(0), Command::Tube { connection, command }, &mut outbox);
/// }
/// assert_eq!(outbox.0, ["1: Inserted { id: 1 }", "1: Deleted"]);
/// ```
pub struct State {
    /// The time of the last command.
    now: Time,
    queue: Queue,
}

impl Default for State {
    fn default() -> Self {
        State::new()
    }
}

impl State {
    /// An empty state: the tube `default` and nothing else.
    #[must_use]
    pub fn new() -> Self {
        State::from_parts(Time(0), Queue::new())
    }

    pub(crate) fn from_parts(now: Time, queue: Queue) -> Self {
        State { now, queue }
    }

    /// Moves time forward to `at`, firing what is due, then carries out `command`. Time never goes back: an
    /// earlier `at` counts as the last one.
    ///
    /// What was due fires in the order in which it was due, but happens at `at`: a TTR that begins then is counted
    /// from `at`. What a command causes for others comes before its own reply. A command of a connection that
    /// isn't open does nothing.
    pub fn apply(&mut self, at: Time, command: Command<'_>, outbox: &mut dyn Outbox) {
        self.now = self.now.max(at);
        self.queue.fire(self.now, outbox);
        match command {
            Command::Tick => {}
            Command::CloseNode { node } => self.queue.close_node(self.now, node, outbox),
            Command::Tube { connection, command } => {
                self.queue.apply(self.now, connection, &command, outbox);
            }
        }
    }

    /// Answers a question at the time `at` without changing anything. What became due since the last command
    /// hasn't happened yet.
    pub fn query(&self, at: Time, connection: ConnectionId, query: &tube::Query, outbox: &mut dyn Outbox) {
        self.queue.answer(at.max(self.now), connection, query, outbox);
    }

    /// The earliest time at which something is due, if anything is.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        self.queue.next_due()
    }

    /// The time of the last command.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The facts of the work queue as a whole, as [`tube::Query::Stats`] answers them.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.queue.totals()
    }

    /// Begins a snapshot of the state as it is now; one that is running is given up.
    ///
    /// Takes time for each tube and connection, but not for each job. Commands may go on; the more of its jobs
    /// they change before [`Self::snapshot_next`] has read them, the more memory it takes for a while.
    pub fn snapshot_begin(&mut self) {
        self.queue.snapshot_begin(self.now);
    }

    /// Goes on with the snapshot: looks at about `slots` jobs (at most twice as many), stopping as soon as their bodies
    /// have `bytes` in all, and gives those that belong to it to `sink`. True while there are more; false at the end,
    /// and when no snapshot is running.
    pub fn snapshot_next(&mut self, slots: usize, bytes: usize, sink: &mut dyn FnMut(Record<'_>)) -> bool {
        self.queue.snapshot_next(slots, bytes, sink)
    }

    /// Gives a running snapshot up.
    pub fn snapshot_abort(&mut self) {
        self.queue.snapshot_abort();
    }

    /// Verifies everything that must hold between commands, for tests. Takes time for each job, tube and
    /// connection.
    ///
    /// # Errors
    ///
    /// The first thing that doesn't hold, in words. It is always a defect of this crate.
    pub fn check(&self) -> Result<(), String> {
        if let Some(due) = self.next_due().filter(|due| *due <= self.now) {
            return Err(format!("something was due at {due:?} and it is {:?}", self.now));
        }
        self.queue.check()
    }
}
