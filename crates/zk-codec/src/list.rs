//! Lists that are read where they lie. Knows nothing of what is in them.

use std::fmt;

use crate::jute::{Flaw, Reader, Record, write_length};

/// A list in a request or a reply: bytes of a frame that have been validated, or a slice of the caller's.
///
/// Walking it costs no allocation, however long it is. A null list is read as an empty one.
///
/// ```
/// use trellis_zk_codec::List;
///
/// let list = List::from(&["a", "b"]);
/// assert_eq!(list.len(), 2);
/// assert_eq!(list.iter().collect::<String>(), "ab");
/// ```
#[derive(Clone, Copy)]
pub struct List<'a, T> {
    items: Items<'a, T>,
}

impl<'a, T: Record<'a>> List<'a, T> {
    /// The list without anything in it.
    pub const EMPTY: Self = Self { items: Items { source: Source::Slice(&[]) } };

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items, in their order.
    pub fn iter(&self) -> Items<'a, T> {
        self.items
    }

    /// Reads a list that begins with the number of its items. Jute takes every number below 0 for none.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let count = usize::try_from(reader.i32()?).unwrap_or(0);
        let start = *reader;
        for _ in 0..count {
            T::read(reader)?;
        }
        Ok(Self::validated(start, count))
    }

    /// A list of which `count` items have been read once from `start` on.
    pub(crate) fn validated(start: Reader<'a>, count: usize) -> Self {
        Self { items: Items { source: Source::Bytes { count, reader: start } } }
    }

    /// Writes a list that begins with the number of its items.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        for item in self.iter() {
            item.write(out);
        }
    }
}

impl<'a, T> From<&'a [T]> for List<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self { items: Items { source: Source::Slice(items) } }
    }
}

impl<'a, T, const COUNT: usize> From<&'a [T; COUNT]> for List<'a, T> {
    fn from(items: &'a [T; COUNT]) -> Self {
        Self::from(items.as_slice())
    }
}

impl<'a, T: Record<'a>> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Items<'a, T>;

    fn into_iter(self) -> Items<'a, T> {
        self.items
    }
}

/// The same items in the same order, wherever they lie.
impl<'a, T: Record<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Record<'a> + Eq> Eq for List<'a, T> {}

impl<'a, T: Record<'a> + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

/// Walks a [`List`].
#[derive(Clone, Copy, Debug)]
pub struct Items<'a, T> {
    source: Source<'a, T>,
}

#[derive(Clone, Copy, Debug)]
enum Source<'a, T> {
    Slice(&'a [T]),
    Bytes { count: usize, reader: Reader<'a> },
}

impl<'a, T: Record<'a>> Iterator for Items<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.source {
            Source::Slice(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(*first)
            }
            Source::Bytes { count, reader } => {
                *count = count.checked_sub(1)?;
                let item = T::read(reader);
                debug_assert!(item.is_ok(), "the bytes have been read before");
                item.ok()
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = match &self.source {
            Source::Slice(items) => items.len(),
            Source::Bytes { count, .. } => *count,
        };
        (count, Some(count))
    }
}

impl<'a, T: Record<'a>> ExactSizeIterator for Items<'a, T> {}
