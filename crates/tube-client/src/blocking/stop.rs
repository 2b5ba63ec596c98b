//! How a worker that waits is told to end.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What a worker looks at: once the other half says so, it finishes its job and ends.
#[derive(Debug)]
pub struct Stop {
    socket: UnixStream,
}

/// The other half, for any thread or signal handler's pipe.
#[derive(Clone, Debug)]
pub struct Stopper {
    socket: Arc<UnixStream>,
}

impl Stop {
    /// Both halves.
    ///
    /// # Errors
    /// If the process has too many open files.
    pub fn pair() -> io::Result<(Stopper, Self)> {
        let (stopper, stop) = UnixStream::pair()?;
        stopper.set_nonblocking(true)?;
        Ok((Stopper { socket: Arc::new(stopper) }, Self { socket: stop }))
    }

    /// Whether the word has come, or can't come any more because every [`Stopper`] is gone.
    pub fn is_stopped(&self) -> bool {
        let mut descriptors = [PollFd::new(&self.socket, PollFlags::IN)];
        poll(&mut descriptors, Some(&Timespec::default())).is_ok_and(|count| count > 0)
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Stopper {
    /// Says it. Saying it twice is the same as once.
    pub fn stop(&self) {
        // If there is no room for the byte, there are others already; if nobody reads, nobody is to be stopped.
        let _ = (&*self.socket).write(&[1]);
    }
}
