//! The replacement of the manifest, in two steps: the one that needs space on the disk can fail without harm and
//! comes before anything else is changed; the other one is atomic.

use crate::format::manifest::{self, Manifest};
use crate::{Disk, WalError};

/// The name of a manifest that is not in use yet.
pub(crate) const PREPARED_NAME: &str = "manifest.tmp";

/// A manifest that is safe on the disk, but not in use yet.
#[must_use = "it is not in use yet"]
pub(crate) struct NewManifest(());

impl NewManifest {
    pub(crate) fn prepare(disk: &dyn Disk, manifest: Manifest) -> Result<NewManifest, WalError> {
        let failed = |action| {
            let file = disk.describe(PREPARED_NAME);
            move |source| WalError::NoSpace { action, file, bytes: manifest::BYTES as u64, source }
        };
        let file = disk.create(PREPARED_NAME).map_err(failed("creating"))?;
        file.write_at(0, &manifest.encode()).map_err(failed("writing"))?;
        file.sync_data().map_err(failed("syncing"))?;
        Ok(NewManifest(()))
    }

    /// Replaces the manifest. Afterwards, and after a crash at any moment, there is the old one or this one.
    pub(crate) fn put_to_use(self, disk: &dyn Disk) -> Result<(), WalError> {
        let shown = disk.describe(manifest::NAME);
        disk.rename(PREPARED_NAME, manifest::NAME).map_err(WalError::io("replacing", &shown))?;
        disk.sync_dir().map_err(WalError::io("syncing the directory of", &shown))
    }
}
