//! The manifest's file, which is changed in place, so that a change needs no space on the disk.
//!
//! # Why a crash at any moment leaves the old manifest or the new one
//!
//! - The manifest with sequence number `s` is written to copy `s % 2` first, and that is synced. Only then it is in
//!   use, and only then the other copy is written, too. That one's sync is left to the system: if it fails, the next
//!   change's says so.
//! - So when `s + 1` is written to the other copy, copy `s % 2` is on the disk and is not touched until the sync has
//!   succeeded. Whatever a crash leaves of the other one then, one of `s - 1`, `s`, `s + 1` or a torn one, the higher of
//!   the sound ones is `s` or `s + 1`.
//! - After a failed sync, what can be read need not be on the disk. The log stops then, and the next start writes what
//!   it has read [once more](ManifestFile::settle), the copy that counts first, before it relies on it.
//!
//! While both copies are the same, as they are but for the moments of a change and for what a loss of power undoes, one
//! may also rot without harm. If it is the newer of two that differ, the segments tell: one that the older copy does not
//! name has records, or one that it names is gone.

use std::sync::Arc;

use crate::format::manifest::{self, COPIES, COPY_BYTES, Manifest};
use crate::{Disk, DiskFile, WalError};

/// The name of the first manifest of all until it is whole.
pub(crate) const PREPARED_NAME: &str = "manifest.tmp";

/// The manifest's file, open, and what it says.
pub(crate) struct ManifestFile {
    file: Arc<dyn DiskFile>,
    /// The full name, for messages.
    shown: String,
    manifest: Manifest,
}

impl ManifestFile {
    /// Makes the file for a log that has no segments yet. Afterwards, and after a crash at any moment, it is whole or
    /// not there.
    pub(crate) fn create(disk: &dyn Disk) -> Result<ManifestFile, WalError> {
        let manifest = Manifest::EMPTY;
        let bytes = manifest.encode().repeat(COPIES);
        let failed = |action| {
            let (file, bytes) = (disk.describe(PREPARED_NAME), bytes.len() as u64);
            move |source| WalError::NoSpace { action, file, bytes, source }
        };
        let file = disk.create(PREPARED_NAME).map_err(failed("creating"))?;
        file.write_at(0, &bytes).map_err(failed("writing"))?;
        file.sync_data().map_err(failed("syncing"))?;
        let shown = disk.describe(manifest::NAME);
        disk.rename(PREPARED_NAME, manifest::NAME).map_err(WalError::io("naming", &shown))?;
        disk.sync_dir().map_err(WalError::io("syncing the directory of", &shown))?;
        Ok(ManifestFile { file, shown, manifest })
    }

    /// Takes a file over in which `manifest` was read.
    pub(crate) fn found(file: Arc<dyn DiskFile>, shown: String, manifest: Manifest) -> ManifestFile {
        ManifestFile { file, shown, manifest }
    }

    pub(crate) fn manifest(&self) -> Manifest {
        self.manifest
    }

    /// Makes sure that both copies are on the disk. `copy` is the one in which the manifest was read; whatever the
    /// other one is, it stays as it is until that one is safe.
    pub(crate) fn settle(&self, copy: usize) -> Result<(), WalError> {
        self.write(copy)?;
        self.sync()?;
        self.write(other(copy))?;
        self.sync()
    }

    /// Makes the segments from `first` to `last` the log. This lasts when it has returned.
    ///
    /// A failure is final: it is not known then which manifest is on the disk.
    pub(crate) fn change(&mut self, first: u64, last: u64) -> Result<(), WalError> {
        self.manifest = Manifest { sequence: self.manifest.sequence + 1, first, last };
        let copy = self.manifest.written_first();
        self.write(copy)?;
        self.sync()?;
        self.write(other(copy))
    }

    fn write(&self, copy: usize) -> Result<(), WalError> {
        let offset = (copy * COPY_BYTES) as u64;
        self.file.write_at(offset, &self.manifest.encode()).map_err(WalError::io("writing", &self.shown))
    }

    fn sync(&self) -> Result<(), WalError> {
        self.file.sync_data().map_err(WalError::io("syncing", &self.shown))
    }
}

fn other(copy: usize) -> usize {
    COPIES - 1 - copy
}
