//! The pid file: a lock that its process holds as long as it lives, and the pid as text.
//!
//! The lock is one of `fcntl`, which belongs to the process alone: children that outlive it don't hold it, and the system
//! knows whose it is, whatever the text says. It has a trap, too: it is gone as soon as its process closes the file by any
//! descriptor. So the files that this process holds are remembered, and are not opened again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use rustix::process::{Flock, FlockOffsetType, FlockType, Pid, fcntl_getlk, getpid};

use super::DaemonError;
use crate::limits::PID_FILE_BYTES_MAX;

/// A pid file that this process holds.
#[derive(Debug)]
pub(super) struct PidFile {
    file: File,
    path: PathBuf,
    /// A fork copies this value, but not the lock.
    holder: Pid,
}

impl PidFile {
    /// Takes the file, which is made if it is not there, and writes this process's pid into it.
    pub(super) fn take(path: &Path) -> Result<PidFile, DaemonError> {
        let failed = |what| move |source| DaemonError::File { what, path: path.to_owned(), source };
        if is_held_here(path) {
            return Err(DaemonError::AlreadyRunning { pid: getpid(), path: path.to_owned() });
        }
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .open(path)
                .map_err(failed("open the pid file"))?;
            match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::AGAIN | Errno::ACCESS) => match holder(&file).map_err(failed("ask about"))? {
                    Some(pid) => return Err(DaemonError::AlreadyRunning { pid, path: path.to_owned() }),
                    // It has ended between the two.
                    None => continue,
                },
                Err(error) => return Err(failed("lock the pid file")(error.into())),
            }
            // The one before may have removed the file between our open and our lock; then this is not it any more.
            if !is_at(&file, path) {
                continue;
            }
            if !is_pid_file(&file).map_err(failed("read the pid file"))? {
                return Err(DaemonError::NotAPidFile { path: path.to_owned() });
            }
            let mut pid_file = PidFile { file, path: path.to_owned(), holder: getpid() };
            pid_file.write().map_err(failed("write the pid file"))?;
            held().extend(identity_of(path));
            return Ok(pid_file);
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "{}", self.holder.as_raw_nonzero())
    }
}

/// Whether nothing is in it but a pid, if at all: what else is there is somebody's, and named by mistake.
fn is_pid_file(mut file: &File) -> io::Result<bool> {
    if !file.metadata()?.is_file() {
        return Ok(false);
    }
    let mut text = Vec::new();
    Read::by_ref(&mut file).take(PID_FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
    let text = text.trim_ascii();
    Ok(text.len() as u64 <= PID_FILE_BYTES_MAX && text.iter().all(u8::is_ascii_digit))
}

impl Drop for PidFile {
    /// Removes the file while it is still locked, so that nobody can have taken it meanwhile.
    fn drop(&mut self) {
        if self.holder != getpid() {
            return;
        }
        if is_at(&self.file, &self.path) {
            // If it stays, it is not locked, and the next one takes it.
            let _ = fs::remove_file(&self.path);
        }
        if let Ok(identity) = self.file.metadata().map(|file| identity(&file)) {
            held().retain(|held| *held != identity);
        }
    }
}

/// The process that holds a pid file; `None` if there is no file, or nobody holds it.
pub(super) fn holder_of(path: &Path) -> Result<Option<Pid>, DaemonError> {
    let failed = |what| move |source| DaemonError::File { what, path: path.to_owned(), source };
    if is_held_here(path) {
        return Ok(Some(getpid()));
    }
    match File::open(path) {
        Ok(file) => holder(&file).map_err(failed("ask about")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("open the pid file")(error)),
    }
}

fn holder(file: &File) -> io::Result<Option<Pid>> {
    let whole = Flock {
        start: 0,
        length: 0,
        pid: None,
        typ: FlockType::WriteLock,
        offset_type: FlockOffsetType::Set,
    };
    match fcntl_getlk(file, &whole)? {
        None => Ok(None),
        Some(Flock { pid: None, .. }) => {
            Err(io::Error::other("its holder is not to be seen from this container"))
        }
        Some(Flock { pid, .. }) => Ok(pid),
    }
}

/// What tells one file from all others.
type Identity = (u64, u64, Pid);

/// The files that this process holds. A child after a fork inherits the list, but it is not the process in it.
static HELD: Mutex<Vec<Identity>> = Mutex::new(Vec::new());

fn held() -> std::sync::MutexGuard<'static, Vec<Identity>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// It asks without opening the file.
fn is_held_here(path: &Path) -> bool {
    identity_of(path).is_some_and(|identity| held().contains(&identity))
}

fn identity_of(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| identity(&file))
}

/// Device, number, and this process.
fn identity(file: &fs::Metadata) -> Identity {
    (file.dev(), file.ino(), getpid())
}

/// Whether the path leads to this very file.
fn is_at(file: &File, path: &Path) -> bool {
    file.metadata().is_ok_and(|file| Some(identity(&file)) == identity_of(path))
}
