//! Figures that the log and the state give to whoever shows them, without locks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use tokio::sync::Notify;

/// Written by the log and the machine, read by anyone.
#[derive(Debug, Default)]
pub struct LogGauge {
    pub(crate) segment_oldest: AtomicU64,
    pub(crate) segment_current: AtomicU64,
    pub(crate) segment_bytes: AtomicU64,
    pub(crate) records_written: AtomicU64,
    pub(crate) records_in_snapshots: AtomicU64,
    /// Bytes of log since the last snapshot, which a restart would replay.
    pub(crate) log_bytes: AtomicU64,
    /// Bytes that a snapshot of the state would have, roughly.
    pub(crate) state_bytes: AtomicU64,
    /// Bytes of all jobs' bodies.
    pub(crate) body_bytes: AtomicU64,
    /// Bytes that the log can take without another file; without a disk, any number.
    pub(crate) space_left: AtomicU64,
    /// Told whenever the log's next file has been made, or could not be.
    pub(crate) spare_tried: Notify,
    /// Whether the disk has no room for another file of the log.
    pub(crate) disk_full: AtomicBool,
    /// Whether the log waits for room in the middle of an append.
    pub(crate) log_waits: AtomicBool,
}

/// The log's figures at one moment. All are 0 without a log on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogFacts {
    /// Number of the oldest file of the log.
    pub segment_oldest: u64,
    /// Number of the file that is written to.
    pub segment_current: u64,
    /// Bytes that a file may have.
    pub segment_bytes: u64,
    /// Entries written since the start.
    pub records_written: u64,
    /// Jobs copied into snapshots since the start, which lets old files go.
    pub records_in_snapshots: u64,
}

impl LogGauge {
    /// The figures now.
    #[must_use]
    pub fn facts(&self) -> LogFacts {
        LogFacts {
            segment_oldest: self.segment_oldest.load(Relaxed),
            segment_current: self.segment_current.load(Relaxed),
            segment_bytes: self.segment_bytes.load(Relaxed),
            records_written: self.records_written.load(Relaxed),
            records_in_snapshots: self.records_in_snapshots.load(Relaxed),
        }
    }
}
