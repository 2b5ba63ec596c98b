//! The control socket seen from outside: one request, and its replies. It blocks, and needs no runtime.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use trellis_unix::process::Peer;

use super::{Envelope, Reply, Request, VERSION};
use crate::limits::CONTROL_LINE_BYTES_MAX;

/// Why a supervisor could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens there.
    #[error("no supervisor answers at {}", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
    },
    /// The socket cannot be used.
    #[error("the supervisor at {} cannot be asked: {source}", path.display())]
    Unusable {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What it says makes no sense.
    #[error("what the supervisor at {} says cannot be understood ({reason}): is it of another version?", path.display())]
    Strange {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A connection to a supervisor.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    stream: BufReader<UnixStream>,
    /// The supervisor's process, unless it is out of sight, as from another container.
    process: Option<Peer>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Nobody listens there, or this user may not ask.
    pub fn connect(path: &Path) -> Result<Client, ControlError> {
        let stream = UnixStream::connect(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ControlError::NotRunning { path: path.to_owned() }
            }
            _ => ControlError::Unusable { path: path.to_owned(), source },
        })?;
        let process = Peer::of(&stream);
        Ok(Client { path: path.to_owned(), stream: BufReader::new(stream), process })
    }

    /// Waits until the supervisor's process has ended. It says its last word, and closes the connection, before it has
    /// let go of everything: of the directory of its own server, and of its pid file.
    pub fn wait_for_end(&self) {
        if let Some(process) = &self.process {
            process.wait_for_end();
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// The supervisor has gone.
    pub fn ask(&mut self, request: &Request) -> Result<(), ControlError> {
        let envelope = Envelope { version: VERSION, content: request };
        let mut line = serde_json::to_vec(&envelope).map_err(|error| self.strange(&error))?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line).map_err(|source| self.unusable(source))
    }

    /// The next reply; `None` if there are no more.
    ///
    /// # Errors
    ///
    /// The connection has failed, or what came is no reply.
    pub fn reply(&mut self) -> Result<Option<Reply>, ControlError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(CONTROL_LINE_BYTES_MAX as u64);
        match bounded.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
            Ok(_) => {}
            Err(source) => return Err(self.unusable(source)),
        }
        serde_json::from_slice(&line).map(Some).map_err(|error| self.strange(&error))
    }

    fn strange(&self, error: &serde_json::Error) -> ControlError {
        ControlError::Strange { path: self.path.clone(), reason: error.to_string() }
    }

    fn unusable(&self, source: io::Error) -> ControlError {
        ControlError::Unusable { path: self.path.clone(), source }
    }
}
