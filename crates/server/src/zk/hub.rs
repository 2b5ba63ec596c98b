//! What all of this node's clients share: who is connected, who watches what, and whose session lives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use trellis_core::ConnectionId;

use super::peer::Peer;
use super::sessions::Heartbeats;
use super::settings::Settings;
use super::watches::Watches;

/// The node's side of ZooKeeper's protocol, apart from the state machine.
pub(crate) struct Hub {
    pub(crate) settings: Settings,
    pub(super) heartbeats: Heartbeats,
    peers: Mutex<FxHashMap<u64, Arc<Peer>>>,
    watches: Mutex<Watches>,
}

impl Hub {
    pub(crate) fn new(settings: Settings) -> Self {
        Hub { settings, heartbeats: Heartbeats::new(), peers: Mutex::default(), watches: Mutex::default() }
    }

    pub(super) fn peers(&self) -> MutexGuard<'_, FxHashMap<u64, Arc<Peer>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn watches(&self) -> MutexGuard<'_, Watches> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn peer(&self, number: u64) -> Option<Arc<Peer>> {
        self.peers().get(&number).cloned()
    }

    pub(super) fn add(&self, peer: &Arc<Peer>) {
        self.peers().insert(peer.id.number(), Arc::clone(peer));
    }

    /// Forgets a connection; its watches go with it.
    pub(super) fn remove(&self, id: ConnectionId) {
        if let Some(peer) = self.peers().remove(&id.number()) {
            let watcher = peer.lock().watcher;
            self.watches().remove_client(watcher);
        }
    }
}
