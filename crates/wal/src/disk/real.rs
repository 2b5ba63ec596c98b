//! A directory of the operating system, held by one process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Disk, DiskFile};
use crate::WalError;

/// Only the owner reads the data: job bodies are nobody else's business.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// A directory of the operating system.
///
/// As long as the value lives, no other process (and no second value in this one) can open the directory.
#[derive(Debug)]
pub struct RealDisk {
    path: PathBuf,
    /// Open all the time, so that a sync needs no opening that could fail, and locked: unlike a file in it, it can't be
    /// removed and made again under the same name while its files are used.
    directory: File,
}

impl RealDisk {
    /// Opens the directory, making it (and its parents, readable by the owner only) if needed.
    ///
    /// # Errors
    /// [`WalError::Locked`] when another server has it open, [`WalError::Io`] when it can't be made,
    /// opened or locked.
    ///
    /// # Examples
    /// ```
    /// let directory = tempfile::tempdir()?;
    /// let disk = trellis_wal::RealDisk::open(directory.path().join("data"))?;
    /// assert!(trellis_wal::RealDisk::open(directory.path().join("data")).is_err());
    /// # drop(disk);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<RealDisk, WalError> {
        let path = path.as_ref().to_path_buf();
        let shown = path.display().to_string();
        make_directory(&path).map_err(WalError::io("making the directory", &shown))?;
        let directory = File::open(&path).map_err(WalError::io("opening the directory", &shown))?;
        match directory.try_lock() {
            Ok(()) => Ok(RealDisk { path, directory }),
            Err(TryLockError::WouldBlock) => Err(WalError::Locked { directory: shown }),
            Err(TryLockError::Error(source)) => {
                Err(WalError::Io { action: "locking the directory", file: shown, source })
            }
        }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the directory if it is missing, its parents before it, and has each name last in its parent.
fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Err(io::ErrorKind::NotFound.into()),
    };
    make_directory(parent)?;
    match DirBuilder::new().mode(DIRECTORY_MODE).create(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made?,
    }
    File::open(parent)?.sync_all()
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not UTF-8 is none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path.join(name))?;
        Ok(Arc::new(RealFile(file)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(self.path.join(name))?;
        Ok(Arc::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.directory.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let facts = rustix::fs::fstatvfs(&self.directory)?;
        Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
    }

    fn describe(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}
