//! One connection to one server: bytes and frames with deadlines, and the handshake. What frames mean is not known
//! here, and nothing is tried twice.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use thiserror::Error;
use trellis_zk_codec::{ConnectRequest, ConnectResponse, FrameError, take_frame};

use crate::address::Address;
use crate::connect::connect_tcp;
use crate::limits::{READ_BYTES, ZK_REPLY_BYTES_MAX};

/// Why a connection is of no use any more.
#[derive(Debug, Error)]
pub(super) enum Loss {
    /// The system says so.
    #[error("{0}")]
    Io(io::Error),
    /// Nothing listens there.
    #[error("connection refused")]
    Refused,
    /// The server has ended it.
    #[error("it has closed the connection")]
    Closed,
    /// The server says nothing, although it should.
    #[error("it does not answer")]
    Silent,
    /// What the server sends is not ZooKeeper's protocol.
    #[error("{0}")]
    Nonsense(String),
}

impl From<io::Error> for Loss {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{
            BrokenPipe, ConnectionRefused, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock,
        };
        match error.kind() {
            ConnectionRefused => Loss::Refused,
            BrokenPipe | ConnectionReset | UnexpectedEof => Loss::Closed,
            TimedOut | WouldBlock => Loss::Silent,
            _ => Loss::Io(error),
        }
    }
}

impl From<FrameError> for Loss {
    fn from(error: FrameError) -> Self {
        Loss::Nonsense(error.to_string())
    }
}

/// What a server has granted.
pub(super) struct Grant {
    /// The session; 0 if the one that was asked for is over.
    pub(super) session: i64,
    /// What goes on with it.
    pub(super) password: Vec<u8>,
    /// For how long it lives without a sign of this client.
    pub(super) timeout: Duration,
    /// Whether the server only answers reads.
    pub(super) read_only: bool,
}

/// The reading side of a connection. The writing side is a clone of its stream.
pub(super) struct Connection {
    stream: TcpStream,
    /// What the server has sent, from `taken` on not yet given as frames.
    input: Vec<u8>,
    taken: usize,
}

impl Connection {
    /// Connects; this and every write after it may take at most `timeout`.
    pub(super) fn open(address: &Address, timeout: Duration) -> Result<Connection, Loss> {
        let Address::Tcp { host, port } = address else {
            return Err(io::Error::from(io::ErrorKind::Unsupported).into());
        };
        let stream = connect_tcp(host, *port, timeout)?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Connection { stream, input: Vec::new(), taken: 0 })
    }

    /// Another handle to write with, or to shut the connection from elsewhere.
    pub(super) fn writer(&self) -> Result<TcpStream, Loss> {
        Ok(self.stream.try_clone()?)
    }

    /// Asks for a session.
    pub(super) fn shake_hands(
        &mut self,
        request: &ConnectRequest<'_>,
        deadline: Instant,
    ) -> Result<Grant, Loss> {
        let mut bytes = Vec::new();
        request.encode(&mut bytes);
        self.stream.write_all(&bytes)?;
        let frame = self.read_frame(deadline)?.ok_or(Loss::Silent)?;
        let response = ConnectResponse::decode(&frame).map_err(|error| Loss::Nonsense(error.to_string()))?;
        Ok(Grant {
            session: response.session,
            password: response.password.to_vec(),
            timeout: Duration::from_millis(response.timeout_ms.try_into().unwrap_or(0)),
            read_only: response.read_only.unwrap_or(false),
        })
    }

    /// The next frame; `None` if the deadline comes first.
    pub(super) fn read_frame(&mut self, deadline: Instant) -> Result<Option<Vec<u8>>, Loss> {
        loop {
            let mut rest = &self.input[self.taken..];
            let before = rest.len();
            if let Some(frame) = take_frame(&mut rest, ZK_REPLY_BYTES_MAX)? {
                let frame = frame.to_vec();
                self.taken += before - rest.len();
                return Ok(Some(frame));
            }
            self.input.drain(..std::mem::take(&mut self.taken));
            if !self.read_more(deadline)? {
                return Ok(None);
            }
        }
    }

    /// Reads what is there; `false` if nothing comes until the deadline.
    fn read_more(&mut self, deadline: Instant) -> Result<bool, Loss> {
        use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let mut chunk = [0; READ_BYTES];
        self.stream.set_read_timeout(Some(left))?;
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(Loss::Closed),
            Ok(bytes) => {
                self.input.extend_from_slice(&chunk[..bytes]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}
