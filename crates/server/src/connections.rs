//! The connections of this node: the one place where a connection's number leads to its socket.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use trellis_core::{ConnectionId, NodeId};

use crate::outgoing::Outgoing;

/// All connections that are open, of every protocol.
pub(crate) struct Connections {
    node: NodeId,
    maximum: usize,
    opened: AtomicU64,
    /// Counted apart from the map, so that statistics need no lock.
    open: AtomicUsize,
    by_number: Mutex<FxHashMap<u64, Arc<Outgoing>>>,
}

impl Connections {
    pub(crate) fn new(node: NodeId, maximum: usize) -> Self {
        Connections {
            node,
            maximum,
            opened: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            by_number: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<u64, Arc<Outgoing>>> {
        self.by_number.lock().unwrap_or_else(PoisonError::into_inner)
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
}
