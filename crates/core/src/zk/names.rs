//! From a parent and a name to the child: a hash table that grows and shrinks by one bucket at a time, so that no
//! insert ever waits for all the others to move (linear hashing).
//!
//! The buckets are chains through the znodes themselves, so that a znode costs four bytes here. Nothing that can be
//! observed depends on the hashes: they only decide how long a chain is.

use std::hash::{DefaultHasher, Hasher};

use super::node::{NONE, Node};
use crate::slab::Slab;

/// How many buckets lie in a page; growing never copies a page.
const PAGE_BUCKETS: usize = 1024;

/// Odd, so that it maps different parents to different numbers, in their lower bits, too; and large, so that the upper ones
/// differ as well. (2^64 divided by the golden ratio.)
const PARENT_SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// There are always at least this many buckets.
const BUCKETS_MIN: u32 = 16;

/// The directory of names.
pub(super) struct Names {
    pages: Vec<Vec<u32>>,
    /// About as many as there are znodes, at least [`BUCKETS_MIN`].
    buckets: u32,
    len: u32,
    /// Every hash goes on from here. It holds a seed that is unknown to clients, so that they can't choose names for which
    /// a chain gets long.
    hasher: DefaultHasher,
}

impl Names {
    pub(super) fn new(seed: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(seed);
        let mut names = Names { pages: Vec::new(), buckets: 0, len: 0, hasher };
        for _ in 0..BUCKETS_MIN {
            names.push_bucket(NONE);
        }
        names
    }

    /// The child of `parent` with this name.
    pub(super) fn find(&self, nodes: &Slab<Node>, parent: u32, name: &[u8]) -> Option<u32> {
        let hash = self.hash(parent, name);
        let mut slot = self.first(self.bucket(hash));
        while slot != NONE {
            let node = nodes.get(slot);
            if node.tag == tag(hash) && node.parent == parent && node.content.name() == name {
                return Some(slot);
            }
            slot = node.chain;
        }
        None
    }

    /// Where the search for a child begins, [`NONE`] if it ends there, and the tag that it looks for.
    pub(super) fn begin(&self, parent: u32, name: &[u8]) -> (u32, u16) {
        let hash = self.hash(parent, name);
        (self.first(self.bucket(hash)), tag(hash))
    }

    /// Adds a child whose name its parent doesn't have yet.
    pub(super) fn insert(&mut self, nodes: &mut Slab<Node>, slot: u32) {
        self.len += 1;
        if self.len > self.buckets {
            self.grow(nodes);
        }
        self.push(nodes, slot);
    }

    /// Takes a child out that is here.
    pub(super) fn remove(&mut self, nodes: &mut Slab<Node>, slot: u32) {
        let bucket = self.bucket(self.hash_of(nodes, slot));
        let behind = nodes.get(slot).chain;
        let mut other = self.first(bucket);
        if other == slot {
            *self.first_mut(bucket) = behind;
        } else {
            while nodes.get(other).chain != slot {
                other = nodes.get(other).chain;
            }
            nodes.get_mut(other).chain = behind;
        }
        self.len -= 1;
        if self.buckets > BUCKETS_MIN && self.len < self.buckets / 2 {
            self.shrink(nodes);
        }
    }

    /// Adds a bucket, and moves there what belongs there from the only bucket where it can have been.
    fn grow(&mut self, nodes: &mut Slab<Node>) {
        let source = self.buckets & (self.round() / 2 - 1);
        self.push_bucket(NONE);
        let mut slot = std::mem::replace(self.first_mut(source), NONE);
        while slot != NONE {
            let next = nodes.get(slot).chain;
            self.push(nodes, slot);
            slot = next;
        }
    }

    /// Removes the last bucket, and moves what is there to where it was before the bucket was added.
    fn shrink(&mut self, nodes: &mut Slab<Node>) {
        self.buckets -= 1;
        let page = self.pages.last_mut().expect("there is at least one bucket");
        let mut slot = page.pop().expect("pages without buckets are dropped");
        if page.is_empty() {
            self.pages.pop();
        }
        while slot != NONE {
            let next = nodes.get(slot).chain;
            self.push(nodes, slot);
            slot = next;
        }
    }

    fn push(&mut self, nodes: &mut Slab<Node>, slot: u32) {
        let hash = self.hash_of(nodes, slot);
        let node = nodes.get_mut(slot);
        node.tag = tag(hash);
        node.chain = std::mem::replace(self.first_mut(self.bucket(hash)), slot);
    }

    fn push_bucket(&mut self, first: u32) {
        if self.pages.last().is_none_or(|page| page.len() == PAGE_BUCKETS) {
            self.pages.push(Vec::with_capacity(PAGE_BUCKETS));
        }
        self.pages.last_mut().expect("a page was just made").push(first);
        self.buckets += 1;
    }

    /// The power of two that the number of buckets has reached or is on its way to.
    fn round(&self) -> u32 {
        (self.buckets + 1).next_power_of_two()
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash do")]
    fn bucket(&self, hash: u64) -> u32 {
        let round = self.round();
        let bucket = hash as u32 & (round - 1);
        if bucket < self.buckets { bucket } else { bucket & (round / 2 - 1) }
    }

    fn first(&self, bucket: u32) -> u32 {
        self.pages[bucket as usize / PAGE_BUCKETS][bucket as usize % PAGE_BUCKETS]
    }

    fn first_mut(&mut self, bucket: u32) -> &mut u32 {
        &mut self.pages[bucket as usize / PAGE_BUCKETS][bucket as usize % PAGE_BUCKETS]
    }

    fn hash_of(&self, nodes: &Slab<Node>, slot: u32) -> u64 {
        let node = nodes.get(slot);
        self.hash(node.parent, node.content.name())
    }

    fn hash(&self, parent: u32, name: &[u8]) -> u64 {
        let mut hasher = self.hasher.clone();
        hasher.write(name);
        // Equal names of different parents never meet in all bits, and who knows no hash can't make different names meet.
        hasher.finish() ^ u64::from(parent).wrapping_mul(PARENT_SPREAD)
    }
}

/// The bits of a hash that choose no bucket.
fn tag(hash: u64) -> u16 {
    (hash >> 48) as u16
}

impl Names {
    /// Verifies the chains, for [`State::check`](crate::State::check).
    pub(super) fn check(&self, nodes: &Slab<Node>) -> Result<(), String> {
        let mut len = 0;
        for bucket in 0..self.buckets {
            let mut slot = self.first(bucket);
            while slot != NONE {
                if self.bucket(self.hash_of(nodes, slot)) != bucket {
                    return Err(format!("znode in slot {slot} is in the wrong bucket"));
                }
                slot = nodes.get(slot).chain;
                len += 1;
            }
        }
        let expected = (self.len, self.pages.iter().map(Vec::len).sum::<usize>());
        if expected == (len, self.buckets as usize) {
            return Ok(());
        }
        Err(format!("{len} names in {} buckets, counted {expected:?}", self.buckets))
    }
}
