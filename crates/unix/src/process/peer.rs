//! Processes of others, met through a socket.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::sys;

/// The process at the other end of a Unix socket: the one that has connected or, to who has connected, the one that
/// began to listen.
#[derive(Debug)]
pub struct Peer {
    pid: Pid,
    handle: OwnedFd,
}

impl Peer {
    /// The process behind `socket`; `None` if it is out of sight, as one in another container is, or has ended already.
    ///
    /// # Example
    ///
    /// ```
    /// let (here, there) = std::os::unix::net::UnixStream::pair()?;
    /// let peer = trellis_unix::process::Peer::of(&here).expect("it is in sight");
    /// assert_eq!(peer.pid(), rustix::process::getpid(), "this process itself");
    /// # drop(there);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn of(socket: impl AsFd) -> Option<Peer> {
        let pid = Pid::from_raw(sys::peer::pid(socket.as_fd()).ok()?)?;
        pidfd_open(pid, PidfdFlags::empty()).ok().map(|handle| Peer { pid, handle })
    }

    /// Its pid. It may come to mean another process once it has ended.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it has ended, and with it everything that it held: locks, addresses, files.
    pub fn wait_for_end(&self) {
        while let Err(Errno::INTR) = poll(&mut [PollFd::new(&self.handle, PollFlags::IN)], None) {}
    }
}
