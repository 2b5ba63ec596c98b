//! The state machine as a whole: the clock, and the parts that it drives.

use crate::snapshot::Record;
use crate::tube::{self, Queue, Totals};
use crate::{Command, ConnectionId, Outbox, Time, zk};

/// Everything that is replicated.
///
/// ```
/// use trellis_core::{Command, ConnectionId, Outbox, State, Time, tube, zk};
///
/// struct Print(Vec<String>);
///
/// impl Outbox for Print {
///     fn tube(&mut self, to: ConnectionId, reply: tube::Reply<'_>) {
///         self.0.push(format!("{}: {reply:?}", to.number()));
///     }
///     fn zk(&mut self, to: ConnectionId, zxid: zk::Zxid, reply: zk::Reply<'_>) {
///         self.0.push(format!("{}: {zxid} {reply:?}", to.number()));
///     }
///     fn zk_event(&mut self, event: zk::Event<'_>) {
///         self.0.push(format!("{:?} {}", event.kind, event.path));
///     }
///     fn zk_quota_exceeded(&mut self, _excess: zk::QuotaExcess<'_>) {}
///     fn zk_connection_lost(&mut self, _session: zk::SessionId, _connection: ConnectionId) {}
///     fn zk_session_ended(&mut self, _session: zk::SessionId, _connection: Option<ConnectionId>) {}
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
    tree: zk::Tree,
}

impl Default for State {
    fn default() -> Self {
        State::new()
    }
}

impl State {
    /// An empty state: the tube `default` and the znodes that are always there, and nothing else.
    #[must_use]
    pub fn new() -> Self {
        State::seeded(0)
    }

    /// As [`State::new`], where names of znodes are hashed with a seed that clients can't know, so that they can't
    /// choose names that are slow to find. Nothing else depends on it, and it needs not be the same on every node.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        State::from_parts(Time(0), Queue::new(), zk::Tree::new(seed))
    }

    pub(crate) fn from_parts(now: Time, queue: Queue, tree: zk::Tree) -> Self {
        State { now, queue, tree }
    }

    /// Moves time forward to `at`, firing what is due, then carries out `command`. Time never goes back: an
    /// earlier `at` counts as the last one.
    ///
    /// What was due fires in the order in which it was due, but happens at `at`: a TTR that begins then is counted
    /// from `at`. Jobs come before znodes. What a command causes for others comes before its own reply. A command of a connection that
    /// isn't open does nothing.
    pub fn apply(&mut self, at: Time, command: Command<'_>, outbox: &mut dyn Outbox) {
        self.now = self.now.max(at);
        self.queue.fire(self.now, outbox);
        self.tree.fire(self.now, outbox);
        match command {
            Command::Tick => {}
            Command::CloseNode { node } => {
                self.queue.close_node(self.now, node, outbox);
                self.tree.close_node(node);
            }
            Command::Tube { connection, command } => {
                self.queue.apply(self.now, connection, &command, outbox);
            }
            Command::Zk { connection, command } => {
                self.tree.apply(self.now, connection, &command, outbox);
            }
        }
    }

    /// Answers a question at the time `at` without changing anything. What became due since the last command
    /// hasn't happened yet.
    pub fn query(&self, at: Time, connection: ConnectionId, query: &tube::Query, outbox: &mut dyn Outbox) {
        self.queue.answer(at.max(self.now), connection, query, outbox);
    }

    /// What a command of the work queue would do at the time `at`, without doing it. What became due since the last
    /// command hasn't happened yet.
    #[must_use]
    pub fn effect(
        &self,
        at: Time,
        connection: ConnectionId,
        command: &tube::Command<'_>,
    ) -> tube::Effect<'_> {
        self.queue.effect(at.max(self.now), connection, command)
    }

    /// Brings the memory of znodes near that questions soon to come are about: with a large tree, that is what most of the
    /// time goes into. Nothing that can be observed changes; a path may be any text.
    pub fn zk_prefetch(&self, paths: &[&str]) {
        self.tree.prefetch(paths);
    }

    /// Answers a question of ZooKeeper's protocol for `identities`, without changing anything.
    pub fn query_zk(
        &self,
        connection: ConnectionId,
        identities: zk::Identities<'_>,
        query: &zk::Query<'_>,
        outbox: &mut dyn Outbox,
    ) {
        self.tree.answer(connection, identities, query, outbox);
    }

    /// Begins to list the children of the znode with this path, for those who may read it, in pieces: a list of
    /// a million names takes long enough to keep others waiting. The list is that of now, whatever happens later.
    ///
    /// It belongs to this node alone. One that isn't read to its end is to be ended by [`Self::zk_listing_end`].
    ///
    /// # Errors
    ///
    /// As for [`zk::Query::GetChildren`].
    pub fn zk_listing_begin(
        &mut self,
        connection: ConnectionId,
        identities: zk::Identities<'_>,
        path: &str,
    ) -> Result<zk::ListingStart, zk::Error> {
        self.tree.listing_begin(connection, identities, path)
    }

    /// Gives at most `names` more names of a listing to `sink`. True while there may be more; false at the end, where
    /// the listing is forgotten; none if there is no such listing, because it was ended or because this state came
    /// from a snapshot meanwhile.
    pub fn zk_listing_next(
        &mut self,
        id: zk::ListingId,
        names: usize,
        sink: &mut dyn FnMut(&str),
    ) -> Option<bool> {
        self.tree.listing_next(id, names, sink)
    }

    /// Gives a listing up.
    pub fn zk_listing_end(&mut self, id: zk::ListingId) {
        self.tree.listing_end(id);
    }

    /// The earliest time at which something is due, if anything is.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        self.queue.next_due().into_iter().chain(self.tree.next_due()).min()
    }

    /// The earliest time at which a transaction of ZooKeeper's protocol is due, if one is.
    #[must_use]
    pub fn zk_next_due(&self) -> Option<Time> {
        self.tree.next_due()
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

    /// The last transaction of ZooKeeper's protocol.
    #[must_use]
    pub fn zxid(&self) -> zk::Zxid {
        self.tree.zxid()
    }

    /// The facts of the tree of znodes as a whole.
    #[must_use]
    pub fn zk_totals(&self) -> zk::Totals {
        self.tree.totals()
    }

    /// The facts of the znode with this path, without a look at who asks.
    #[must_use]
    pub fn zk_stat(&self, path: &str) -> Option<zk::Stat> {
        self.tree.stat(path)
    }

    /// All sessions, by id, for whoever listens to their heartbeats.
    pub fn zk_sessions(&self) -> impl Iterator<Item = zk::SessionFacts> {
        self.zk_sessions_from(zk::SessionId::MIN)
    }

    /// The sessions with this id or a larger one, by id.
    pub fn zk_sessions_from(&self, from: zk::SessionId) -> impl Iterator<Item = zk::SessionFacts> {
        self.tree.session_facts(from)
    }

    /// The ephemeral znodes from a place on, by session, with their paths.
    pub fn zk_ephemerals_from(
        &self,
        from: zk::EphemeralPlace,
    ) -> impl Iterator<Item = (zk::EphemeralPlace, String)> {
        self.tree.ephemerals_from(from)
    }

    /// Begins a snapshot of the state as it is now; one that is running is given up.
    ///
    /// Takes time for each tube, connection and session, but not for each job and znode. Commands may go on; the more
    /// of its jobs and znodes they change before [`Self::snapshot_next`] has read them, the more memory it takes for a while.
    pub fn snapshot_begin(&mut self) {
        self.queue.snapshot_begin(self.now);
        self.tree.snapshot_begin();
    }

    /// Goes on with the snapshot: looks at about `slots` jobs or znodes (at most four times as many), stopping as soon
    /// as their bodies or data have about `bytes` in all, and gives those that belong to it to `sink`. True while there are more; false at the end,
    /// and when no snapshot is running.
    pub fn snapshot_next(&mut self, slots: usize, bytes: usize, sink: &mut dyn FnMut(Record<'_>)) -> bool {
        self.queue.snapshot_next(slots, bytes, sink) || self.tree.snapshot_next(slots, bytes, sink)
    }

    /// Gives a running snapshot up.
    pub fn snapshot_abort(&mut self) {
        self.queue.snapshot_abort();
        self.tree.snapshot_abort();
    }

    /// Verifies everything that must hold between commands, for tests. Takes time for each job, tube,
    /// connection, znode and session.
    ///
    /// # Errors
    ///
    /// The first thing that doesn't hold, in words. It is always a defect of this crate.
    pub fn check(&self) -> Result<(), String> {
        if let Some(due) = self.next_due().filter(|due| *due <= self.now) {
            return Err(format!("something was due at {due:?} and it is {:?}", self.now));
        }
        self.queue.check()?;
        self.tree.check()
    }
}
