//! The one queue of this crate: slots in a heap, smallest key first, each of which can also leave from the middle.
//!
//! Keys and places are kept in the records that the slots name, so that a queued record costs four bytes here.
//! Each key must be unique within its heap: then what comes out first doesn't depend on how the heap was built,
//! which is what makes a restored state behave like the original.

/// Children of a place in a heap. Four make it half as deep as two, and brothers lie next to each other.
const ARITY: usize = 4;

/// Below this many slots a heap doesn't give memory back.
const CAPACITY_KEPT: usize = 64;

/// The place of a record that is in no heap.
pub(crate) const NO_PLACE: u32 = u32::MAX;

/// A store whose records can be in a heap.
pub(crate) trait Ranked {
    /// What the heap sorts by.
    fn key(&self, slot: u32) -> (u64, u64);
    /// Where in the heap the record is.
    fn place(&self, slot: u32) -> u32;
    /// The heap tells the record where it is now.
    fn set_place(&mut self, slot: u32, place: u32);
}

/// Slots of records in one store, ordered by their keys.
#[derive(Default)]
pub(crate) struct Heap {
    slots: Vec<u32>,
}

impl Heap {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The slot with the smallest key.
    pub(crate) fn first(&self) -> Option<u32> {
        self.slots.first().copied()
    }

    /// All slots, in no useful order.
    pub(crate) fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// Adds a slot that isn't here.
    pub(crate) fn push(&mut self, store: &mut impl Ranked, slot: u32) {
        self.slots.push(slot);
        self.rise(store, self.slots.len() - 1, slot);
    }

    /// Takes out a slot that is here.
    pub(crate) fn remove(&mut self, store: &mut impl Ranked, slot: u32) {
        let place = self.place_of(store, slot);
        store.set_place(slot, NO_PLACE);
        let last = self.slots.pop().expect("a heap with a place in it isn't empty");
        if last != slot {
            self.settle(store, place, last);
        }
        self.give_memory_back();
    }

    /// Moves a slot that is here to where its changed key belongs.
    pub(crate) fn update(&mut self, store: &mut impl Ranked, slot: u32) {
        let place = self.place_of(store, slot);
        self.settle(store, place, slot);
    }

    /// Puts a slot in, moves it or takes it out, so that it is here if it is `wanted`, at the place of its changed key.
    pub(crate) fn keep(&mut self, store: &mut impl Ranked, slot: u32, wanted: bool) {
        match (store.place(slot) != NO_PLACE, wanted) {
            (false, true) => self.push(store, slot),
            (true, true) => self.update(store, slot),
            (true, false) => self.remove(store, slot),
            (false, false) => {}
        }
    }

    fn place_of(&self, store: &impl Ranked, slot: u32) -> usize {
        let place = store.place(slot) as usize;
        assert!(
            self.slots.get(place) == Some(&slot),
            "slot {slot} is not in the heap that its record is said to be in"
        );
        place
    }

    fn settle(&mut self, store: &mut impl Ranked, place: usize, slot: u32) {
        if place > 0 && store.key(slot) < store.key(self.slots[(place - 1) / ARITY]) {
            self.rise(store, place, slot);
        } else {
            self.sink(store, place, slot);
        }
    }

    fn rise(&mut self, store: &mut impl Ranked, mut place: usize, slot: u32) {
        let key = store.key(slot);
        while place > 0 {
            let parent_place = (place - 1) / ARITY;
            let parent = self.slots[parent_place];
            if store.key(parent) <= key {
                break;
            }
            self.put(store, place, parent);
            place = parent_place;
        }
        self.put(store, place, slot);
    }

    fn sink(&mut self, store: &mut impl Ranked, mut place: usize, slot: u32) {
        let key = store.key(slot);
        while let Some((child_place, child_key)) = self.smallest_child(store, place) {
            if key <= child_key {
                break;
            }
            self.put(store, place, self.slots[child_place]);
            place = child_place;
        }
        self.put(store, place, slot);
    }

    fn smallest_child(&self, store: &impl Ranked, place: usize) -> Option<(usize, (u64, u64))> {
        let first = place * ARITY + 1;
        let end = (first + ARITY).min(self.slots.len());
        (first..end).map(|child| (child, store.key(self.slots[child]))).min_by_key(|(_, key)| *key)
    }

    fn put(&mut self, store: &mut impl Ranked, place: usize, slot: u32) {
        self.slots[place] = slot;
        store.set_place(slot, u32::try_from(place).expect("a heap holds slots, and these are 32 bits"));
    }

    fn give_memory_back(&mut self) {
        let capacity = self.slots.capacity();
        if capacity > CAPACITY_KEPT && self.slots.len() < capacity / 4 {
            self.slots.shrink_to(capacity / 2);
        }
    }
}

impl Heap {
    /// Verifies order and places, for [`State::check`](crate::State::check).
    pub(crate) fn check(&self, store: &impl Ranked) -> Result<(), String> {
        for (place, slot) in self.slots.iter().enumerate() {
            if store.place(*slot) as usize != place {
                return Err(format!(
                    "slot {slot} is at place {place} but its record says {}",
                    store.place(*slot)
                ));
            }
            let parent = self.slots[place.saturating_sub(1) / ARITY];
            if place > 0 && store.key(parent) >= store.key(*slot) {
                return Err(format!("slot {slot} comes before slot {parent}, which is above it"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Records(Vec<(u64, u32)>);

    impl Ranked for Records {
        fn key(&self, slot: u32) -> (u64, u64) {
            (self.0[slot as usize].0, u64::from(slot))
        }
        fn place(&self, slot: u32) -> u32 {
            self.0[slot as usize].1
        }
        fn set_place(&mut self, slot: u32, place: u32) {
            self.0[slot as usize].1 = place;
        }
    }

    #[test]
    fn slots_leave_in_order_from_the_front_and_from_the_middle() {
        // Multiplying by an odd number visits every residue once: a shuffle without chance.
        let mut records = Records((0..1000u64).map(|n| (n * 7919 % 100, NO_PLACE)).collect());
        let mut heap = Heap::default();
        for slot in 0..1000 {
            heap.push(&mut records, slot);
            heap.check(&records).unwrap();
        }
        for slot in (0..1000).step_by(3) {
            heap.remove(&mut records, slot);
            heap.check(&records).unwrap();
        }
        for slot in (1..1000).step_by(3) {
            records.0[slot as usize].0 = u64::from(slot) * 31 % 200;
            heap.update(&mut records, slot);
            heap.check(&records).unwrap();
        }
        let mut last = (0, 0);
        while let Some(slot) = heap.first() {
            assert!(records.key(slot) >= last);
            last = records.key(slot);
            heap.remove(&mut records, slot);
        }
        assert!(heap.slots.capacity() <= CAPACITY_KEPT, "an empty heap keeps little memory");
        assert!(records.0.iter().all(|(_, place)| *place == NO_PLACE));
    }
}
