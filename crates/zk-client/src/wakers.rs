//! Who waits for one and the same thing: one slot for each future, however often it is polled, and none once it is dropped.

use std::collections::BTreeMap;
use std::task::Waker;

/// Those who wait.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    next: u64,
    slots: BTreeMap<u64, Waker>,
}

impl Wakers {
    /// Keeps a future's waker, in the place of the one before. The slot is the future's, `None` at first.
    pub(crate) fn keep(&mut self, slot: &mut Option<u64>, waker: &Waker) {
        let number = *slot.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.slots.insert(number, waker.clone());
    }

    /// The future waits no longer.
    pub(crate) fn forget(&mut self, slot: Option<u64>) {
        if let Some(number) = slot {
            self.slots.remove(&number);
        }
    }

    /// All of them, to be woken without a lock.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Waker> + use<> {
        std::mem::take(&mut self.slots).into_values()
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_has_one_slot_until_it_is_dropped() {
        let mut wakers = Wakers::default();
        let (mut one, mut other) = (None, None);
        for _ in 0..3 {
            wakers.keep(&mut one, Waker::noop());
            wakers.keep(&mut other, Waker::noop());
        }
        assert_eq!(wakers.slots.len(), 2);
        wakers.forget(one);
        assert_eq!(wakers.take().count(), 1);
        // One that is polled again after that keeps its slot.
        wakers.keep(&mut other, Waker::noop());
        assert_eq!(wakers.slots.len(), 1);
        wakers.forget(other);
        assert!(wakers.is_empty());
    }
}
