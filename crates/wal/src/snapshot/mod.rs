//! Snapshot files: a description and a sequence of chunks, of which each is checked when it is read. A snapshot
//! gets its name only when it is complete and safe, so one with a name is whole or damaged, never unfinished.
//!
//! # Layout, version 1
//!
//! ```text
//! offset size
//!      0    8  "trellsnp"
//!      8    4  version: 1
//!     12    4  CRC32C of bytes 0 to 11 and 16 to the end of the description, as in every version
//!     16    8  number of the snapshot
//!     24    8  length of the description in bytes, as in every version
//!     32       description
//!              frames, to the end of the file; the last one is the trailer:
//!      0    4    CRC32C of bytes 4 to the end of the frame
//!      4    4    length of the content in bytes
//!      8    1    kind: 1 chunk, 2 trailer
//!      9    7    zero
//!     16    8    number of the snapshot, so that a frame of another one is noticed
//!     24    8    running number of the chunk, from 0; in the trailer, how many there are
//!     32         content: the chunk; in the trailer, the bytes of all chunks together (8) and their CRC32C (4)
//! ```
//!
//! All numbers are little endian. How to change the layout is told above the log's own formats.

mod format;
mod reader;
mod writer;

use std::sync::Arc;

pub use reader::SnapshotReader;
pub use writer::SnapshotWriter;

use crate::{Disk, WalError};

const TEMPORARY_SUFFIX: &str = ".tmp";

/// The snapshots in a directory.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use trellis_wal::snapshot::Snapshots;
/// use trellis_wal::testing::MemDisk;
///
/// let snapshots = Snapshots::open(Arc::new(MemDisk::new()))?;
/// let mut writer = snapshots.create(7, b"up to entry 7")?;
/// writer.write(b"everything")?;
/// writer.finish()?;
///
/// assert_eq!(snapshots.latest()?, Some(7));
/// let mut reader = snapshots.read(7)?;
/// assert_eq!(reader.meta(), b"up to entry 7");
/// assert_eq!(reader.next().transpose()?.as_deref(), Some(&b"everything"[..]));
/// assert!(reader.next().is_none());
/// # Ok::<(), trellis_wal::WalError>(())
/// ```
#[derive(Clone)]
pub struct Snapshots {
    disk: Arc<dyn Disk>,
}

impl Snapshots {
    /// Removes what is left of unfinished snapshots. No writer may be at work.
    ///
    /// # Errors
    /// [`WalError::Io`].
    pub fn open(disk: Arc<dyn Disk>) -> Result<Snapshots, WalError> {
        let snapshots = Snapshots { disk };
        let unfinished = |name: &str| name.strip_suffix(TEMPORARY_SUFFIX).and_then(number_of).is_some();
        snapshots.remove(unfinished)?;
        Ok(snapshots)
    }

    /// The numbers of all complete snapshots, smallest first.
    ///
    /// # Errors
    /// [`WalError::Io`].
    pub fn list(&self) -> Result<Vec<u64>, WalError> {
        let mut numbers: Vec<u64> = self.names()?.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The largest number of a complete snapshot.
    ///
    /// # Errors
    /// [`WalError::Io`].
    pub fn latest(&self) -> Result<Option<u64>, WalError> {
        Ok(self.list()?.last().copied())
    }

    /// Begins a snapshot; see [`SnapshotWriter::create`].
    ///
    /// # Errors
    /// [`WalError::TooLarge`] and [`WalError::Io`].
    pub fn create(&self, number: u64, meta: &[u8]) -> Result<SnapshotWriter, WalError> {
        SnapshotWriter::create(Arc::clone(&self.disk), number, meta)
    }

    /// Opens a complete snapshot; see [`SnapshotReader::open`].
    ///
    /// # Errors
    /// [`WalError::Corrupt`], [`WalError::UnknownVersion`] and [`WalError::Io`].
    pub fn read(&self, number: u64) -> Result<SnapshotReader, WalError> {
        SnapshotReader::open(self.disk.as_ref(), number)
    }

    /// Removes all complete snapshots with a smaller number than `keep`.
    ///
    /// # Errors
    /// [`WalError::Io`]; some may be removed.
    pub fn remove_older(&self, keep: u64) -> Result<(), WalError> {
        self.remove(|name| number_of(name).is_some_and(|number| number < keep))
    }

    fn remove(&self, chosen: impl Fn(&str) -> bool) -> Result<(), WalError> {
        let mut removed = false;
        for name in self.names()?.iter().filter(|name| chosen(name)) {
            self.disk.remove(name).map_err(WalError::io("removing", self.disk.describe(name)))?;
            removed = true;
        }
        match removed {
            true => self.disk.sync_dir().map_err(WalError::io("syncing", self.disk.describe(""))),
            false => Ok(()),
        }
    }

    fn names(&self) -> Result<Vec<String>, WalError> {
        self.disk.list().map_err(WalError::io("listing", self.disk.describe("")))
    }
}

/// The name of snapshot `number` once it is complete.
fn name_of(number: u64) -> String {
    format!("snapshot-{number:020}")
}

/// Its name until then.
fn temporary_name_of(number: u64) -> String {
    name_of(number) + TEMPORARY_SUFFIX
}

fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("snapshot-")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}
