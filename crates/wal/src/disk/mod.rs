//! The directory of files that the log and the snapshots live in, as a trait, so that a simulator can stand in
//! for it. Nothing else in this crate touches a file system.

mod real;

use std::io;
use std::sync::Arc;

pub use real::RealDisk;

use crate::limits::ZERO_FILL_BYTES;

/// A flat directory of files, named without any path.
pub trait Disk: Send + Sync {
    /// The names of all files, in any order.
    ///
    /// # Errors
    /// When the directory can't be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// `NotFound` when there is none, or what the system answers.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes an empty file, emptying one that exists.
    ///
    /// # Errors
    /// What the system answers.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file a new name, replacing a file that has it, atomically. Lasts after [`Disk::sync_dir`].
    ///
    /// # Errors
    /// What the system answers.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Lasts after [`Disk::sync_dir`].
    ///
    /// # Errors
    /// What the system answers.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes all earlier creations, renames and removals last.
    ///
    /// # Errors
    /// What the system answers; the directory's state on the disk is then unknown.
    fn sync_dir(&self) -> io::Result<()>;

    /// How many bytes more files may have.
    ///
    /// # Errors
    /// What the system answers.
    fn free_bytes(&self) -> io::Result<u64>;

    /// The file's full name, for messages.
    fn describe(&self, name: &str) -> String;
}

/// An open file. All calls can be made from several threads at once.
pub trait DiskFile: Send + Sync {
    /// Reads up to `buffer.len()` bytes at `offset`; returns how many, 0 at the end of the file.
    ///
    /// # Errors
    /// What the system answers.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`, growing the file if needed. Lasts after [`DiskFile::sync_data`].
    ///
    /// # Errors
    /// What the system answers; some of the bytes may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes all earlier writes, and the size, last.
    ///
    /// # Errors
    /// What the system answers; what is on the disk is then unknown, and a second sync may wrongly succeed.
    fn sync_data(&self) -> io::Result<()>;

    /// The file's size in bytes.
    ///
    /// # Errors
    /// What the system answers.
    fn size(&self) -> io::Result<u64>;
}

/// Fills `buffer` from `offset` on, as far as the file reaches; returns how much.
pub(crate) fn read_full(file: &dyn DiskFile, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(offset + filled as u64, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads `length` bytes at `offset`, or as many as there are. The caller has checked `length` against the size
/// of the file.
pub(crate) fn read_up_to(file: &dyn DiskFile, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let filled = read_full(file, offset, &mut bytes)?;
    bytes.truncate(filled);
    Ok(bytes)
}

/// Writes zeros from `start` up to `end`.
pub(crate) fn zero_fill(file: &dyn DiskFile, start: u64, end: u64) -> io::Result<()> {
    let zeros = vec![0; ZERO_FILL_BYTES.min(usize::try_from(end - start).unwrap_or(ZERO_FILL_BYTES))];
    let mut offset = start;
    while offset < end {
        let count = usize::try_from(end - offset).map_or(zeros.len(), |left| left.min(zeros.len()));
        file.write_at(offset, &zeros[..count])?;
        offset += count as u64;
    }
    Ok(())
}
