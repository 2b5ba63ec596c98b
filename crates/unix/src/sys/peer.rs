//! Who is at the other end of a socket, and what it has not read.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::checked;

/// The number of the process at the other end of a Unix socket, in this process's own namespace; 0 if it has none there.
pub(crate) fn pid(socket: BorrowedFd<'_>) -> io::Result<libc::pid_t> {
    let mut found = libc::ucred { pid: 0, uid: 0, gid: 0 };
    #[expect(clippy::cast_possible_truncation, reason = "it has 12 bytes")]
    let mut bytes = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the call writes no more than `bytes` bytes, which is what there is room for.
    let returned = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut found).cast(),
            &raw mut bytes,
        )
    };
    checked(returned)?;
    Ok(found.pid)
}

/// The bytes that the system holds for the other end of a Unix socket. It counts what they take of its memory, so each
/// message is more than it has bytes, and one that is read in part is as large as before.
pub(crate) fn unread(socket: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    let mut bytes = 0;
    // SAFETY: the call writes one number, which is what there is room for.
    let returned = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    checked(returned)?;
    Ok(bytes)
}
