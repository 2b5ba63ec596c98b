//! Going into the background, and finding and ending what is there. The pid file's lock says whether it runs, and its text
//! which process that is.

mod pid_file;
mod remote;
mod start;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::Pid;
use crate::process::ForkError;

pub use remote::{status, stop};
pub use start::{Daemon, Running, Started};

/// Why a daemon can't be started, found or stopped.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// It runs already.
    #[error("it is already running as process {pid} (says {})", path.display())]
    AlreadyRunning {
        /// Its process.
        pid: Pid,
        /// The pid file.
        path: PathBuf,
    },
    /// What is to be the pid file is another kind of file, or has something else in it.
    #[error("{} is something else than a pid file, and is left as it is", path.display())]
    NotAPidFile {
        /// The file.
        path: PathBuf,
    },
    /// Somebody who is not the daemon keeps the pid file locked, so it can't be taken.
    #[error("{} is locked by another process than its daemon: end that one, or name another pid file", path.display())]
    Locked {
        /// The pid file.
        path: PathBuf,
    },
    /// It runs, but its pid file doesn't say which process it is.
    #[error("it is running, but somebody has changed {}, so its process is not known", path.display())]
    Nameless {
        /// The pid file.
        path: PathBuf,
    },
    /// It has started and ended before it was ready.
    #[error("the daemon has ended before it was ready{}", said(why))]
    NotReady {
        /// What it has said about it; empty if nothing.
        why: String,
    },
    /// The process that is to become the daemon can't fork.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// It was asked to stop and still runs.
    #[error("process {pid} is still running; it may have to be killed")]
    StillRunning {
        /// Its process.
        pid: Pid,
    },
    /// Something with a file: the pid file, the directory, the output.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Anything else that the system refuses.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

fn said(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}
