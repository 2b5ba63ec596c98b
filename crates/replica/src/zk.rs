//! ZooKeeper's half of [`Replica`]: commands that go into the log, and questions that don't.

use trellis_core::{ConnectionId, zk};

use crate::applied::lock;
use crate::batch::Query;
use crate::replica::Replica;

impl Replica {
    /// Hands in a command of ZooKeeper's protocol. Its reply, if it gets one, comes through
    /// [`Deliver`](crate::Deliver), after everything that was handed in for the same connection before. Never waits;
    /// see [`Replica::poll_room`].
    ///
    /// A connection that is closed needs no command: its session lives on until it is expired.
    pub fn submit_zk(&self, connection: ConnectionId, command: &zk::Command<'_>) {
        self.0.intake.submit_zk(connection, command);
    }

    /// Hands in a question of ZooKeeper's protocol, which is answered at its place among the connection's commands.
    pub fn query_zk(&self, connection: ConnectionId, identities: zk::Identities<'_>, query: zk::Query<'_>) {
        let query = Query::Zk { identities: identities.into(), query: query.into_owned() };
        self.0.intake.query(connection, query);
    }

    /// Answers a question of ZooKeeper's protocol before this returns, through [`Deliver`](crate::Deliver); it is sent
    /// by the next [`Replica::flush`]. Only for connections that have a session and nothing under way, or the answer
    /// would overtake others.
    ///
    /// It is answered from everything that this node has carried out, and nothing that has been given out by it is
    /// newer: no connection is told something older than what it has already been told here.
    pub fn answer_zk(&self, connection: ConnectionId, identities: zk::Identities<'_>, query: &zk::Query<'_>) {
        lock(&self.0.applied).answer_zk(connection, identities, query);
    }

    /// Brings the memory of znodes near that questions soon to come are about; see
    /// [`State::zk_prefetch`](trellis_core::State::zk_prefetch).
    pub fn zk_prefetch(&self, paths: &[&str]) {
        lock(&self.0.applied).state.zk_prefetch(paths);
    }

    /// Has the answers of [`Replica::answer_zk`] sent.
    pub fn flush(&self) {
        lock(&self.0.applied).flush();
    }

    /// All sessions, by id, for whoever is to listen to their heartbeats. The connections of an earlier process may
    /// still be among what is told of them.
    #[must_use]
    pub fn sessions(&self) -> Vec<zk::SessionFacts> {
        lock(&self.0.applied).state.zk_sessions().collect()
    }

    /// At most `count` sessions with this id or a larger one, by id: all of them, piece by piece, without keeping others
    /// waiting.
    #[must_use]
    pub fn sessions_from(&self, from: zk::SessionId, count: usize) -> Vec<zk::SessionFacts> {
        lock(&self.0.applied).state.zk_sessions_from(from).take(count).collect()
    }

    /// Gives ephemeral znodes from a place on to `sink`, by session, as long as it says true; it must not ask the replica
    /// for anything. Gives the place where to go on.
    pub fn ephemerals_from(
        &self,
        from: zk::EphemeralPlace,
        sink: &mut dyn FnMut(zk::SessionId, &str) -> bool,
    ) -> Option<zk::EphemeralPlace> {
        let applied = lock(&self.0.applied);
        let mut ephemerals = applied.state.zk_ephemerals_from(from);
        let (last, _) = ephemerals.find(|(place, path)| !sink(place.session, path))?;
        Some(last.next())
    }

    /// The last transaction of ZooKeeper's protocol, and the facts of the tree as a whole.
    #[must_use]
    pub fn zk_facts(&self) -> (zk::Zxid, zk::Totals) {
        let applied = lock(&self.0.applied);
        (applied.state.zxid(), applied.state.zk_totals())
    }

    /// Begins to list the children of a znode in pieces, as they are now, for a connection as for
    /// [`Replica::answer_zk`]. One that isn't read to its end is to be ended by [`Replica::listing_end`].
    ///
    /// # Errors
    /// Those of [`zk::Query::GetChildren`].
    pub fn listing_begin(
        &self,
        connection: ConnectionId,
        identities: zk::Identities<'_>,
        path: &str,
    ) -> Result<zk::ListingStart, zk::Error> {
        lock(&self.0.applied).state.zk_listing_begin(connection, identities, path)
    }

    /// Gives at most `names` more names of a listing to `sink`, which must not ask the replica for anything. True while
    /// there may be more; false at the end, where the listing is forgotten; none if it is unknown by now, and has to
    /// be begun again.
    pub fn listing_next(
        &self,
        listing: zk::ListingId,
        names: usize,
        sink: &mut dyn FnMut(&str),
    ) -> Option<bool> {
        lock(&self.0.applied).state.zk_listing_next(listing, names, sink)
    }

    /// Gives a listing up.
    pub fn listing_end(&self, listing: zk::ListingId) {
        lock(&self.0.applied).state.zk_listing_end(listing);
    }
}
