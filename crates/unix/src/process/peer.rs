//! Processes of others, met through a socket.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::sys;

/// The process at the other end of a Unix socket: the one that has connected or, to who has connected, the one that
/// began to listen.
#[derive(Debug)]
pub struct Peer(OwnedFd);

impl Peer {
    /// The process behind `socket`; `None` if it is out of sight, as one in another container is, or has ended already.
    ///
    /// # Example
    ///
    /// ```
    /// let (here, there) = std::os::unix::net::UnixStream::pair()?;
    /// assert!(trellis_unix::process::Peer::of(&here).is_some(), "this process itself");
    /// # drop(there);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn of(socket: impl AsFd) -> Option<Peer> {
        let pid = Pid::from_raw(sys::peer::pid(socket.as_fd()).ok()?)?;
        pidfd_open(pid, PidfdFlags::empty()).ok().map(Peer)
    }

    /// Waits until it has ended, and with it everything that it held: locks, addresses, files.
    pub fn wait_for_end(&self) {
        while let Err(Errno::INTR) = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], None) {}
    }
}
