//! The newest entries of the log, in memory: what is about to be applied.

use std::collections::VecDeque;

use openraft::entry::RaftEntry;

use crate::limits::CACHE_BYTES_MAX;
use crate::types::{Entry, Payload};

/// A run of consecutive entries that ends with the newest.
#[derive(Default)]
pub(crate) struct Cache {
    entries: VecDeque<Entry>,
    bytes: usize,
}

/// However large they are, this many entries stay: the newest are always about to be applied.
const ENTRIES_KEPT: usize = 2;

impl Cache {
    /// The index of the oldest entry here.
    pub(crate) fn first(&self) -> Option<u64> {
        self.entries.front().map(RaftEntry::index)
    }

    /// Adds the newest entry, and lets old ones go. One that doesn't follow the newest starts the run anew.
    pub(crate) fn push(&mut self, entry: Entry) {
        if self.entries.back().is_some_and(|newest| newest.index() + 1 != entry.index()) {
            self.clear();
        }
        self.bytes += bytes(&entry);
        self.entries.push_back(entry);
        while self.bytes > CACHE_BYTES_MAX && self.entries.len() > ENTRIES_KEPT {
            self.pop_oldest();
        }
    }

    /// The entries from `start` up to, but not including, `end` that are here.
    pub(crate) fn range(&self, start: u64, end: u64) -> impl Iterator<Item = &Entry> {
        let first = self.first().unwrap_or(end);
        let position = |index: u64| {
            let position = usize::try_from(index.saturating_sub(first)).unwrap_or(usize::MAX);
            position.min(self.entries.len())
        };
        let (from, to) = (position(start), position(end));
        self.entries.range(from..to.max(from))
    }

    /// Drops the entries behind `index`, or all.
    pub(crate) fn truncate_after(&mut self, index: Option<u64>) {
        while self.entries.back().is_some_and(|newest| index.is_none_or(|index| newest.index() > index)) {
            if let Some(entry) = self.entries.pop_back() {
                self.bytes -= bytes(&entry);
            }
        }
    }

    /// Drops the entries up to `index`, which is included.
    pub(crate) fn purge(&mut self, index: u64) {
        while self.first().is_some_and(|oldest| oldest <= index) {
            self.pop_oldest();
        }
    }

    fn pop_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= bytes(&entry);
        }
    }

    fn clear(&mut self) {
        *self = Cache::default();
    }
}

/// What an entry holds in memory, roughly.
fn bytes(entry: &Entry) -> usize {
    let content = match &entry.payload {
        Payload::Normal(proposal) => proposal.0.len(),
        Payload::Blank | Payload::Membership(_) => 0,
    };
    content + size_of::<Entry>()
}
