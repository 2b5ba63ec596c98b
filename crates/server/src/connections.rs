//! The connections of this node: the one place where a connection's number leads to its socket.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use trellis_core::{ConnectionId, NodeId};

use crate::limits::{REPLY_BYTES_UNSENT_TOTAL_AIM, REPLY_BYTES_UNSENT_TOTAL_MAX, STUCK_CHECK_MS, STUCK_MS};
use crate::outgoing::{Outgoing, Unsent};

/// All connections that are open, of every protocol.
pub(crate) struct Connections {
    node: NodeId,
    maximum: usize,
    opened: AtomicU64,
    /// Counted apart from the map, so that statistics need no lock.
    open: AtomicUsize,
    by_number: Mutex<FxHashMap<u64, Arc<Outgoing>>>,
    /// What all of them have not taken.
    unsent: Arc<Unsent>,
    /// When those that are stuck were last looked for.
    checked: Mutex<Option<Instant>>,
}

impl Connections {
    pub(crate) fn new(node: NodeId, maximum: usize) -> Self {
        Connections {
            node,
            maximum,
            opened: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            by_number: Mutex::default(),
            unsent: Arc::default(),
            checked: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<u64, Arc<Outgoing>>> {
        self.by_number.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the connections count what is left over.
    pub(crate) fn unsent(&self) -> Arc<Unsent> {
        Arc::clone(&self.unsent)
    }

    /// Whether one more may be opened.
    pub(crate) fn has_room(&self) -> bool {
        self.open() < self.maximum
    }

    /// Gives a new connection its number.
    pub(crate) fn add(&self, outgoing: Arc<Outgoing>) -> ConnectionId {
        let number = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, outgoing);
        ConnectionId::new(self.node, number)
    }

    pub(crate) fn remove(&self, id: ConnectionId) {
        if self.lock().remove(&id.number()).is_some() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The connection, if it is this node's and still open.
    pub(crate) fn get(&self, id: ConnectionId) -> Option<Arc<Outgoing>> {
        if id.node() != self.node {
            return None;
        }
        self.lock().get(&id.number()).cloned()
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections opened since the start.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Outgoing)) {
        self.lock().values().for_each(|outgoing| visit(outgoing));
    }

    /// Whether clients have left more than the limit.
    pub(crate) fn is_crowded(&self) -> bool {
        self.unsent.is_over_limit()
    }

    /// Closes those that are stuck if clients have left more than the limit. True if it is kept then.
    pub(crate) fn make_room_for_replies(&self) -> bool {
        if self.unsent.is_over_limit() {
            self.close_stuck(Instant::now());
        }
        !self.unsent.is_over_limit()
    }

    /// Closes those that are stuck, beginning with the longest, until there is room.
    fn close_stuck(&self, now: Instant) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = Duration::from_millis(STUCK_CHECK_MS);
        if checked.is_some_and(|checked| now.duration_since(checked) < pause) {
            return;
        }
        *checked = Some(now);

        let unsent = self.unsent.bytes();
        let mut closed = 0;
        for (_, outgoing) in self.stuck(now) {
            if self.unsent.bytes() <= REPLY_BYTES_UNSENT_TOTAL_AIM {
                break;
            }
            closed += u32::from(outgoing.close_if_stuck());
        }
        if closed > 0 {
            tracing::warn!(
                closed,
                unsent,
                limit = REPLY_BYTES_UNSENT_TOTAL_MAX,
                "connections are closed whose clients don't read: the limit of replies that wait is reached"
            );
        }
    }

    /// Those that are stuck, the longest first.
    fn stuck(&self, now: Instant) -> Vec<(Instant, Arc<Outgoing>)> {
        let mut stuck = Vec::new();
        for outgoing in self.lock().values() {
            if let Some(since) = outgoing.waits_since()
                && now.duration_since(since) >= Duration::from_millis(STUCK_MS)
            {
                stuck.push((since, Arc::clone(outgoing)));
            }
        }
        stuck.sort_unstable_by_key(|&(since, _)| since);
        stuck
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::socket::Socket;

    /// Three replies of this size are more than the limit, and one is less than what is aimed at.
    const REPLY_BYTES: usize = 30 << 20;

    /// Connections whose clients have not read a long reply, in the order in which they have got stuck.
    async fn stuck(count: usize) -> (Connections, Vec<(Arc<Outgoing>, UnixStream)>) {
        let connections = Connections::new(1, count);
        let mut pairs = Vec::new();
        for _ in 0..count {
            let (socket, client) = Socket::pair().await;
            let outgoing = Arc::new(Outgoing::new(socket, connections.unsent()));
            connections.add(Arc::clone(&outgoing));
            outgoing.add(true, |out| out.resize(REPLY_BYTES, b'x'));
            outgoing.complete();
            pairs.push((outgoing, client));
        }
        (connections, pairs)
    }

    fn closed(pairs: &[(Arc<Outgoing>, UnixStream)]) -> Vec<bool> {
        pairs.iter().map(|(outgoing, _)| outgoing.lock().is_broken()).collect()
    }

    fn later(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    #[tokio::test]
    async fn those_that_are_stuck_for_longest_make_room() {
        let (connections, pairs) = stuck(3).await;
        assert!(!connections.make_room_for_replies());
        assert_eq!(closed(&pairs), [false; 3], "none is stuck for long");
        connections.close_stuck(later(STUCK_MS + STUCK_CHECK_MS));
        assert_eq!(closed(&pairs), [true, true, false]);
        assert!(connections.make_room_for_replies());
        assert_eq!(connections.unsent.bytes(), REPLY_BYTES);
    }

    #[tokio::test]
    async fn whose_client_reads_stays() {
        let (connections, mut pairs) = stuck(3).await;
        // The runtime has had no time to notice.
        assert!(pairs[0].1.read_to_end(&mut Vec::new()).is_err(), "it stays open");
        connections.close_stuck(later(STUCK_MS));
        assert_eq!(closed(&pairs), [false, true, true]);
    }

    #[tokio::test]
    async fn within_the_limit_nobody_is_looked_for() {
        let (connections, pairs) = stuck(2).await;
        assert!(connections.make_room_for_replies());
        assert_eq!(*connections.checked.lock().unwrap(), None);
        assert_eq!(closed(&pairs), [false; 2]);
    }

    #[tokio::test]
    async fn those_that_are_stuck_are_not_looked_for_all_the_time() {
        let (connections, pairs) = stuck(3).await;
        let since = pairs[0].0.waits_since().unwrap();
        let after = |milliseconds| since + Duration::from_millis(milliseconds);
        connections.close_stuck(after(STUCK_MS - 1));
        connections.close_stuck(after(STUCK_MS - 2 + STUCK_CHECK_MS));
        assert_eq!(closed(&pairs), [false; 3]);
        connections.close_stuck(after(STUCK_MS - 1 + STUCK_CHECK_MS));
        assert!(closed(&pairs)[0]);
    }
}
