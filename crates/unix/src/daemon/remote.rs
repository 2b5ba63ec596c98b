//! A daemon seen from outside: whether it runs, and how it is ended.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::DaemonError;
use super::pid_file::holder_of;
use crate::poll::readable;

/// The daemon's process, if it runs.
///
/// It is the lock that is asked, so a pid file that was left behind means nothing, whatever process has that pid by now.
///
/// # Errors
///
/// The pid file can't be opened.
///
/// # Example
///
/// ```
/// assert!(trellis_unix::daemon::status("/nonexistent/daemon.pid".as_ref())?.is_none());
/// # Ok::<(), trellis_unix::daemon::DaemonError>(())
/// ```
pub fn status(pid_file: &Path) -> Result<Option<Pid>, DaemonError> {
    holder_of(pid_file)
}

/// Sends the daemon a signal and waits until it has ended, at most so long. Returns the process that has ended; `None` if
/// none was running.
///
/// # Errors
///
/// [`DaemonError::StillRunning`] after the time-out; it may be tried again with SIGKILL. The pid file can't be opened, or the
/// daemon belongs to another user.
pub fn stop(pid_file: &Path, signal: Signal, timeout: Duration) -> Result<Option<Pid>, DaemonError> {
    let Some(pid) = status(pid_file)? else { return Ok(None) };
    let handle = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => handle,
        Err(Errno::SRCH) => return Ok(Some(pid)),
        Err(source) => {
            return Err(DaemonError::System { what: "find the daemon's process", source: source.into() });
        }
    };
    // If it still holds the file now, the handle is the daemon's and not of a process that got its pid.
    if status(pid_file)? != Some(pid) {
        return Ok(Some(pid));
    }
    match pidfd_send_signal(&handle, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(source) => return Err(DaemonError::System { what: "signal the daemon", source: source.into() }),
    }
    match readable(handle.as_fd(), Some(timeout)) {
        Ok(true) => Ok(Some(pid)),
        Ok(false) => Err(DaemonError::StillRunning { pid }),
        Err(source) => Err(DaemonError::System { what: "wait for the daemon", source }),
    }
}
