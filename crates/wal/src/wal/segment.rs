//! A segment's file, and the one way to sync it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::DiskFile;

/// A segment of the log.
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) salt: u64,
    pub(crate) capacity: u64,
    /// Where the frames end; only right once the segment is no longer the last.
    pub(crate) end: u64,
    pub(crate) file: Arc<SegmentFile>,
}

/// A segment's file, shared with the threads that sync it.
pub(crate) struct SegmentFile {
    /// The full name, for messages.
    pub(crate) shown: String,
    pub(crate) file: Arc<dyn DiskFile>,
    sync_failed: Mutex<bool>,
}

impl SegmentFile {
    pub(crate) fn new(shown: String, file: Arc<dyn DiskFile>) -> Arc<SegmentFile> {
        Arc::new(SegmentFile { shown, file, sync_failed: Mutex::new(false) })
    }

    /// Syncs the file, one thread at a time, and never again after a failure.
    ///
    /// The system reports a failed sync to one caller only. Without the lock, a second sync that runs at the
    /// same time could succeed and have data reported safe that is lost.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let mut failed = self.sync_failed.lock().unwrap_or_else(PoisonError::into_inner);
        if *failed {
            return Err(io::Error::other("an earlier sync of this file failed"));
        }
        // Set before the call, so that a panic in it counts as a failure too.
        *failed = true;
        self.file.sync_data()?;
        *failed = false;
        Ok(())
    }
}
