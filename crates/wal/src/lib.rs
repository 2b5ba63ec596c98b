//! An append-only log of opaque records in recycled segments, and snapshot files, both safe against torn writes
//! and damage.
//!
//! [`Wal`] is the log: entries with consecutive indexes, and a vote. [`snapshot`] keeps what makes old entries
//! unneeded. Both live in one flat directory behind the [`Disk`] trait: [`RealDisk`] is the operating system's,
//! [`testing::MemDisk`] one in memory that loses what was not synced.
//!
//! What is found when a log is opened is judged by one table:
//!
//! | What is found | What it means | What happens |
//! |---|---|---|
//! | an invalid record at the end of the last segment, and behind it nothing valid, or only records that nobody was ever told to be safe | a torn tail: the machine stopped in the middle of a write | it is cut, and reported |
//! | an invalid record behind which a valid one says that everything before it was synced | damage | refused |
//! | an invalid record in any segment but the last | damage, since a segment is synced before the next begins | refused |
//! | one of the manifest's two copies invalid | a torn write, or damage that the other copy makes good | it is made again, and reported |
//! | a missing file, a damaged header, both copies of the manifest damaged; an index missing | damage | refused |
//! | a file of another length than it was made with, the last segment too | damage, since a file has all of its bytes before it is put to use | refused |
//! | records in a file behind the last segment that the manifest names | damage, since that file is a spare | refused |
//! | a head whose check matches, of a version that is not known or no longer read | another release was here | refused |
//!
//! Refusing means an error that names file and offset, and not a byte changed.
//!
//! This crate knows nothing of what the records mean, and has no threads, clocks or randomness: what may take
//! long ([`PendingSync`], [`SpareJob`]) is handed to the caller to run where it likes.

mod disk;
mod error;
mod format;
mod index;
pub mod limits;
mod recovery;
pub mod snapshot;
pub mod testing;
mod types;
mod wal;

pub use disk::{Disk, DiskFile, RealDisk};
pub use error::WalError;
pub use recovery::{DamagedCopy, Recovered, TornTail};
pub use types::{Entry, LogId, Position};
pub use wal::{Options, PendingSync, RemovedFiles, Spare, SpareJob, SyncDone, Wal};
