//! What happens by itself as time passes: containers that have lost their last child, and znodes that are too old, go.

use super::reply::EventKind;
use super::tree::Tree;
use crate::limits::{REMOVALS_MAX, REMOVALS_PAUSE_MICROSECONDS};
use crate::{Outbox, Time};

impl Tree {
    /// When something is due first.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.timers.first_key_value().map(|((due, _), _)| (*due).max(self.timers_pause))
    }

    /// Removes what is due at `at` or before, in the order in which it was due, each in a transaction of its own. If
    /// there is too much for once, others get a turn before it goes on.
    pub(crate) fn fire(&mut self, at: Time, outbox: &mut dyn Outbox) {
        let mut left = REMOVALS_MAX;
        while self.next_due().is_some_and(|due| due <= at)
            && let Some((_, slot)) = self.timers.first_key_value()
        {
            if left == 0 {
                self.timers_pause = Time(at.0.saturating_add(REMOVALS_PAUSE_MICROSECONDS));
                return;
            }
            left -= 1;
            self.zxid += 1;
            self.remove_and_announce(at, *slot, outbox);
        }
    }

    /// Removes a znode without children in the present transaction, and tells those who watch.
    pub(super) fn remove_and_announce(&mut self, at: Time, slot: u32, outbox: &mut dyn Outbox) {
        let path = self.nodes.path(slot);
        self.delete_node(at, self.zxid, slot);
        self.announce_family(EventKind::Deleted, &path, slot, outbox);
        self.keep_changes();
    }
}
