//! Waiting for descriptors with a time-out, and whether the other end has read. It knows nothing of what they belong to.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::sys;

/// When a wait is over, which is decided once: whatever interrupts the wait doesn't lengthen it. A time-out that no clock
/// can hold is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So much later than now; without a time-out, never.
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        Deadline(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// How long it is until then; zero afterwards, `None` for ever.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }
}

/// Waits until one of the descriptors has something to read, is closed on the other side, or has failed; at most for the
/// time-out, without one for ever. Says of each whether it is ready, in their order; none is after a time-out.
///
/// Signals that are handled meanwhile don't shorten the wait.
///
/// # Errors
///
/// What the system says: there are more descriptors than a process may have, or no memory.
///
/// # Example
///
/// ```
/// use std::io::Write;
/// use std::os::fd::AsFd;
/// use std::time::Duration;
///
/// let (reader, mut writer) = std::io::pipe()?;
/// assert_eq!(trellis_unix::wait_readable(&[reader.as_fd()], Some(Duration::ZERO))?, [false]);
/// writer.write_all(b"hello")?;
/// assert_eq!(trellis_unix::wait_readable(&[reader.as_fd()], None)?, [true]);
/// # std::io::Result::Ok(())
/// ```
pub fn wait_readable(descriptors: &[BorrowedFd<'_>], timeout: Option<Duration>) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> =
        descriptors.iter().map(|descriptor| PollFd::new(descriptor, PollFlags::IN)).collect();
    let deadline = Deadline::after(timeout);
    loop {
        let left = deadline.left().and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut polled, left.as_ref()) {
            Ok(_) => return Ok(polled.iter().map(|one| !one.revents().is_empty()).collect()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The same for a single descriptor.
///
/// # Errors
///
/// As of [`wait_readable`].
pub fn readable(descriptor: BorrowedFd<'_>, timeout: Option<Duration>) -> io::Result<bool> {
    Ok(wait_readable(&[descriptor], timeout)? == [true])
}

/// Whether the other end of a Unix stream socket has read all that was written to this one. When it is closed, nothing is
/// left that could be read, and this is true as well.
///
/// The system knows that only of a whole write, or of the pieces that it has made of a long one: while one byte of it is not
/// read, none counts as read.
///
/// # Errors
///
/// What the system says: this is no such socket, or it can't tell.
///
/// # Example
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (mut here, mut there) = UnixStream::pair()?;
/// here.write_all(b"ab")?;
/// there.read_exact(&mut [0])?;
/// assert!(!trellis_unix::all_is_read(&here)?);
/// there.read_exact(&mut [0])?;
/// assert!(trellis_unix::all_is_read(&here)?);
/// # std::io::Result::Ok(())
/// ```
pub fn all_is_read(socket: impl AsFd) -> io::Result<bool> {
    // It tells us that there is room again while one byte of what was read is still counted.
    Ok(sys::peer::unread(socket.as_fd())? <= 1)
}
