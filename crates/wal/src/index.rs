//! Where each entry lies, in memory: four bytes an entry. No files: the same code follows the appended records
//! while the log runs and the scanned records when it is opened.

use std::collections::VecDeque;
use std::ops::Range;

use crate::LogId;

/// The places and log ids of all entries that are held.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// One part a segment, oldest first; a part may be empty.
    parts: VecDeque<Part>,
    /// Term and node change rarely: one run for all entries that share them, oldest first.
    runs: VecDeque<Run>,
    purged: Option<LogId>,
    /// The index that the next entry must have; none before the first entry of all.
    next: Option<u64>,
}

#[derive(Debug, Default)]
struct Part {
    /// The index of the first entry, when there is one.
    first: u64,
    /// Offsets in the segment; the segment's size fits in 32 bits.
    offsets: Vec<u32>,
}

#[derive(Debug)]
struct Run {
    first: u64,
    term: u64,
    node: u64,
}

/// Consecutive entries in one segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Span<'a> {
    /// Which segment, counted from the oldest.
    pub(crate) part: usize,
    /// The offset of each.
    pub(crate) offsets: &'a [u32],
}

impl Index {
    /// An index whose next entry is `next`, after `purged`.
    pub(crate) fn new(purged: Option<LogId>, next: Option<u64>) -> Index {
        Index { purged, next, ..Index::default() }
    }

    /// The log goes on in a new segment.
    pub(crate) fn add_part(&mut self) {
        self.parts.push_back(Part::default());
    }

    /// An entry was appended to the newest segment. Its index must be the next one.
    pub(crate) fn push(&mut self, id: LogId, offset: u32) {
        debug_assert!(self.next.is_none_or(|next| next == id.index), "entry {id:?} does not follow");
        let Some(part) = self.parts.back_mut() else { return };
        if part.offsets.is_empty() {
            part.first = id.index;
        }
        part.offsets.push(offset);
        if self.runs.back().is_none_or(|run| (run.term, run.node) != (id.term, id.node)) {
            self.runs.push_back(Run { first: id.index, term: id.term, node: id.node });
        }
        self.next = Some(id.index.saturating_add(1));
    }

    /// The entries from `from` on became void.
    pub(crate) fn truncate(&mut self, from: u64) {
        for part in &mut self.parts {
            let keep = usize::try_from(from.saturating_sub(part.first)).unwrap_or(usize::MAX);
            part.offsets.truncate(keep);
        }
        while self.runs.back().is_some_and(|run| run.first >= from) {
            self.runs.pop_back();
        }
        self.next = Some(from);
    }

    /// The entries up to `id` are no longer needed; there may be fewer.
    pub(crate) fn purge(&mut self, id: LogId) {
        let next = id.index.saturating_add(1);
        if self.next.is_none_or(|old| old <= next) {
            self.truncate(next);
            for part in &mut self.parts {
                part.offsets.clear();
            }
            self.runs.clear();
        }
        while self.runs.get(1).is_some_and(|run| run.first <= next) {
            self.runs.pop_front();
        }
        self.purged = Some(id);
    }

    /// How many segments, from the oldest, hold nothing that is needed. The newest never counts.
    pub(crate) fn droppable(&self) -> usize {
        let first = self.first();
        let older = self.parts.len().saturating_sub(1);
        self.parts
            .iter()
            .take(older)
            .take_while(|part| part.end() <= first || part.offsets.is_empty())
            .count()
    }

    /// Forgets the oldest `count` segments.
    pub(crate) fn drop_parts(&mut self, count: usize) {
        self.parts.drain(..count);
    }

    /// The first index held, or the next one if none is.
    pub(crate) fn first(&self) -> u64 {
        match self.purged {
            Some(purged) => purged.index.saturating_add(1),
            None => self
                .parts
                .iter()
                .find(|part| !part.offsets.is_empty())
                .map_or(self.next.unwrap_or(0), |part| part.first),
        }
    }

    /// The first index whose place is known, which must not be above [`Index::first`].
    pub(crate) fn first_placed(&self) -> Option<u64> {
        self.parts.iter().find(|part| !part.offsets.is_empty()).map(|part| part.first)
    }

    /// The index that the next entry must have; none before the first entry of all.
    pub(crate) fn next(&self) -> Option<u64> {
        self.next
    }

    /// The last purged entry.
    pub(crate) fn purged(&self) -> Option<LogId> {
        self.purged
    }

    /// The last entry, or the last purged one if none is held.
    pub(crate) fn last(&self) -> Option<LogId> {
        let last = self.next?.checked_sub(1)?;
        self.log_id(last).or(self.purged)
    }

    /// The log id of the entry `index`, if it is held, or was the last one purged.
    pub(crate) fn log_id(&self, index: u64) -> Option<LogId> {
        if self.purged.is_some_and(|purged| purged.index == index) {
            return self.purged;
        }
        if index < self.first() || self.next.is_none_or(|next| index >= next) {
            return None;
        }
        let run = &self.runs[self.runs.partition_point(|run| run.first <= index).checked_sub(1)?];
        Some(LogId { term: run.term, node: run.node, index })
    }

    /// The place of the entry `index`: its segment counted from the oldest, and its offset.
    pub(crate) fn place(&self, index: u64) -> Option<(usize, u32)> {
        let span = self.span(index..index.checked_add(1)?)?;
        Some((span.part, span.offsets[0]))
    }

    /// The places of the first entries of `range` that are in one segment; none if the first is not held.
    pub(crate) fn span(&self, range: Range<u64>) -> Option<Span<'_>> {
        if range.start < self.first() || range.is_empty() {
            return None;
        }
        // There are few segments, and empty ones among them forbid a binary search.
        let part =
            self.parts.iter().rposition(|part| !part.offsets.is_empty() && part.first <= range.start)?;
        let Part { first, offsets } = &self.parts[part];
        let start = usize::try_from(range.start - first).ok()?;
        let end = usize::try_from(range.end - first).unwrap_or(usize::MAX).min(offsets.len());
        (start < end).then(|| Span { part, offsets: &offsets[start..end] })
    }
}

impl Part {
    /// The index behind the last entry.
    fn end(&self) -> u64 {
        self.first + self.offsets.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(term: u64, index: u64) -> LogId {
        LogId { term, node: 1, index }
    }

    /// Entries 1 to 9 in three segments, the term rising with each segment.
    fn filled() -> Index {
        let mut index = Index::default();
        for part in 0..3 {
            index.add_part();
            for position in 0..3u32 {
                index.push(id(u64::from(part), u64::from(part * 3 + position + 1)), position * 10);
            }
        }
        index
    }

    #[test]
    fn entries_are_found() {
        let index = filled();
        assert_eq!((index.first(), index.next(), index.last()), (1, Some(10), Some(id(2, 9))));
        assert_eq!(index.place(5), Some((1, 10)));
        assert_eq!(index.log_id(4), Some(id(1, 4)));
        assert_eq!(
            (index.place(0), index.place(10), index.log_id(0), index.log_id(10)),
            (None, None, None, None)
        );
        assert_eq!(index.span(2..9), Some(Span { part: 0, offsets: &[10, 20] }));
    }

    #[test]
    fn a_truncation_takes_the_later_entries_back() {
        let mut index = filled();
        index.truncate(5);
        assert_eq!((index.last(), index.next(), index.place(5)), (Some(id(1, 4)), Some(5), None));
        index.push(id(7, 5), 500);
        assert_eq!((index.place(5), index.last()), (Some((2, 500)), Some(id(7, 5))));
        assert_eq!(index.log_id(4), Some(id(1, 4)));
    }

    #[test]
    fn a_purge_frees_whole_segments() {
        let mut index = filled();
        index.purge(id(0, 2));
        assert_eq!((index.first(), index.droppable(), index.place(2)), (3, 0, None));
        index.purge(id(1, 4));
        assert_eq!((index.first(), index.droppable()), (5, 1));
        index.drop_parts(1);
        assert_eq!((index.place(5), index.log_id(5)), (Some((0, 10)), Some(id(1, 5))));
    }

    #[test]
    fn a_purge_beyond_the_end_moves_the_log_on() {
        let mut index = filled();
        index.purge(id(9, 50));
        assert_eq!((index.first(), index.next(), index.last()), (51, Some(51), Some(id(9, 50))));
        assert_eq!(index.droppable(), 2);
        index.push(id(9, 51), 77);
        assert_eq!((index.place(51), index.log_id(51)), (Some((2, 77)), Some(id(9, 51))));
    }

    #[test]
    fn the_first_entry_of_all_may_have_any_index() {
        let mut index = Index::default();
        index.add_part();
        assert_eq!((index.first(), index.next(), index.last()), (0, None, None));
        index.push(id(1, 5), 0);
        assert_eq!((index.first(), index.next()), (5, Some(6)));
        index.truncate(5);
        assert_eq!((index.first(), index.next(), index.last()), (5, Some(5), None));
    }
}
