//! Processes that have lost their parent: taking them over, or going with it.

use std::io;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, set_child_subreaper, set_parent_process_death_signal, wait,
};

use super::child::Status;

/// Makes this process the parent of all orphans among its descendants, until it ends; they come out of [`reap`].
///
/// Children don't inherit this.
///
/// # Errors
///
/// The system is older than Linux 3.4.
pub fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Takes one child that has ended, whichever, adopted ones too; `None` if none has. It does not wait.
///
/// For process 1 of a container, and for whoever [adopts orphans](adopt_orphans): call it until it returns `None` whenever
/// SIGCHLD arrives, since several ends may arrive as one signal. A [`Child`](super::Child) whose end was taken here can
/// only say that it was, so a program should use one or the other for the children that it made.
///
/// # Errors
///
/// None that are known; what the system says.
pub fn reap() -> io::Result<Option<(Pid, Status)>> {
    loop {
        return match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => match Status::of_wait(status) {
                Some(status) => Ok(Some((pid, status))),
                // It was not asked for, but a tracer's stop may be told all the same.
                None => continue,
            },
            Ok(None) | Err(Errno::CHILD) => Ok(None),
            Err(Errno::INTR) => continue,
            Err(error) => Err(error.into()),
        };
    }
}

/// Has this process sent a signal when its parent ends, however that happens. Programs that it is replaced by keep this,
/// unless they change their user; its children don't inherit it.
///
/// Says whether the parent still is `parent`: it may have ended before this was called, and then there will be no signal.
///
/// The parent, to Linux, is the thread that forked: if that ends and others of its process go on, the signal comes, too.
///
/// # Errors
///
/// None that are known; what the system says.
pub fn die_with_parent(parent: Pid, signal: Signal) -> io::Result<bool> {
    set_parent_process_death_signal(Some(signal))?;
    Ok(getppid() == Some(parent))
}
