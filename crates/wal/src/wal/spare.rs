//! Files that wait to become segments: new ones filled with zeros on another thread, and old segments whose
//! records were purged. Appending to a file that already has all its blocks makes a sync much cheaper, and works on a
//! full disk.
//!
//! A spare has the name of the segment that it will become, so that not even a name has to be made then: the files
//! with the numbers behind the last segment are the spares.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Options, Wal};
use crate::disk::zero_fill;
use crate::format::segment;
use crate::limits::{SPARE_SYNC_BYTES, SPARES_MAX};
use crate::{Disk, DiskFile, WalError};

/// The name of a spare that is being made.
pub(crate) const MAKING_SPARE_NAME: &str = "spare.tmp";

/// The spare files.
pub(crate) struct Spares {
    /// The first one has the name of the next segment, and so on.
    ready: VecDeque<Arc<dyn DiskFile>>,
    /// A [`SpareJob`] is out.
    awaited: bool,
}

/// A file that is ready to become a segment.
pub struct Spare {
    file: Arc<dyn DiskFile>,
    bytes: u64,
}

/// Files that have no name any more, but still their blocks. The blocks are freed when this is dropped, for which Linux
/// takes about 15 ms for 64 MB: a thread that nobody waits for is the place to do so.
pub struct RemovedFiles(
    #[expect(dead_code, reason = "held to be dropped")] pub(super) Vec<Arc<dyn DiskFile>>,
);

/// The making of a spare file, to be run on any thread; see [`Wal::spare_wanted`].
#[must_use = "the log waits for the result"]
pub struct SpareJob {
    disk: Arc<dyn Disk>,
    bytes: u64,
}

impl SpareJob {
    /// Makes the file and fills it with zeros.
    ///
    /// # Errors
    /// [`WalError::NoSpace`] and [`WalError::NoFile`]: what was made of the file is removed. [`WalError::Io`] if the
    /// directory is gone.
    pub fn run(self) -> Result<Spare, WalError> {
        let file = make_file(self.disk.as_ref(), MAKING_SPARE_NAME, self.bytes)?;
        Ok(Spare { file, bytes: self.bytes })
    }
}

/// Makes a file of `bytes` zeros whose blocks are all on the disk.
pub(super) fn make_file(disk: &dyn Disk, name: &str, bytes: u64) -> Result<Arc<dyn DiskFile>, WalError> {
    let failed = |action| WalError::file(action, disk.describe(name), bytes);
    let file = disk.create(name).map_err(failed("creating"))?;
    let mut filled = Ok(());
    let mut end = 0;
    while end < bytes && filled.is_ok() {
        let start = end;
        end = bytes.min(start + SPARE_SYNC_BYTES);
        filled = zero_fill(file.as_ref(), start, end)
            .map_err(failed("filling"))
            .and_then(|()| file.sync_data().map_err(failed("syncing")));
    }
    match filled {
        Ok(()) => Ok(file),
        Err(error) => {
            // The last free blocks are better left to the rest of the system. If even this fails, the file is
            // removed at the next start.
            let _ = disk.remove(name);
            Err(error)
        }
    }
}

impl Spares {
    pub(crate) fn new() -> Spares {
        Spares { ready: VecDeque::new(), awaited: false }
    }

    /// How many files are ready.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Turns the file of segment `number`, which is not or no longer in the log, into a spare, or removes it: when there
    /// are enough, when it has another size, and when the directory has no room for the new name. `last` is the last
    /// segment. Returns the file if it was removed. The caller syncs the directory.
    pub(crate) fn recycle(
        &mut self,
        disk: &dyn Disk,
        options: &Options,
        last: u64,
        number: u64,
        file: Arc<dyn DiskFile>,
    ) -> Result<Option<Arc<dyn DiskFile>>, WalError> {
        let name = segment::name(number);
        let size = file.size().map_err(WalError::io("measuring", disk.describe(&name)))?;
        let wanted = self.ready() + usize::from(self.awaited) < SPARES_MAX && size == options.segment_bytes;
        let next = self.next_number(last);
        if wanted && (number == next || disk.rename(&name, &segment::name(next)).is_ok()) {
            self.ready.push_back(file);
            return Ok(None);
        }
        disk.remove(&name).map_err(WalError::io("removing", disk.describe(&name)))?;
        Ok(Some(file))
    }

    /// Takes out the file that has the name of the next segment.
    pub(super) fn take(&mut self) -> Option<Arc<dyn DiskFile>> {
        self.ready.pop_front()
    }

    /// The number that the next spare has in its name.
    fn next_number(&self, last: u64) -> u64 {
        last + 1 + self.ready() as u64
    }
}

impl Wal {
    /// The making of a spare file, if none is ready or being made. Run it on another thread and hand the result
    /// to [`Wal::supply_spare`]; then the change to the next segment need not make one itself.
    ///
    /// Ask after an append that moved [`Wal::segment_numbers`] on, and some time after a failure.
    #[must_use]
    pub fn spare_wanted(&mut self) -> Option<SpareJob> {
        if self.spares.ready() > 0 || self.spares.awaited || self.failed.is_some() {
            return None;
        }
        self.spares.awaited = true;
        Some(SpareJob { disk: Arc::clone(&self.disk), bytes: self.options.segment_bytes })
    }

    /// Takes the result of a [`SpareJob`], and syncs the directory for its name.
    ///
    /// # Errors
    /// The job's own error, or [`WalError::NoSpace`] if the directory has no room for the name. If it
    /// [lacks a file](WalError::lacks_file), the log is unharmed, and [`Wal::space_left`] says what it can still take.
    /// [`WalError::Io`] and [`WalError::Stopped`].
    pub fn supply_spare(&mut self, made: Result<Spare, WalError>) -> Result<(), WalError> {
        self.spares.awaited = false;
        let spare = made?;
        // After a failure it is not known which segment is the last on the disk: its name must not be taken.
        self.check_alive()?;
        let number = self.spares.next_number(self.manifest.manifest().last);
        self.name_file(MAKING_SPARE_NAME, number, spare.bytes)?;
        self.spares.ready.push_back(spare.file);
        Ok(())
    }

    /// Gives a file that was just made the name of segment `number`, which lasts then. Without room for the name, the
    /// file is removed.
    pub(super) fn name_file(&mut self, name: &str, number: u64, bytes: u64) -> Result<(), WalError> {
        let final_name = segment::name(number);
        let file = self.disk.describe(&final_name);
        if let Err(source) = self.disk.rename(name, &final_name) {
            let _ = self.disk.remove(name);
            return Err(WalError::file("naming", file, bytes)(source));
        }
        let synced = self.disk.sync_dir().map_err(WalError::io("syncing the directory of", file));
        self.fatal(synced)
    }
}
