//! The control socket seen from outside: one request, and its replies. It blocks, and needs no runtime.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use trellis_unix::process::Peer;

use super::{Envelope, Reply, Request, VERSION};
use crate::limits::{CONTROL_LINE_BYTES_MAX, CONTROL_PATIENCE};
use crate::runtime::socket_file::connect;

/// Why a supervisor could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens there.
    #[error("no supervisor answers at {}", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
    },
    /// It gives no sign of life.
    #[error("the supervisor at {} says nothing for {seconds} seconds: it may be stopped, or very busy", path.display())]
    Silent {
        /// The socket.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
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
        let patience = CONTROL_PATIENCE;
        let stream = connect(path, patience).and_then(|stream| {
            // Until it has heard.
            stream.set_read_timeout(Some(patience))?;
            Ok(stream)
        });
        let stream = stream.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ControlError::NotRunning { path: path.to_owned() }
            }
            _ => unusable(path, source),
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

    /// Sends a request, the only one.
    ///
    /// # Errors
    ///
    /// The system refuses. That the supervisor has gone, or will not listen, is known by its reply.
    pub fn ask(&mut self, request: &Request) -> Result<(), ControlError> {
        let envelope = Envelope { version: VERSION, content: request };
        let mut line = serde_json::to_vec(&envelope).map_err(|error| self.strange(&error))?;
        line.push(b'\n');
        match self.stream.get_mut().write_all(&line) {
            // It may have said why before it has closed the connection.
            Err(error) if is_closed(&error) => Ok(()),
            written => written.map_err(|source| unusable(&self.path, source)),
        }
    }

    /// The next reply; `None` if there are no more. A supervisor that gives no sign of life is not waited for; one that
    /// has heard is, for as long as it takes.
    ///
    /// # Errors
    ///
    /// The connection has failed, nothing came in time, or what came is no reply.
    pub fn reply(&mut self) -> Result<Option<Reply>, ControlError> {
        loop {
            let reply = self.next()?;
            if reply != Some(Reply::Heard) {
                return Ok(reply);
            }
            let waits = self.stream.get_ref().set_read_timeout(None);
            waits.map_err(|source| unusable(&self.path, source))?;
        }
    }

    fn next(&mut self) -> Result<Option<Reply>, ControlError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(CONTROL_LINE_BYTES_MAX as u64);
        match bounded.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(None),
            Err(error) if is_closed(&error) => return Ok(None),
            Ok(_) => {}
            Err(source) => return Err(unusable(&self.path, source)),
        }
        serde_json::from_slice(&line).map(Some).map_err(|error| self.strange(&error))
    }

    fn strange(&self, error: &serde_json::Error) -> ControlError {
        ControlError::Strange { path: self.path.clone(), reason: error.to_string() }
    }
}

/// Whether the other side has closed the connection.
fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

fn unusable(path: &Path, source: io::Error) -> ControlError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::WouldBlock => ControlError::Silent { path, seconds: CONTROL_PATIENCE.as_secs() },
        _ => ControlError::Unusable { path, source },
    }
}
