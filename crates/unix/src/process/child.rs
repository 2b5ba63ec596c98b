//! A child and its end. It never waits for another process than its own, whatever becomes of the pid.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, WaitOptions, WaitStatus, getpid,
    kill_process, pidfd_open, pidfd_send_signal, waitid, waitpid,
};
use thiserror::Error;

use crate::poll::readable;
use crate::signals::signal_name;

/// How a process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// By itself, with this code, from 0 to 255.
    Exited(i32),
    /// By this signal; its number, since a signal may have no name.
    Killed(i32),
}

impl Status {
    /// Whether it ended by itself with code 0.
    pub fn success(self) -> bool {
        self == Status::Exited(0)
    }

    /// The code with which it ended by itself.
    pub fn code(self) -> Option<i32> {
        match self {
            Status::Exited(code) => Some(code),
            Status::Killed(_) => None,
        }
    }

    /// The number of the signal that ended it.
    pub fn signal(self) -> Option<i32> {
        match self {
            Status::Exited(_) => None,
            Status::Killed(signal) => Some(signal),
        }
    }

    /// `None` for a process that was only stopped or continued.
    pub(super) fn of_wait(status: WaitStatus) -> Option<Status> {
        status.exit_status().map(Status::Exited).or(status.terminating_signal().map(Status::Killed))
    }

    fn of_waitid(status: &WaitIdStatus) -> Option<Status> {
        status.exit_status().map(Status::Exited).or(status.terminating_signal().map(Status::Killed))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Exited(code) => write!(formatter, "exit code {code}"),
            Status::Killed(signal) => write!(formatter, "killed by {}", signal_name(*signal)),
        }
    }
}

/// Why it can't be said how a child has ended.
#[derive(Debug, Error)]
pub enum WaitError {
    /// It has ended, but its end was taken by somebody else: a wait for any child, or SIGCHLD is ignored. Or this is
    /// not the process that made the child.
    #[error(
        "how process {pid} ended is not known: its end was taken elsewhere, or it is no child of this process"
    )]
    Taken {
        /// The child.
        pid: i32,
    },
    /// The system has refused, for no reason that is known.
    #[error("cannot wait for process {pid}: {source}")]
    System {
        /// The child.
        pid: i32,
        /// What the system says.
        source: io::Error,
    },
}

/// A child of this process. As a descriptor it becomes readable when the child has ended.
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use trellis_unix::{Signal, process::spawn};
///
/// let mut child = spawn(|| loop { std::thread::park() })?;
/// assert_eq!(child.wait_for(Duration::from_millis(10))?, None);
/// child.signal(Signal::KILL)?;
/// assert_eq!(child.wait()?.signal(), Some(9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    /// `None` only while it is dropped.
    handle: Option<OwnedFd>,
    /// The process whose child it is; a fork copies this value, but not the right to wait.
    parent: Pid,
    ended: Option<Status>,
}

impl Child {
    /// The child that a fork has just made; [`fork`](super::fork()) gives it, others' forks don't. Nobody may have waited for
    /// it yet, so that its pid is still its own.
    ///
    /// # Errors
    ///
    /// There are too many open files, and then the child is killed. It is gone already, since SIGCHLD is ignored.
    pub fn of_new(pid: Pid) -> io::Result<Child> {
        // Others' forks look after nobody, and a handle that is given back makes room for this one.
        reap_abandoned();
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(error) => {
                // Nobody could ever name it again, so it must not live. Either call fails only if it is gone already.
                let _ = kill_process(pid, Signal::KILL);
                let _ = waitpid(Some(pid), WaitOptions::empty());
                return Err(error.into());
            }
        };
        Ok(Child { pid, handle: Some(handle), parent: getpid(), ended: None })
    }

    /// The child's pid. It may come to mean another process once its end was seen.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until the child has ended, and says how. It can be asked again.
    ///
    /// # Errors
    ///
    /// [`WaitError::Taken`] if somebody else took its end.
    pub fn wait(&mut self) -> Result<Status, WaitError> {
        self.ended_by(WaitIdOptions::EXITED)?.ok_or(WaitError::Taken { pid: self.raw_pid() })
    }

    /// Says how the child has ended, if it has.
    ///
    /// # Errors
    ///
    /// [`WaitError::Taken`] if somebody else took its end.
    pub fn try_wait(&mut self) -> Result<Option<Status>, WaitError> {
        self.ended_by(WaitIdOptions::EXITED | WaitIdOptions::NOHANG)
    }

    /// Waits for the child at most so long; `None` if it still runs then.
    ///
    /// # Errors
    ///
    /// [`WaitError::Taken`] if somebody else took its end.
    pub fn wait_for(&mut self, timeout: Duration) -> Result<Option<Status>, WaitError> {
        let pid = self.raw_pid();
        readable(self.as_fd(), Some(timeout)).map_err(|source| WaitError::System { pid, source })?;
        self.try_wait()
    }

    /// Sends it a signal; says whether it was there to get it. Never reaches another process.
    ///
    /// # Errors
    ///
    /// It has another user by now, and this one has no right to.
    pub fn signal(&self, signal: Signal) -> io::Result<bool> {
        match pidfd_send_signal(self.as_fd(), signal) {
            Ok(()) => Ok(true),
            Err(Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn ended_by(&mut self, options: WaitIdOptions) -> Result<Option<Status>, WaitError> {
        if self.ended.is_none() {
            self.ended = wait_by_handle(self.as_fd(), options).map_err(|error| match error {
                Errno::CHILD => WaitError::Taken { pid: self.raw_pid() },
                error => WaitError::System { pid: self.raw_pid(), source: error.into() },
            })?;
        }
        Ok(self.ended)
    }

    fn raw_pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_ref().expect("only a child that is dropped has no handle").as_fd()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended.is_none() && self.parent == getpid() {
            abandon(self.handle.take());
        }
    }
}

fn wait_by_handle(handle: BorrowedFd<'_>, options: WaitIdOptions) -> Result<Option<Status>, Errno> {
    loop {
        match waitid(WaitId::PidFd(handle), options) {
            Ok(status) => return Ok(status.as_ref().and_then(Status::of_waitid)),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Children that nobody wants to hear of any more, but that must not stay as zombies.
static ABANDONED: Mutex<Vec<OwnedFd>> = Mutex::new(Vec::new());

fn abandon(handle: Option<OwnedFd>) {
    let Some(handle) = handle.filter(|handle| !is_over(handle)) else { return };
    // Without the lock, or in a child in which it is locked for ever, a zombie is the smaller evil.
    if let Ok(mut abandoned) = ABANDONED.try_lock() {
        abandoned.retain(|handle| !is_over(handle));
        abandoned.push(handle);
    }
}

/// Waits for those among the abandoned children that have ended.
pub(super) fn reap_abandoned() {
    if let Ok(mut abandoned) = ABANDONED.try_lock() {
        abandoned.retain(|handle| !is_over(handle));
    }
}

/// Whether there is nothing to wait for any more.
fn is_over(handle: &OwnedFd) -> bool {
    !matches!(wait_by_handle(handle.as_fd(), WaitIdOptions::EXITED | WaitIdOptions::NOHANG), Ok(None))
}
