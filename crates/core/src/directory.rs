//! From running numbers to slots, for numbers that are handed out in rising order and mostly leave again.
//!
//! No hash table: one of a million entries stops everybody while it grows. Here a page holds 1024 neighbouring
//! numbers, as an array while they are many and as a short list when only a few are left, so that old survivors
//! among billions that are gone cost little.

use std::collections::BTreeMap;

/// How many neighbouring numbers share a page.
const PAGE_NUMBERS: usize = 1024;

/// A list that grows past this becomes an array of 4 KB.
const LIST_LEN_MAX: usize = 128;

/// An array with no more numbers than this becomes a list; well below [`LIST_LEN_MAX`], to not go back and forth.
const ARRAY_LEN_MIN: u16 = 32;

/// Stands for "no slot" in an array.
const NO_SLOT: u32 = u32::MAX;

enum Page {
    /// Sorted by number.
    List(Vec<(u16, u32)>),
    Array(Box<Array>),
}

struct Array {
    len: u16,
    slots: [u32; PAGE_NUMBERS],
}

/// A map from numbers to slots.
#[derive(Default)]
pub(crate) struct Directory {
    /// By the numbers' upper bits. Only the last page may be empty: the next number is likely to go there.
    pages: BTreeMap<u64, Page>,
    len: usize,
}

impl Directory {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The slot of `number`, if it is there.
    pub(crate) fn get(&self, number: u64) -> Option<u32> {
        let (page, index) = split(number);
        self.pages.get(&page)?.get(index)
    }

    /// Adds `number`, which must not be there yet.
    pub(crate) fn insert(&mut self, number: u64, slot: u32) {
        let (page, index) = split(number);
        if !self.pages.contains_key(&page) {
            self.drop_empty_last();
            self.pages.insert(page, Page::List(Vec::new()));
        }
        self.pages.get_mut(&page).expect("the page was just looked up or made").insert(index, slot);
        self.len += 1;
    }

    /// Takes `number` out and tells the slot that it had, if it was there.
    pub(crate) fn remove(&mut self, number: u64) -> Option<u32> {
        let (key, index) = split(number);
        let page = self.pages.get_mut(&key)?;
        let slot = page.remove(index)?;
        self.len -= 1;
        if page.is_empty() && self.pages.last_key_value().is_some_and(|(last, _)| *last != key) {
            self.pages.remove(&key);
        }
        Some(slot)
    }

    /// All numbers with their slots, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        self.pages.iter().flat_map(|(page, content)| {
            content
                .entries()
                .into_iter()
                .map(move |(index, slot)| (page * PAGE_NUMBERS as u64 + u64::from(index), slot))
        })
    }

    fn drop_empty_last(&mut self) {
        if self.pages.last_key_value().is_some_and(|(_, page)| page.is_empty()) {
            self.pages.pop_last();
        }
    }
}

impl Page {
    fn is_empty(&self) -> bool {
        match self {
            Page::List(list) => list.is_empty(),
            Page::Array(array) => array.len == 0,
        }
    }

    fn get(&self, index: u16) -> Option<u32> {
        match self {
            Page::List(list) => {
                list.binary_search_by_key(&index, |(index, _)| *index).ok().map(|place| list[place].1)
            }
            Page::Array(array) => Some(array.slots[usize::from(index)]).filter(|slot| *slot != NO_SLOT),
        }
    }

    fn insert(&mut self, index: u16, slot: u32) {
        if let Page::List(list) = self {
            let place = list.partition_point(|(other, _)| *other < index);
            list.insert(place, (index, slot));
            if list.len() > LIST_LEN_MAX {
                *self = Page::Array(Box::new(Array::from_list(list)));
            }
            return;
        }
        if let Page::Array(array) = self {
            array.slots[usize::from(index)] = slot;
            array.len += 1;
        }
    }

    fn remove(&mut self, index: u16) -> Option<u32> {
        match self {
            Page::List(list) => {
                let place = list.binary_search_by_key(&index, |(index, _)| *index).ok()?;
                Some(list.remove(place).1)
            }
            Page::Array(array) => {
                let slot = std::mem::replace(&mut array.slots[usize::from(index)], NO_SLOT);
                if slot == NO_SLOT {
                    return None;
                }
                array.len -= 1;
                if array.len == ARRAY_LEN_MIN {
                    *self = Page::List(self.entries());
                }
                Some(slot)
            }
        }
    }

    fn entries(&self) -> Vec<(u16, u32)> {
        match self {
            Page::List(list) => list.clone(),
            Page::Array(array) => (0u16..).zip(array.slots).filter(|(_, slot)| *slot != NO_SLOT).collect(),
        }
    }
}

impl Array {
    fn from_list(list: &[(u16, u32)]) -> Self {
        let mut array = Array { len: 0, slots: [NO_SLOT; PAGE_NUMBERS] };
        for (index, slot) in list {
            array.slots[usize::from(*index)] = *slot;
            array.len += 1;
        }
        array
    }
}

fn split(number: u64) -> (u64, u16) {
    let pages = PAGE_NUMBERS as u64;
    (number / pages, u16::try_from(number % pages).expect("1024 numbers a page fit 16 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_until_they_are_removed() {
        let mut directory = Directory::default();
        for number in 1..5000u32 {
            directory.insert(number.into(), number * 2);
        }
        assert_eq!(directory.get(4999), Some(9998));
        assert_eq!((directory.get(0), directory.get(5000), directory.get(u64::MAX)), (None, None, None));
        for number in (1..5000u32).filter(|number| number % 500 != 0) {
            assert_eq!(directory.remove(number.into()), Some(number * 2));
            assert_eq!(directory.remove(number.into()), None);
        }
        let left: Vec<u64> = directory.iter().map(|(number, _)| number).collect();
        assert_eq!(left, (1..10).map(|index| index * 500).collect::<Vec<u64>>());
        assert!(directory.pages.values().all(|page| matches!(page, Page::List(_))), "survivors lie in lists");
    }

    #[test]
    fn pages_vanish_when_they_are_empty_but_for_the_last() {
        let mut directory = Directory::default();
        for number in 0..4096 {
            directory.insert(number, 1);
            directory.remove(number);
        }
        assert_eq!((directory.pages.len(), directory.len()), (1, 0));
        for number in 5000..6000 {
            directory.insert(number, 1);
        }
        assert_eq!((directory.pages.len(), directory.len()), (2, 1000));
    }
}
