//! Locks on single bytes of a file, which exclude each other whichever kind they are of.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::process::Pid;

/// Whose a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The open file's. It lasts until all descriptors of it are closed, those of children included.
    OpenFile,
    /// The process's, and the system knows whose. It is gone as soon as the process closes the file by any descriptor.
    Process,
}

/// How a byte is locked by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// It is not, or by this very open file.
    None,
    /// Somebody wants nobody to change it.
    Shared,
    /// An open file has it alone.
    ByOpenFile,
    /// A process has it alone; `None` is one that is not to be seen from this container.
    ByProcess(Option<Pid>),
}

/// Locks a byte against all others; whether it could be had.
pub(crate) fn lock_byte(file: BorrowedFd<'_>, byte: i64, owner: Owner) -> io::Result<bool> {
    let command = match owner {
        Owner::OpenFile => libc::F_OFD_SETLK,
        Owner::Process => libc::F_SETLK,
    };
    match call(file, command, byte) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// How a byte is locked by others. Nothing is locked for the question.
pub(crate) fn lock_of_byte(file: BorrowedFd<'_>, byte: i64) -> io::Result<Lock> {
    let found = call(file, libc::F_OFD_GETLK, byte)?;
    Ok(match (libc::c_int::from(found.l_type), found.l_pid) {
        (libc::F_UNLCK, _) => Lock::None,
        (libc::F_RDLCK, _) => Lock::Shared,
        (_, OF_AN_OPEN_FILE) => Lock::ByOpenFile,
        (_, pid) => Lock::ByProcess(Pid::from_raw(pid)),
    })
}

/// What the system says in the place of a process.
const OF_AN_OPEN_FILE: libc::pid_t = -1;

fn call(file: BorrowedFd<'_>, command: libc::c_int, byte: i64) -> io::Result<libc::flock> {
    let mut lock = libc::flock {
        l_type: WRITE_LOCK,
        l_whence: FROM_THE_START,
        l_start: byte,
        l_len: 1,
        // The system wants to be told of none.
        l_pid: 0,
    };
    // SAFETY: the descriptor is open, and these commands read and write a `flock` and nothing behind it.
    super::checked(unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut lock) })?;
    Ok(lock)
}

#[allow(clippy::cast_possible_truncation, reason = "it is 1")]
const WRITE_LOCK: libc::c_short = libc::F_WRLCK as libc::c_short;
#[allow(clippy::cast_possible_truncation, reason = "it is 0")]
const FROM_THE_START: libc::c_short = libc::SEEK_SET as libc::c_short;
