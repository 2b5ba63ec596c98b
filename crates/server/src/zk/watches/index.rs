//! A hash table of slots in shards: growing one of a million entries in one piece would stop everybody for
//! milliseconds, growing a shard does for microseconds.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

const SHARDS: usize = 256;

/// A set of slots, found by the hashes of what lies in them.
pub(super) struct Index(Box<[HashTable<u32>]>);

impl Default for Index {
    fn default() -> Self {
        Index((0..SHARDS).map(|_| HashTable::new()).collect())
    }
}

impl Index {
    pub(super) fn find(&self, hash: u64, is: impl FnMut(&u32) -> bool) -> Option<u32> {
        self.shard(hash).find(hash, is).copied()
    }

    /// Adds a slot that is not there; `hash_of` gives the hashes of others when the shard grows.
    pub(super) fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(&u32) -> u64) {
        self.shard_mut(hash).insert_unique(hash, slot, hash_of);
    }

    pub(super) fn remove(&mut self, hash: u64, slot: u32) {
        if let Ok(entry) = self.shard_mut(hash).find_entry(hash, |other| *other == slot) {
            entry.remove();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(HashTable::len).sum()
    }

    fn shard(&self, hash: u64) -> &HashTable<u32> {
        &self.0[shard_of(hash)]
    }

    fn shard_mut(&mut self, hash: u64) -> &mut HashTable<u32> {
        &mut self.0[shard_of(hash)]
    }
}

/// The tables use the lowest and the highest bits of a hash themselves.
fn shard_of(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}

/// The hash of a path.
pub(super) fn of_path(path: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(path.as_bytes());
    hasher.finish()
}

/// The hash of a pair of slots.
pub(super) fn of_pair(first: u32, second: u32) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(u64::from(first) << 32 | u64::from(second));
    hasher.finish()
}
