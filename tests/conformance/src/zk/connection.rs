//! A connection that cuts what a server sends into frames, and judges nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long something that must come may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);
/// The most bytes taken from the socket in one read.
const READ_BYTES: usize = 64 * 1024;
/// Longer frames than this are no answers to anything that is asked here.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What has come from a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A frame, without its length.
    Frame(Vec<u8>),
    /// The server has closed the connection.
    Closed,
    /// Nothing has come in time.
    Silence,
}

/// A connection to one server.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    closed: bool,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, received: Vec::new(), closed: false })
    }

    /// Sends bytes. A server that has hung up is no error here: what arrives tells.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match self.stream.write_all(bytes) {
            Err(error) if !is_hang_up(error.kind()) => Err(error).context("cannot send"),
            _ => Ok(()),
        }
    }

    /// Waits for the next frame.
    pub(super) fn next(&mut self) -> Result<Arrival> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(frame) = self.take_frame()? {
                return Ok(Arrival::Frame(frame));
            }
            if self.closed {
                return Ok(Arrival::Closed);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Arrival::Silence);
            }
            self.stream.set_read_timeout(Some(left))?;
            self.read_once()?;
        }
    }

    /// Waits until something has arrived, which stays here, but not longer than so.
    pub(super) fn wait(&mut self, patience: Duration) -> Result<()> {
        self.stream.set_read_timeout(Some(patience))?;
        self.read_once()
    }

    /// Waits until the server has closed the connection, and gives all that it has sent. A server that says nothing for
    /// so long is an error.
    pub(super) fn read_to_end(mut self, patience: Duration) -> Result<Vec<u8>> {
        self.stream.set_read_timeout(Some(patience))?;
        while !self.closed {
            let before = self.received.len();
            self.read_once()?;
            if !self.closed && self.received.len() == before {
                bail!("the server neither goes on nor closes the connection");
            }
        }
        Ok(self.received)
    }

    fn read_once(&mut self) -> Result<()> {
        let mut chunk = [0; READ_BYTES];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.closed = true,
            Ok(count) => self.received.extend_from_slice(&chunk[..count]),
            Err(error) if is_hang_up(error.kind()) => self.closed = true,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error).context("cannot receive"),
        }
        Ok(())
    }

    fn take_frame(&mut self) -> Result<Option<Vec<u8>>> {
        let Some((length, rest)) = self.received.split_first_chunk() else { return Ok(None) };
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > FRAME_BYTES_MAX {
            bail!("a server sends something else than frames: {}", self.received.escape_ascii());
        }
        let Some(frame) = rest.get(..length).map(<[u8]>::to_vec) else { return Ok(None) };
        self.received.drain(..4 + length);
        Ok(Some(frame))
    }
}

fn is_hang_up(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
}
