//! The pid file: the pid as text, and locks that its process holds as long as it lives.
//!
//! One byte is locked by the open file and says that the daemon runs. Its process may read its own pid file like any other;
//! its children would hold the lock, too, so they close the file. Another byte is locked by the process, and by it the system
//! knows whose it is, whatever the text says; but that lock is gone once its process has closed the file by any descriptor.
//! The text counts then. A third byte says that it is written: what stood there before may be the pid of anybody by now.
//!
//! A file that a process has locked as a whole (`fcntl`, `lockf`) is understood, too. Locks by `flock` mean nothing here, and
//! whoever only reads under a lock is no daemon.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open};

use super::DaemonError;
use crate::limits::{ENDING_MILLISECONDS_MAX, PID_FILE_BYTES_MAX, PID_FILE_MILLISECONDS_MAX};
use crate::poll::{Deadline, readable};
use crate::process::OwnFile;
use crate::sys::locks::{Lock, Owner, lock_byte, lock_of_byte};

/// The byte whose lock says that the daemon runs.
const RUNS: i64 = 0;
/// The byte whose lock says which process it is.
const NAMED: i64 = 1;
/// The byte whose lock says that its pid is written.
const WRITTEN: i64 = 2;
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(1);

/// A pid file that this process holds.
#[derive(Debug)]
pub(super) struct PidFile {
    file: OwnFile,
    path: PathBuf,
    /// A fork that is not ours copies the file, too.
    holder: Pid,
}

impl PidFile {
    /// Takes the file, which is made if it is not there, and writes this process's pid into it.
    pub(super) fn take(path: &Path) -> Result<PidFile, DaemonError> {
        let failed = |what| move |source| DaemonError::File { what, path: path.to_owned(), source };
        let deadline = Deadline::after(Some(Duration::from_millis(PID_FILE_MILLISECONDS_MAX)));
        loop {
            let file = open(path, OpenOptions::new().write(true).create(true).truncate(false).mode(0o644))?;
            let lock =
                |byte, owner| lock_byte(file.as_fd(), byte, owner).map_err(failed("lock the pid file"));
            if !lock(RUNS, Owner::OpenFile)? {
                if let Some(pid) = holder(&file, path)? {
                    return Err(DaemonError::AlreadyRunning { pid, path: path.to_owned() });
                }
                if deadline.left() == Some(Duration::ZERO) {
                    return Err(DaemonError::Locked { path: path.to_owned() });
                }
                // It has just ended, or a child of it is about to close the file.
                thread::sleep(PAUSE);
                continue;
            }
            // The one before may have removed the file between our open and our lock; then this is not it any more.
            if !is_at(&file, path) {
                continue;
            }
            if !has_at_most_a_pid(&file).map_err(failed("read the pid file"))? {
                return Err(DaemonError::NotAPidFile { path: path.to_owned() });
            }
            lock(NAMED, Owner::Process)?;
            write(&file, getpid()).map_err(failed("write the pid file"))?;
            lock(WRITTEN, Owner::OpenFile)?;
            return Ok(PidFile { file: OwnFile::new(file), path: path.to_owned(), holder: getpid() });
        }
    }
}

impl Drop for PidFile {
    /// Removes the file while it is still locked, so that nobody can have taken it meanwhile.
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        if self.holder == getpid() && is_at(&file, &self.path) {
            // If it stays, it is not locked, and the next one takes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The process that holds a pid file; `None` if there is no file, or nobody holds it.
pub(super) fn holder_of(path: &Path) -> Result<Option<Pid>, DaemonError> {
    match open(path, &OpenOptions::new()) {
        Ok(file) => holder(&file, path),
        Err(DaemonError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens what must be a plain file: nothing else is waited for, or touched.
fn open(path: &Path, options: &OpenOptions) -> Result<File, DaemonError> {
    let failed = |source| DaemonError::File { what: "open the pid file", path: path.to_owned(), source };
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = options.clone().read(true).custom_flags(flags).open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.is_file() {
        true => Ok(file),
        false => Err(DaemonError::NotAPidFile { path: path.to_owned() }),
    }
}

fn holder(file: &File, path: &Path) -> Result<Option<Pid>, DaemonError> {
    let failed = |what| move |source| DaemonError::File { what, path: path.to_owned(), source };
    let lock_of = |byte| lock_of_byte(file.as_fd(), byte).map_err(failed("ask about"));
    let hidden = || io::Error::other("its holder is not to be seen from this container");
    let deadline = Deadline::after(Some(Duration::from_millis(PID_FILE_MILLISECONDS_MAX)));
    loop {
        match (lock_of(RUNS)?, lock_of(NAMED)?) {
            (Lock::None | Lock::Shared, _) => return Ok(None),
            (Lock::ByProcess(pid), _) | (Lock::ByOpenFile, Lock::ByProcess(pid)) => {
                return pid.map(Some).ok_or_else(hidden).map_err(failed("ask about"));
            }
            _ => {}
        }
        if lock_of(WRITTEN)? == Lock::ByOpenFile {
            let pid = read(file).map_err(failed("read the pid file"))?;
            let pid = pid.ok_or_else(|| DaemonError::Nameless { path: path.to_owned() })?;
            return Ok(Some(pid).filter(|pid| !is_ending(*pid)));
        }
        if deadline.left() == Some(Duration::ZERO) {
            return Err(DaemonError::Nameless { path: path.to_owned() });
        }
        thread::sleep(PAUSE);
    }
}

/// Whether a process has ended, or is about to: the system takes its own locks away before those of its files, and
/// before it says that it has ended. A child that has not closed the file yet, or that a fork of somebody else's has made,
/// may have it open for longer.
fn is_ending(pid: Pid) -> bool {
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => {
            let ending = Duration::from_millis(ENDING_MILLISECONDS_MAX);
            readable(handle.as_fd(), Some(ending)).unwrap_or(false)
        }
        Err(error) => error == Errno::SRCH,
    }
}

fn write(mut file: &File, pid: Pid) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", pid.as_raw_nonzero())
}

fn read(file: &File) -> io::Result<Option<Pid>> {
    let text = text(file)?;
    Ok(std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok()).and_then(Pid::from_raw))
}

/// Whether nothing is in it but a pid, if at all: what else is there is somebody's, and named by mistake.
fn has_at_most_a_pid(file: &File) -> io::Result<bool> {
    let text = text(file)?;
    let text = text.trim_ascii();
    Ok(text.len() as u64 <= PID_FILE_BYTES_MAX && text.iter().all(u8::is_ascii_digit))
}

fn text(mut file: &File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.rewind()?;
    Read::by_ref(&mut file).take(PID_FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// Whether the path leads to this very file.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |file: &fs::Metadata| (file.dev(), file.ino());
    let at_path = fs::metadata(path).ok();
    file.metadata().is_ok_and(|file| at_path.is_some_and(|other| identity(&file) == identity(&other)))
}
