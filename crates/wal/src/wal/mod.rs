//! The log while it runs: what its owner calls. The parts of the work have files of their own: writing and
//! syncing in `sync`, the change of segments in `rotate`, the files prepared for it in `spare`, reading in
//! `read`. Opening is in `recovery`.

mod manifest;
mod read;
mod rotate;
mod segment;
mod spare;
mod sync;

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

pub use spare::{RemovedFiles, Spare, SpareJob};
pub use sync::{PendingSync, SyncDone};

pub(crate) use manifest::{ManifestFile, PREPARED_NAME};
pub(crate) use rotate::MAKING_NAME;
pub(crate) use segment::{Segment, SegmentFile};
pub(crate) use spare::{MAKING_SPARE_NAME, Spares};

use crate::format::frame::{self, Kind};
use crate::format::manifest::NAME as MANIFEST_NAME;
use crate::format::segment::{HEADER_BYTES, number_of};
use crate::index::Index;
use crate::limits::{
    ENTRY_BYTES_MAX, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN, VOTE_BYTES_MAX,
};
use crate::{Disk, LogId, Position, Recovered, WalError, recovery};

/// The end of each segment is left to purges, which free space and so must not need a new file themselves.
pub(crate) const RESERVED_BYTES: u64 = 4 * frame::HEADER_BYTES as u64;

/// How a log is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The size of new segments in bytes: a multiple of 4096 between [`SEGMENT_BYTES_MIN`] and
    /// [`SEGMENT_BYTES_MAX`]. Those that exist keep theirs.
    pub segment_bytes: u64,

    /// Goes into the salts of new segments. A value that those who choose the payloads can't guess keeps them
    /// from making payloads that look like records of the log. It may differ each time.
    pub salt_seed: u64,
}

impl Default for Options {
    /// Segments of 64 MB and the salt seed 0.
    fn default() -> Self {
        Options { segment_bytes: SEGMENT_BYTES_DEFAULT, salt_seed: 0 }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), WalError> {
        let bytes = self.segment_bytes;
        if (SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&bytes) && bytes.is_multiple_of(4096) {
            Ok(())
        } else {
            Err(WalError::SegmentBytes { bytes, min: SEGMENT_BYTES_MIN, max: SEGMENT_BYTES_MAX })
        }
    }
}

/// An append-only log of entries and votes.
///
/// Records are appended to a buffer, written by [`flush`](Wal::flush), and safe after [`sync`](Wal::sync). They
/// stay in order: if a record is found after a crash, all records before it are found.
///
/// A failed write or sync is final: every later call answers [`WalError::Stopped`] with the first failure.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use trellis_wal::{LogId, Options, RealDisk, Wal};
///
/// let directory = tempfile::tempdir()?;
/// let disk = Arc::new(RealDisk::open(directory.path())?);
/// let options = Options { segment_bytes: 1 << 20, ..Options::default() };
/// let (mut wal, recovered) = Wal::open(disk.clone(), options.clone())?;
/// assert!(recovered.created);
/// wal.append_entry(LogId { term: 1, node: 1, index: 0 }, &[b"hello ", b"world"])?;
/// wal.sync()?;
/// drop(wal);
///
/// let (wal, recovered) = Wal::open(disk, options)?;
/// assert_eq!(recovered.last, Some(LogId { term: 1, node: 1, index: 0 }));
/// assert_eq!(wal.read(0..1, u64::MAX)?[0].payload, "hello world");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Wal {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) options: Options,
    pub(crate) manifest: ManifestFile,
    /// Oldest first, never empty; records are appended to the last.
    pub(crate) segments: VecDeque<Segment>,
    /// As many parts as there are segments.
    pub(crate) index: Index,
    /// Frames that are not written yet; they follow at `written` in the last segment.
    pub(crate) buffer: Vec<u8>,
    /// The end of the written frames in the last segment.
    pub(crate) written: u64,
    /// The end of the synced frames in the last segment.
    pub(crate) durable: u64,
    pub(crate) vote: Option<Vec<u8>>,
    pub(crate) spares: Spares,
    /// The first failed write or sync, in words.
    pub(crate) failed: Option<String>,
}

impl Wal {
    /// Whether there is a log in `disk`, or any file of one, without opening it.
    ///
    /// # Errors
    /// [`WalError::Io`].
    pub fn exists(disk: &dyn Disk) -> Result<bool, WalError> {
        let names = disk.list().map_err(WalError::io("listing", disk.describe("")))?;
        Ok(names.iter().any(|name| name == MANIFEST_NAME || number_of(name).is_some()))
    }

    /// Opens the log in `disk`, making an empty one if there is none.
    ///
    /// Everything found is checked. A torn tail, which a crash leaves behind, is cut off and reported. Anything
    /// else that is wrong is damage: nothing is changed then.
    ///
    /// # Errors
    /// [`WalError::Corrupt`], [`WalError::Missing`], [`WalError::Shortened`], [`WalError::UnknownVersion`],
    /// [`WalError::SegmentBytes`], [`WalError::Io`], and [`WalError::NoSpace`] or [`WalError::NoFile`] when the first segment can't be made.
    pub fn open(disk: Arc<dyn Disk>, options: Options) -> Result<(Wal, Recovered), WalError> {
        recovery::open(disk, options)
    }

    /// Appends an entry, whose payload is given in any number of parts, and returns the place behind it.
    ///
    /// The entry is in memory then; see [`Wal::flush`] and [`Wal::sync`]. Its index is one more than the last;
    /// the first entry of all may have any. When the segment is full, this goes on in the next one, which syncs
    /// the full one.
    ///
    /// # Errors
    /// [`WalError::NotNext`], [`WalError::TooLarge`], [`WalError::NoSpace`] and [`WalError::NoFile`], which change nothing;
    /// [`WalError::Io`] and [`WalError::Stopped`].
    pub fn append_entry(&mut self, id: LogId, payload: &[&[u8]]) -> Result<Position, WalError> {
        self.check_alive()?;
        if let Some(expected) = self.index.next()
            && expected != id.index
        {
            return Err(WalError::NotNext { index: id.index, expected });
        }
        let bytes = payload.iter().map(|part| part.len()).sum();
        if bytes > ENTRY_BYTES_MAX {
            return Err(WalError::TooLarge { what: "an entry", bytes, max: ENTRY_BYTES_MAX });
        }
        let offset = self.append(Kind::Entry, id, payload, bytes)?;
        self.index.push(id, offset);
        Ok(self.position())
    }

    /// Replaces the vote, and returns the place behind its record. It is safe after a sync.
    ///
    /// # Errors
    /// [`WalError::TooLarge`] above [`VOTE_BYTES_MAX`] bytes and
    /// [`WalError::NoSpace`] and [`WalError::NoFile`], which change nothing; [`WalError::Io`] and
    /// [`WalError::Stopped`].
    pub fn save_vote(&mut self, vote: &[u8]) -> Result<Position, WalError> {
        self.check_alive()?;
        if vote.len() > VOTE_BYTES_MAX {
            return Err(WalError::TooLarge { what: "a vote", bytes: vote.len(), max: VOTE_BYTES_MAX });
        }
        self.append(Kind::Vote, LogId::default(), &[vote], vote.len())?;
        self.vote = Some(vote.to_vec());
        Ok(self.position())
    }

    /// Voids all entries after the entry `after`, or all that are held if there is none, and returns the place
    /// behind the record that says so. Nothing happens if there are none.
    ///
    /// # Errors
    /// [`WalError::Purged`] if `after` lies before the last purged entry, [`WalError::NoSpace`] and
    /// [`WalError::NoFile`], which change nothing; [`WalError::Io`] and [`WalError::Stopped`].
    pub fn truncate_after(&mut self, after: Option<u64>) -> Result<Position, WalError> {
        self.check_alive()?;
        let from = after.map_or(self.first_index(), |after| after.saturating_add(1));
        if let Some(purged) = self.index.purged()
            && from <= purged.index
        {
            return Err(WalError::Purged { from, purged: purged.index });
        }
        let from = from.max(self.first_index());
        if self.index.next().is_some_and(|next| from < next) {
            self.append(Kind::Truncate, LogId { term: 0, node: 0, index: from }, &[], 0)?;
            self.index.truncate(from);
        }
        Ok(self.position())
    }

    /// Gives up the entries up to `id`, of which there may be fewer than that; the next entry is then the one
    /// behind `id`. Segments that hold nothing else are given back, after the record that says so is synced.
    ///
    /// The caller has what the entries did in a snapshot that is safe. If `id` is not behind the last purged
    /// entry, only segments are given back that have become unneeded since. This needs no space on the disk but for
    /// the record, for a few of which every segment keeps room. Returns what of them was removed.
    ///
    /// # Errors
    /// [`WalError::NoSpace`] and [`WalError::NoFile`], which change nothing; [`WalError::Io`] and [`WalError::Stopped`].
    pub fn purge(&mut self, id: LogId) -> Result<RemovedFiles, WalError> {
        self.check_alive()?;
        if self.index.purged().is_none_or(|purged| id.index > purged.index) {
            self.append(Kind::Purged, id, &[], 0)?;
            self.index.purge(id);
        }
        self.drop_segments()
    }

    /// Puts a frame in the buffer, in a new segment if it does not fit in this one. Returns its offset.
    fn append(&mut self, kind: Kind, id: LogId, payload: &[&[u8]], length: usize) -> Result<u32, WalError> {
        let bytes = frame::frame_bytes(length) as u64;
        let reserved = if kind == Kind::Purged { 0 } else { RESERVED_BYTES };
        if self.end() + bytes + reserved > self.current().capacity {
            self.rotate(bytes)?;
        }
        let offset = self.end();
        let salt = self.current().salt;
        frame::encode(&mut self.buffer, salt, kind, id, self.durable, payload);
        self.write_if_large()?;
        Ok(u32::try_from(offset).unwrap_or(u32::MAX))
    }

    /// Refuses everything after the first failure.
    fn check_alive(&self) -> Result<(), WalError> {
        match &self.failed {
            None => Ok(()),
            Some(first) => Err(WalError::Stopped { first: first.clone() }),
        }
    }

    /// Makes a failed write or sync final.
    fn fatal<T>(&mut self, result: Result<T, WalError>) -> Result<T, WalError> {
        if let Err(error) = &result {
            self.failed.get_or_insert_with(|| error.to_string());
        }
        result
    }

    fn current(&self) -> &Segment {
        // The list starts with one segment and only those before the last are ever dropped.
        &self.segments[self.segments.len() - 1]
    }

    /// The end of the appended frames in the last segment.
    fn end(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// The vote saved last.
    #[must_use]
    pub fn vote(&self) -> Option<&[u8]> {
        self.vote.as_deref()
    }

    /// The last purged entry.
    #[must_use]
    pub fn last_purged(&self) -> Option<LogId> {
        self.index.purged()
    }

    /// The index of the first entry held; if none is, that of the next one, or 0 before the first of all.
    #[must_use]
    pub fn first_index(&self) -> u64 {
        self.index.first()
    }

    /// The last entry, or the last purged one if none is held.
    #[must_use]
    pub fn last(&self) -> Option<LogId> {
        self.index.last()
    }

    /// The log id of the entry `index`, if it is held or was the last one purged. Reads no file.
    #[must_use]
    pub fn log_id(&self, index: u64) -> Option<LogId> {
        self.index.log_id(index)
    }

    /// The place behind the last record.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { segment: self.current().number, offset: self.end() }
    }

    /// The place up to which all records are synced.
    #[must_use]
    pub fn durable(&self) -> Position {
        Position { segment: self.current().number, offset: self.durable }
    }

    /// The numbers of the first and the last segment.
    #[must_use]
    pub fn segment_numbers(&self) -> RangeInclusive<u64> {
        self.segments[0].number..=self.current().number
    }

    /// The bytes of all records in the segments.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        self.bytes_behind(0, HEADER_BYTES as u64)
    }

    /// The bytes of all records from the entry `index` on: of all that are in the segments if the entry is
    /// purged, none if it is still to come.
    #[must_use]
    pub fn bytes_since(&self, index: u64) -> u64 {
        match self.index.place(index) {
            Some((part, offset)) => self.bytes_behind(part, u64::from(offset)),
            None if index < self.first_index() => self.live_bytes(),
            None => 0,
        }
    }

    fn bytes_behind(&self, part: usize, offset: u64) -> u64 {
        let ends = self.segments.iter().skip(part).map(|segment| segment.end - HEADER_BYTES as u64);
        let closed: u64 = ends.take(self.segments.len() - 1 - part).sum();
        closed + (self.end() - HEADER_BYTES as u64) - (offset - HEADER_BYTES as u64)
    }

    /// How many bytes of records still fit without making a new file: 48 for each, and its payload rounded up
    /// to a multiple of 8.
    #[must_use]
    pub fn space_left(&self) -> u64 {
        let room = |from: u64, capacity: u64| (capacity - from).saturating_sub(RESERVED_BYTES);
        let spare = room(HEADER_BYTES as u64, self.options.segment_bytes);
        room(self.end(), self.current().capacity) + self.spares.ready() as u64 * spare
    }
}
