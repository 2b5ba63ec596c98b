//! A hash table of slots in shards: growing one of a million entries in one piece would stop everybody for
//! milliseconds, growing a shard does for microseconds. All shards grow at about the same time, so each entry keeps its
//! hash: looking for it in a million places would take as long as the one piece.

use std::hash::{BuildHasher, Hasher, RandomState};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

const SHARDS: usize = 256;

/// A hash of what lies in a slot.
pub(super) type Hash = u32;

/// A set of slots, found by the hashes of what lies in them.
pub(super) struct Index(Box<[HashTable<Entry>]>);

struct Entry {
    hash: Hash,
    slot: u32,
}

impl Default for Index {
    fn default() -> Self {
        Index((0..SHARDS).map(|_| HashTable::new()).collect())
    }
}

impl Index {
    pub(super) fn find(&self, hash: Hash, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let found = self.0[shard_of(hash)].find(spread(hash), |entry| entry.hash == hash && is(entry.slot));
        found.map(|entry| entry.slot)
    }

    /// Adds a slot that is not there.
    pub(super) fn insert(&mut self, hash: Hash, slot: u32) {
        self.0[shard_of(hash)].insert_unique(spread(hash), Entry { hash, slot }, |entry| spread(entry.hash));
    }

    pub(super) fn remove(&mut self, hash: Hash, slot: u32) {
        if let Ok(entry) = self.0[shard_of(hash)].find_entry(spread(hash), |entry| entry.slot == slot) {
            entry.remove();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(HashTable::len).sum()
    }
}

/// A table uses the lowest and the highest of 64 bits.
fn spread(hash: Hash) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// From bits that mean least to the table.
fn shard_of(hash: Hash) -> usize {
    (spread(hash) >> 40) as usize % SHARDS
}

/// The hash of a path. Clients choose paths, and none may know which of them share a place.
pub(super) fn of_path(secret: &RandomState, path: &str) -> Hash {
    half(secret.hash_one(path))
}

/// The hash of a pair of slots.
pub(super) fn of_pair(first: u32, second: u32) -> Hash {
    let mut hasher = FxHasher::default();
    hasher.write_u64(u64::from(first) << 32 | u64::from(second));
    half(hasher.finish())
}

fn half(hash: u64) -> Hash {
    ((hash ^ hash >> 32) & 0xffff_ffff) as u32
}
