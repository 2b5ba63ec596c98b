//! What all of this node's clients share: who is connected, who watches what, and whose session lives.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustc_hash::FxHashMap;
use trellis_core::ConnectionId;

use super::addresses::Addresses;
use super::listing::Turns;
use super::peer::Peer;
use super::sessions::Heartbeats;
use super::settings::Settings;
use super::statistics::Statistics;
use super::unfinished::Unfinished;
use super::watches::{Modes, Watches};
use crate::limits::REPLY_BYTES_UNSENT_TOTAL_MAX;
use crate::reminder::Reminder;

/// The node's side of ZooKeeper's protocol, apart from the state machine.
pub(crate) struct Hub {
    pub(crate) settings: Settings,
    pub(super) heartbeats: Heartbeats,
    peers: Mutex<FxHashMap<u64, Arc<Peer>>>,
    /// The numbers of all peers, for whoever lists them piece by piece.
    numbers: Mutex<BTreeSet<u64>>,
    addresses: Mutex<Addresses>,
    watches: Mutex<Watches>,
    statistics: Mutex<Statistics>,
    /// Who may gather a long list.
    pub(super) listings: Arc<Turns>,
    /// It has been said that clients are hung up on that don't read.
    burdened: AtomicBool,
    /// It has been said that a client is hung up on that watches too much.
    watch_excesses: Mutex<Reminder>,
    unfinished: Unfinished,
    /// It has been said that a client is hung up on since there is too much of that.
    unfinished_excesses: Mutex<Reminder>,
}

impl Hub {
    pub(crate) fn new(settings: Settings) -> Self {
        Hub {
            unfinished: Unfinished::new(settings.frame_bytes_max),
            unfinished_excesses: Mutex::default(),
            settings,
            heartbeats: Heartbeats::new(),
            peers: Mutex::default(),
            numbers: Mutex::default(),
            addresses: Mutex::default(),
            watches: Mutex::default(),
            statistics: Mutex::default(),
            listings: Arc::default(),
            burdened: AtomicBool::new(false),
            watch_excesses: Mutex::default(),
        }
    }

    pub(super) fn peers(&self) -> MutexGuard<'_, FxHashMap<u64, Arc<Peer>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn watches(&self) -> MutexGuard<'_, Watches> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn statistics(&self) -> MutexGuard<'_, Statistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn numbers(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At most `count` peers with this number or a larger one, in the order in which they came.
    pub(super) fn peers_from(&self, from: u64, count: usize) -> Vec<Arc<Peer>> {
        let (numbers, peers) = (self.numbers(), self.peers());
        numbers.range(from..).take(count).filter_map(|number| peers.get(number).cloned()).collect()
    }

    pub(super) fn peer(&self, id: ConnectionId) -> Option<Arc<Peer>> {
        self.peers().get(&id.number()).cloned()
    }

    /// Says once, until there is room again, that clients are hung up on.
    pub(super) fn note_burden(&self) {
        if !self.burdened.swap(true, Relaxed) {
            tracing::warn!(
                limit = REPLY_BYTES_UNSENT_TOTAL_MAX,
                "clients are hung up on that don't read: the limit of what waits for clients is reached"
            );
        }
    }

    pub(super) fn note_room(&self) {
        self.burdened.store(false, Relaxed);
    }

    /// Adds to what a client watches. False if that would be too much: it is hung up on then.
    pub(super) fn watch(&self, peer: &Peer, path: &str, modes: Modes) -> bool {
        let (watcher, session) = {
            let state = peer.lock();
            (state.watcher, state.session.unwrap_or(0))
        };
        let added = self.watches().add(watcher, path, modes);
        if let Err(excess) = &added {
            peer.outgoing.lock().close_when_sent();
            if is_due(&self.watch_excesses) {
                tracing::warn!(
                    address = %peer.address,
                    session = %format_args!("{session:#x}"),
                    %excess,
                    "a client is hung up on that watches too much"
                );
            }
        }
        added.is_ok()
    }

    /// Notes that a client has `to` bytes of an unfinished request instead of `from`. False if that is too much.
    pub(super) fn keep(&self, peer: &Peer, from: usize, to: usize) -> bool {
        let fits = self.unfinished.change(from, to);
        if !fits && is_due(&self.unfinished_excesses) {
            tracing::warn!(
                address = %peer.address,
                limit = self.unfinished.bytes_max(),
                "a client is hung up on: the limit of requests whose rest has not come is reached"
            );
        }
        fits
    }

    fn addresses(&self) -> MutexGuard<'_, Addresses> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an address may have one more connection. If not, that is noted, and said from time to time.
    pub(crate) fn has_room(&self, address: IpAddr) -> bool {
        let max = self.settings.connections_per_address_max;
        let mut addresses = self.addresses();
        if max == 0 || addresses.count(address) < max {
            return true;
        }
        if let Some(refused) = addresses.refuse(address, Instant::now()) {
            tracing::warn!(
                %address,
                refused,
                "connections are refused: their address has too many (--zookeeper-max-connections-per-address)"
            );
        }
        drop(addresses);
        self.statistics().totals.connections_refused += 1;
        false
    }

    pub(super) fn add(&self, peer: &Arc<Peer>, address: IpAddr) {
        self.peers().insert(peer.id.number(), Arc::clone(peer));
        self.numbers().insert(peer.id.number());
        self.addresses().add(address);
    }

    /// Forgets a connection; its watches go with it.
    pub(super) fn remove(&self, peer: &Peer, address: IpAddr) {
        self.peers().remove(&peer.id.number());
        self.numbers().remove(&peer.id.number());
        let (watcher, abandoned) = {
            let mut state = peer.lock();
            (state.watcher, std::mem::take(&mut state.pending).len())
        };
        self.statistics().outstanding -= i64::try_from(abandoned).unwrap_or(i64::MAX);
        self.watches().remove_client(watcher);
        self.addresses().remove(address);
    }
}

fn is_due(reminder: &Mutex<Reminder>) -> bool {
    reminder.lock().unwrap_or_else(PoisonError::into_inner).is_due()
}
