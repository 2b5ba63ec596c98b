//! Records under small numbers, called slots. A slot is valid until its record is removed, and is then used
//! again.
//!
//! The records lie in pages, so that growing never copies them, and a page whose records are all gone gives its
//! memory back. This file knows nothing of what the records are.

use std::collections::BTreeSet;

/// How many records lie in a page.
const PAGE_SLOTS: u32 = 1024;

/// Stands for "no entry" in a page's list of free entries.
const NO_ENTRY: u32 = u32::MAX;

/// A place in a page. For a record with a spare bit pattern it is no larger than the record.
enum Entry<T> {
    Full(T),
    /// The next free entry of the same page.
    Free(u32),
}

struct Page<T> {
    /// Grows to [`PAGE_SLOTS`] within its first allocation; empty and without memory while the page isn't needed.
    entries: Vec<Entry<T>>,
    first_free: u32,
    full: u32,
}

/// A store of records of one kind.
pub(crate) struct Slab<T> {
    pages: Vec<Page<T>>,
    /// The pages that aren't full. The lowest is filled first, so that the highest can become empty.
    roomy: BTreeSet<u32>,
    /// One empty page keeps its memory: a queue that swings around a page's edge would allocate all the time.
    spare: Option<u32>,
    len: usize,
}

impl<T> Slab<T> {
    /// The bytes that each record takes.
    pub(crate) const ENTRY_BYTES: usize = size_of::<Entry<T>>();

    pub(crate) fn new() -> Self {
        Slab { pages: Vec::new(), roomy: BTreeSet::new(), spare: None, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All slots are below this.
    pub(crate) fn end(&self) -> u32 {
        number(self.pages.len()) * PAGE_SLOTS
    }

    /// The record in `slot`, if there is one.
    pub(crate) fn try_get(&self, slot: u32) -> Option<&T> {
        let page = self.pages.get((slot / PAGE_SLOTS) as usize)?;
        match page.entries.get((slot % PAGE_SLOTS) as usize)? {
            Entry::Full(record) => Some(record),
            Entry::Free(_) => None,
        }
    }

    /// The record in `slot`, which must be there.
    pub(crate) fn get(&self, slot: u32) -> &T {
        match &self.pages[(slot / PAGE_SLOTS) as usize].entries[(slot % PAGE_SLOTS) as usize] {
            Entry::Full(record) => record,
            Entry::Free(_) => vacant(slot),
        }
    }

    /// The record in `slot`, which must be there, to be changed.
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut T {
        match &mut self.pages[(slot / PAGE_SLOTS) as usize].entries[(slot % PAGE_SLOTS) as usize] {
            Entry::Full(record) => record,
            Entry::Free(_) => vacant(slot),
        }
    }

    /// Keeps `record` and tells its slot.
    pub(crate) fn insert(&mut self, record: T) -> u32 {
        let number = self.roomy.first().copied().unwrap_or_else(|| self.add_page());
        if self.spare == Some(number) {
            self.spare = None;
        }
        let page = &mut self.pages[number as usize];
        let entry = page.insert(record);
        if page.full == PAGE_SLOTS {
            self.roomy.remove(&number);
        }
        self.len += 1;
        number * PAGE_SLOTS + entry
    }

    /// Gives the record in `slot`, which must be there, back.
    pub(crate) fn remove(&mut self, slot: u32) -> T {
        let number = slot / PAGE_SLOTS;
        let page = &mut self.pages[number as usize];
        let Some(record) = page.remove(slot % PAGE_SLOTS) else { vacant(slot) };
        self.len -= 1;
        if page.full == PAGE_SLOTS - 1 {
            self.roomy.insert(number);
        }
        if page.full == 0 {
            if self.spare.is_some() {
                *page = Page::new();
            } else {
                self.spare = Some(number);
            }
        }
        record
    }

    /// All records with their slots, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..self.end()).filter_map(|slot| self.try_get(slot).map(|record| (slot, record)))
    }

    fn add_page(&mut self) -> u32 {
        let page = number(self.pages.len());
        assert!(page < u32::MAX / PAGE_SLOTS, "a store holds fewer than 2^32 records");
        self.pages.push(Page::new());
        self.roomy.insert(page);
        page
    }
}

impl<T> Page<T> {
    fn new() -> Self {
        Page { entries: Vec::new(), first_free: NO_ENTRY, full: 0 }
    }

    fn insert(&mut self, record: T) -> u32 {
        self.full += 1;
        let entry = self.first_free;
        if entry == NO_ENTRY {
            if self.entries.capacity() == 0 {
                self.entries.reserve_exact(PAGE_SLOTS as usize);
            }
            self.entries.push(Entry::Full(record));
            return number(self.entries.len() - 1);
        }
        let old = std::mem::replace(&mut self.entries[entry as usize], Entry::Full(record));
        let Entry::Free(next) = old else { unreachable!("a page's list of free entries names free entries") };
        self.first_free = next;
        entry
    }

    fn remove(&mut self, entry: u32) -> Option<T> {
        let place = &mut self.entries[entry as usize];
        if matches!(place, Entry::Free(_)) {
            return None;
        }
        let old = std::mem::replace(place, Entry::Free(self.first_free));
        self.first_free = entry;
        self.full -= 1;
        match old {
            Entry::Full(record) => Some(record),
            Entry::Free(_) => None,
        }
    }
}

fn vacant(slot: u32) -> ! {
    panic!("slot {slot} holds no record: a reference has outlived what it named")
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("a store holds fewer than 2^32 records")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again_lowest_page_first() {
        let mut slab = Slab::new();
        let slots: Vec<u32> = (0..3000u64).map(|value| slab.insert(value)).collect();
        assert_eq!(slots, (0..3000).collect::<Vec<u32>>());
        assert_eq!(slab.remove(2500), 2500);
        assert_eq!(slab.remove(10), 10);
        assert_eq!(slab.insert(7), 10);
        assert_eq!(slab.insert(8), 2500);
        assert_eq!((*slab.get(10), *slab.get(2500), slab.len()), (7, 8, 3000));
    }

    #[test]
    fn empty_pages_give_their_memory_back_but_for_one() {
        let mut slab = Slab::new();
        for value in 0..3 * PAGE_SLOTS {
            slab.insert(value);
        }
        for slot in 0..3 * PAGE_SLOTS {
            slab.remove(slot);
        }
        let kept = slab.pages.iter().filter(|page| page.entries.capacity() > 0).count();
        assert_eq!((kept, slab.len(), slab.iter().count()), (1, 0, 0));
        assert!(slab.insert(1) < PAGE_SLOTS, "the lowest page is filled first");
    }

    #[test]
    #[should_panic(expected = "slot 0 holds no record")]
    fn a_removed_record_cannot_be_reached() {
        let mut slab = Slab::new();
        slab.insert(());
        slab.remove(0);
        slab.get(0);
    }
}
