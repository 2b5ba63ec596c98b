//! The handshake: the first frame of each side.

use thiserror::Error;

use crate::frame::OpenFrame;
use crate::jute::{Flaw, Reader, write_bool, write_buffer, write_i32, write_i64};

/// A frame is no handshake. Close the connection; the real server says nothing, either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the first frame is not ZooKeeper's handshake: see whether the peer speaks ZooKeeper's protocol")]
pub struct ConnectError;

/// How a client asks for a new session, or for one that it has had.
///
/// ```
/// use trellis_zk_codec::{ConnectRequest, take_frame};
///
/// let request = ConnectRequest {
///     protocol_version: 0,
///     last_zxid_seen: 0,
///     timeout_ms: 30_000,
///     session: 0,
///     password: &[0; 16],
///     read_only: Some(false),
/// };
/// let mut out = Vec::new();
/// request.encode(&mut out);
/// let frame = take_frame(&mut out.as_slice(), 100)?.unwrap();
/// assert_eq!(ConnectRequest::decode(frame)?, request);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectRequest<'a> {
    /// 0 in all versions.
    pub protocol_version: i32,
    /// The newest transaction that the client has seen, or 0.
    pub last_zxid_seen: i64,
    /// For how long the session is to live without a sign of the client. The server may choose another time.
    pub timeout_ms: i32,
    /// The session to go on with, or 0.
    pub session: i64,
    /// Its password. Of any length; null is read as empty.
    pub password: &'a [u8],
    /// Whether a server that only answers reads will do. `None` if the byte is not there, as with clients of
    /// some versions up to 3.4: their [`ConnectResponse`] has none, either.
    pub read_only: Option<bool>,
}

impl<'a> ConnectRequest<'a> {
    /// Appends the request's frame.
    ///
    /// # Panics
    /// If the password has over 2 GiB.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let frame = OpenFrame::begin(out);
        write_i32(self.protocol_version, out);
        write_i64(self.last_zxid_seen, out);
        write_i32(self.timeout_ms, out);
        write_i64(self.session, out);
        write_buffer(self.password, out);
        write_read_only(self.read_only, out);
        frame.end_or_panic(out);
    }

    /// Reads a connection's first frame.
    ///
    /// # Errors
    /// If it is no connect request.
    pub fn decode(frame: &'a [u8]) -> Result<Self, ConnectError> {
        Self::read(&mut Reader::new(frame)).map_err(|_| ConnectError)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Ok(Self {
            protocol_version: reader.i32()?,
            last_zxid_seen: reader.i64()?,
            timeout_ms: reader.i32()?,
            session: reader.i64()?,
            password: reader.buffer()?,
            read_only: reader.bool().ok(),
        })
    }
}

/// How a server grants a session, or tells with zeros that the one asked for is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectResponse<'a> {
    /// 0 in all versions.
    pub protocol_version: i32,
    /// For how long the session lives without a sign of the client; 0 if the session is over.
    pub timeout_ms: i32,
    /// The session; 0 if it is over.
    pub session: i64,
    /// What the client must show to go on with the session, [`PASSWORD_BYTES`](crate::limits::PASSWORD_BYTES);
    /// zeros if it is over.
    pub password: &'a [u8],
    /// Whether the server only answers reads. `None` leaves the byte out, for clients that sent none.
    pub read_only: Option<bool>,
}

impl<'a> ConnectResponse<'a> {
    /// Appends the response's frame.
    ///
    /// # Panics
    /// If the password has over 2 GiB.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let frame = OpenFrame::begin(out);
        write_i32(self.protocol_version, out);
        write_i32(self.timeout_ms, out);
        write_i64(self.session, out);
        write_buffer(self.password, out);
        write_read_only(self.read_only, out);
        frame.end_or_panic(out);
    }

    /// Reads the first frame of a server.
    ///
    /// # Errors
    /// If it is no connect response.
    pub fn decode(frame: &'a [u8]) -> Result<Self, ConnectError> {
        Self::read(&mut Reader::new(frame)).map_err(|_| ConnectError)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Ok(Self {
            protocol_version: reader.i32()?,
            timeout_ms: reader.i32()?,
            session: reader.i64()?,
            password: reader.buffer()?,
            read_only: reader.bool().ok(),
        })
    }
}

fn write_read_only(read_only: Option<bool>, out: &mut Vec<u8>) {
    if let Some(read_only) = read_only {
        write_bool(read_only, out);
    }
}
