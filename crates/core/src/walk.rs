//! A way through all records of a store, some slots at a time, that sees them as they were when it began although they
//! go on changing: whoever changes a record first lets the walk keep it as it is, if it has yet to come there.
//!
//! A record has one byte that says whether the walk needs it still. Nothing here knows what the records are.

use std::collections::BTreeMap;

use crate::slab::Slab;

/// A record that a walk can mark.
pub(crate) trait Marked {
    /// The mark.
    fn mark(&self) -> u8;
    /// Changes it.
    fn set_mark(&mut self, mark: u8);
}

/// Takes a record in a slot, and what was kept of it, if the one that is there now is not to be looked at. Tells its
/// size in bytes.
type Give<'a, T, S> = dyn FnMut(&Slab<T>, u32, Option<S>) -> usize + 'a;

/// The walks through one store, one after the other. `S` is what is kept of a record.
pub(crate) struct Walk<S> {
    running: Option<Running<S>>,
    /// Records with this mark belong to no running walk: they were seen, or are younger than it.
    mark: u8,
    /// The oldest mark that a record may still have; older than `mark` only after walks that were given up.
    mark_oldest: u8,
}

struct Running<S> {
    next_slot: u32,
    /// Records in slots from here on are younger than the walk.
    end_slot: u32,
    /// What was changed or removed before it was seen, by slot.
    saved: BTreeMap<u32, S>,
}

impl<S> Walk<S> {
    pub(crate) fn new() -> Self {
        Walk { running: None, mark: 0, mark_oldest: 0 }
    }

    /// The mark of a record that is new.
    pub(crate) fn mark(&self) -> u8 {
        self.mark
    }

    /// Begins to see all records as they are now. Costs nothing but once in 256 walks that were all given up.
    pub(crate) fn begin<T: Marked>(&mut self, slab: &mut Slab<T>) {
        self.mark = self.mark.wrapping_add(1);
        if self.mark == self.mark_oldest {
            let seen = self.mark.wrapping_sub(1);
            for slot in 0..slab.end() {
                if slab.try_get(slot).is_some() {
                    slab.get_mut(slot).set_mark(seen);
                }
            }
            self.mark_oldest = seen;
        }
        self.running = Some(Running { next_slot: 0, end_slot: slab.end(), saved: BTreeMap::new() });
    }

    /// To be called before a record is changed or removed: keeps what `keep` makes of it, if a walk has yet to see it.
    pub(crate) fn save<T: Marked>(&mut self, slab: &mut Slab<T>, slot: u32, keep: impl FnOnce(&T) -> S) {
        let Some(running) = &mut self.running else { return };
        let record = slab.get_mut(slot);
        if record.mark() != self.mark {
            record.set_mark(self.mark);
            running.saved.insert(slot, keep(record));
        }
    }

    /// What was kept of a record that is or was in `slot`, if it wasn't given away yet.
    pub(crate) fn saved_mut(&mut self, slot: u32) -> Option<&mut S> {
        self.running.as_mut()?.saved.get_mut(&slot)
    }

    /// Goes at most `slots` slots further, after giving away at most as many records that were kept; stops as soon as
    /// what `give` has returned makes `bytes` in all. True while there are more.
    pub(crate) fn next<T: Marked>(
        &mut self,
        slab: &mut Slab<T>,
        slots: usize,
        bytes: usize,
        give: &mut Give<'_, T, S>,
    ) -> bool {
        let Some(running) = &mut self.running else { return false };
        let mut given = 0;
        for _ in 0..slots {
            if given >= bytes {
                return true;
            }
            let Some((slot, saved)) = running.saved.pop_first() else { break };
            given += give(slab, slot, Some(saved));
        }
        let end = u32::try_from(slots).map_or(u32::MAX, |slots| running.next_slot.saturating_add(slots));
        let end = end.min(running.end_slot);
        while running.next_slot < end && given < bytes {
            let slot = running.next_slot;
            running.next_slot += 1;
            if slab.try_get(slot).is_none_or(|record| record.mark() == self.mark) {
                continue;
            }
            slab.get_mut(slot).set_mark(self.mark);
            given += give(slab, slot, None);
        }
        if running.next_slot < running.end_slot || !running.saved.is_empty() {
            return true;
        }
        self.running = None;
        self.mark_oldest = self.mark;
        false
    }

    /// Gives the walk up.
    pub(crate) fn abort(&mut self) {
        self.running = None;
    }

    /// Whether a record with this mark may be there, for [`State::check`](crate::State::check).
    pub(crate) fn may_have(&self, mark: u8) -> bool {
        self.running.is_some() || self.mark_oldest != self.mark || mark == self.mark
    }
}
