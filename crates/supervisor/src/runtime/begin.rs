//! What keeps a supervisor from beginning, above all another one. Nothing here runs anything.

use std::io;
use std::path::{Path, PathBuf};

use trellis_unix::Pid;

use super::control::server::{NoSocket, Socket};
use crate::config::ConfigError;

/// Why a supervisor does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file is of no use.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another one runs.
    #[error("a supervisor is running already{}: it answers at {}", as_process(*pid), socket.display())]
    AlreadyRunning {
        /// Its process, if that is in sight.
        pid: Option<Pid>,
        /// Its socket.
        socket: PathBuf,
    },
    /// Another one runs, and somebody has removed its socket.
    #[error("a supervisor is running already, but nobody can ask it, since its socket {} is gone", socket.display())]
    Hidden {
        /// Where its socket was.
        socket: PathBuf,
    },
    /// The control socket cannot be made.
    #[error("cannot listen at {}: {source}", socket.display())]
    Socket {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The guardian cannot be started.
    #[error("the process that looks after the others cannot be started: {0}")]
    Guardian(io::Error),
    /// Anything else that the system refuses.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// Looks whether another supervisor has the control socket, so that one that is to run in the background need not begin
/// there to find out.
///
/// # Errors
///
/// It has, or the system refuses.
pub fn look_for_another(socket: &Path) -> Result<(), RunError> {
    take_socket(socket).map(drop)
}

/// Takes the control socket, which says that it is the only one.
///
/// # Errors
///
/// As [`look_for_another`].
pub(super) fn take_socket(socket: &Path) -> Result<Socket, RunError> {
    Socket::bind(socket).map_err(|error| match error {
        NoSocket::Taken(pid) => RunError::AlreadyRunning { pid, socket: socket.to_owned() },
        NoSocket::Hidden => RunError::Hidden { socket: socket.to_owned() },
        NoSocket::System(source) => RunError::Socket { socket: socket.to_owned(), source },
    })
}

fn as_process(pid: Option<Pid>) -> String {
    pid.map_or_else(String::new, |pid| format!(", as process {}", pid.as_raw_nonzero()))
}
