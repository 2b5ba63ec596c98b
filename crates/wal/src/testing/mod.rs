//! A disk in memory for tests and simulations: it loses what was not synced, and fails when it is told to.

mod crash;
mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use file::Inode;

use crate::{Disk, DiskFile};

/// A directory in memory that behaves like a real disk at its worst.
///
/// What was not synced is lost or kept sector by sector in a [crash](MemDisk::crash); a failed sync loses it for
/// good, though it can still be read until then. Clones are the same disk.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use trellis_wal::testing::MemDisk;
/// use trellis_wal::{LogId, Options, Wal};
///
/// let disk = MemDisk::new();
/// let options = Options { segment_bytes: 16 << 10, ..Options::default() };
/// let (mut wal, _) = Wal::open(Arc::new(disk.clone()), options.clone())?;
/// let id = LogId { term: 1, node: 1, index: 0 };
/// wal.append_entry(id, &[b"kept"])?;
/// wal.sync()?;
/// let after = disk.crash(42);
/// let (_, recovered) = Wal::open(Arc::new(after), options)?;
/// assert_eq!(recovered.last, Some(id));
/// # Ok::<(), trellis_wal::WalError>(())
/// ```
#[derive(Clone, Default)]
pub struct MemDisk {
    shared: Arc<Mutex<Shared>>,
}

/// What changes a disk, and can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// [`Disk::create`].
    Create,
    /// [`Disk::rename`].
    Rename,
    /// [`Disk::remove`].
    Remove,
    /// [`Disk::sync_dir`].
    SyncDir,
    /// [`DiskFile::write_at`].
    Write,
    /// [`DiskFile::sync_data`].
    SyncData,
}

type Directory = BTreeMap<String, Arc<Mutex<Inode>>>;

/// What one operation makes of the names that it touches: the file that has the name then, if any.
type Change = Vec<(String, Option<Arc<Mutex<Inode>>>)>;

/// Makes one change.
fn apply(directory: &mut Directory, change: &Change) {
    for (name, file) in change {
        match file {
            Some(file) => directory.insert(name.clone(), Arc::clone(file)),
            None => directory.remove(name),
        };
    }
}

/// What is behind the lock.
#[derive(Default)]
struct Shared {
    files: Directory,
    /// The directory at its last sync.
    synced_files: Directory,
    /// The changes of the directory since.
    unsynced_files: Vec<Change>,
    operations: u64,
    faults: Faults,
}

#[derive(Default)]
struct Faults {
    power_off_at: Option<u64>,
    fail: Option<Fail>,
    capacity_bytes: Option<u64>,
}

/// An operation that is told to fail.
struct Fail {
    operation: Operation,
    skip: u64,
    kind: io::ErrorKind,
}

impl MemDisk {
    /// An empty disk without faults.
    #[must_use]
    pub fn new() -> MemDisk {
        MemDisk::default()
    }

    /// How many changing operations were begun.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// From changing operation number `operation` on, counted from 1 as [`MemDisk::operations`] does, everything
    /// fails. That operation itself may have reached the disk in part.
    pub fn power_off_at(&self, operation: u64) {
        self.lock().faults.power_off_at = Some(operation);
    }

    /// Lets one operation of that kind fail after `skip` others of the kind.
    pub fn fail_after(&self, operation: Operation, skip: u64) {
        self.fail_with(operation, skip, io::ErrorKind::Other);
    }

    /// As [`MemDisk::fail_after`], with an error of that kind.
    pub fn fail_with(&self, operation: Operation, skip: u64, kind: io::ErrorKind) {
        self.lock().faults.fail = Some(Fail { operation, skip, kind });
    }

    /// Limits what [`MemDisk::used_bytes`] may become. A write that would exceed it writes what fits and fails; one
    /// within the blocks that its file has needs no space.
    pub fn limit_capacity(&self, bytes: Option<u64>) {
        self.lock().faults.capacity_bytes = bytes;
    }

    /// Takes all faults back that have not happened yet. Power that is off stays off.
    pub fn clear_faults(&self) {
        let mut shared = self.lock();
        let power_off_at = shared.faults.power_off_at.filter(|_| shared.is_off());
        shared.faults = Faults { power_off_at, ..Faults::default() };
    }

    /// Whether the power has failed.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.lock().is_off()
    }

    /// The bytes of the blocks of all files together: a file has whole blocks of 4096 bytes. Names take no space.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.lock().used_bytes()
    }

    /// What a file holds now, synced or not.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let file = self.lock().files.get(name).cloned()?;
        let contents = lock(&file).current().to_vec();
        Some(contents)
    }

    /// Puts a file there, already synced, replacing one that exists.
    pub fn put(&self, name: &str, contents: Vec<u8>) {
        let inode = Arc::new(Mutex::new(Inode::synced(contents)));
        let mut shared = self.lock();
        shared.files.insert(name.to_owned(), Arc::clone(&inode));
        shared.synced_files.insert(name.to_owned(), inode);
        shared.forget_changes(name);
    }

    /// Takes a file away, already synced.
    pub fn take(&self, name: &str) -> Option<Vec<u8>> {
        let contents = self.contents(name);
        let mut shared = self.lock();
        shared.files.remove(name);
        shared.synced_files.remove(name);
        shared.forget_changes(name);
        contents
    }

    /// A disk with the same files, all of them synced, and no faults. The two have nothing to do with each other.
    #[must_use]
    pub fn copy(&self) -> MemDisk {
        let files: Vec<_> =
            self.lock().files.iter().map(|(name, file)| (name.clone(), Arc::clone(file))).collect();
        let copy = MemDisk::new();
        for (name, file) in files {
            copy.put(&name, lock(&file).current().to_vec());
        }
        copy
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn used_bytes(&self) -> u64 {
        self.files.values().map(|file| lock(file).allocated()).sum()
    }

    /// Counts a changing operation. `Err` is its outcome if it has to fail.
    fn begin(&mut self, operation: Operation) -> io::Result<()> {
        self.operations += 1;
        self.check_power()?;
        match &mut self.faults.fail {
            Some(fail) if fail.operation == operation && fail.skip > 0 => fail.skip -= 1,
            Some(fail) if fail.operation == operation => {
                let kind = fail.kind;
                self.faults.fail = None;
                return Err(io::Error::new(kind, format!("{operation:?} was told to fail")));
            }
            _ => {}
        }
        Ok(())
    }

    fn check_power(&self) -> io::Result<()> {
        if self.is_off() { Err(io::Error::other("the power is off")) } else { Ok(()) }
    }

    fn is_off(&self) -> bool {
        self.faults.power_off_at.is_some_and(|at| self.operations >= at)
    }

    /// The operation at which the power fails: it may still have an effect.
    fn is_going_off(&self) -> bool {
        self.faults.power_off_at == Some(self.operations)
    }

    /// Changes the directory after `operation` was allowed, or as the last thing before the power fails.
    fn change(&mut self, operation: Operation, change: Change) -> io::Result<()> {
        let begun = match self.begin(operation) {
            Err(error) if !self.is_going_off() => return Err(error),
            begun => begun,
        };
        apply(&mut self.files, &change);
        self.unsynced_files.push(change);
        begun
    }

    /// No crash brings an earlier file of that name back.
    fn forget_changes(&mut self, name: &str) {
        for change in &mut self.unsynced_files {
            change.retain(|(changed, _)| changed != name);
        }
    }

    fn find(&self, name: &str) -> io::Result<Arc<Mutex<Inode>>> {
        self.files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for MemDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let shared = self.lock();
        shared.check_power()?;
        Ok(shared.files.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let shared = self.lock();
        shared.check_power()?;
        let inode = shared.find(name)?;
        Ok(Arc::new(MemFile { disk: self.clone(), inode }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let inode = Arc::new(Mutex::new(Inode::default()));
        self.lock().change(Operation::Create, vec![(name.to_owned(), Some(Arc::clone(&inode)))])?;
        Ok(Arc::new(MemFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut shared = self.lock();
        let inode = shared.find(from)?;
        shared.change(Operation::Rename, vec![(from.to_owned(), None), (to.to_owned(), Some(inode))])
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut shared = self.lock();
        shared.find(name)?;
        shared.change(Operation::Remove, vec![(name.to_owned(), None)])
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut shared = self.lock();
        shared.begin(Operation::SyncDir)?;
        shared.synced_files = shared.files.clone();
        shared.unsynced_files.clear();
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let shared = self.lock();
        Ok(shared.faults.capacity_bytes.unwrap_or(u64::MAX).saturating_sub(shared.used_bytes()))
    }

    fn describe(&self, name: &str) -> String {
        format!("memory/{name}")
    }
}

/// An open file of a [`MemDisk`].
struct MemFile {
    disk: MemDisk,
    inode: Arc<Mutex<Inode>>,
}

impl DiskFile for MemFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.disk.lock().check_power()?;
        Ok(lock(&self.inode).read(offset, buffer))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut shared = self.disk.lock();
        let begun = shared.begin(Operation::Write);
        if begun.is_err() && !shared.is_going_off() {
            return begun;
        }
        let room = shared.faults.capacity_bytes.map(|capacity| capacity.saturating_sub(shared.used_bytes()));
        drop(shared);
        let mut inode = lock(&self.inode);
        let fits = room.map_or(bytes.len(), |room| inode.fitting(offset, bytes.len(), room));
        inode.write(offset, &bytes[..fits]);
        match begun {
            Ok(()) if fits < bytes.len() => Err(io::ErrorKind::StorageFull.into()),
            outcome => outcome,
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let begun = self.disk.lock().begin(Operation::SyncData);
        let mut inode = lock(&self.inode);
        match &begun {
            Ok(()) => inode.sync(),
            Err(_) => inode.fail_sync(),
        }
        begun
    }

    fn size(&self) -> io::Result<u64> {
        Ok(lock(&self.inode).current().len() as u64)
    }
}
