//! Replies as types, and their bytes.

use crate::decoder::Rejection;
use crate::number::write_number;

/// One reply of a server.
///
/// A server writes replies with [`Reply::encode`]; a client reads them with [`Reply::decode`].
///
/// ```
/// use trellis_tube_codec::Reply;
///
/// let mut out = Vec::new();
/// let reply = Reply::Reserved { id: 7, body: b"hello" };
/// reply.encode(&mut out);
/// assert_eq!(out, b"RESERVED 7 5\r\nhello\r\n");
///
/// let mut input = out.as_slice();
/// assert_eq!(Reply::decode(&mut input, 65_535), Ok(Some(reply)));
/// assert!(input.is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// A put has made a ready or delayed job.
    Inserted {
        /// The new job.
        id: u64,
    },
    /// A put has made a job, but there was no memory to queue it: it is buried.
    InsertedBuried {
        /// The new job.
        id: u64,
    },
    /// A job has been buried, by `bury` or by a release that found no memory.
    Buried,
    /// The used tube, after `use` and `list-tube-used`.
    Using {
        /// Its name.
        tube: &'a str,
    },
    /// A job, held by this connection from now on.
    Reserved {
        /// The job.
        id: u64,
        /// Its bytes.
        body: &'a [u8],
    },
    /// A job that this connection holds is in its last second.
    DeadlineSoon,
    /// No job came in time.
    TimedOut,
    /// A job has been deleted.
    Deleted,
    /// A job has been released.
    Released,
    /// A job's time has been started anew.
    Touched,
    /// The length of the watch list, after `watch` and `ignore`.
    Watching {
        /// How many tubes are watched.
        count: u64,
    },
    /// The last watched tube can't be ignored.
    NotIgnored,
    /// No such job or tube, or not in a state that the request can act on.
    NotFound,
    /// A job, only looked at.
    Found {
        /// The job.
        id: u64,
        /// Its bytes.
        body: &'a [u8],
    },
    /// What `kick` has done.
    Kicked {
        /// How many jobs are ready now.
        count: u64,
    },
    /// What `kick-job` has done.
    KickedJob,
    /// A tube has been paused.
    Paused,
    /// Statistics or a list, see [`yaml`](crate::yaml).
    Ok {
        /// The text, without the CR LF after it.
        body: &'a [u8],
    },
    /// The body of a put was not followed by CR LF.
    ExpectedCrlf,
    /// The body of a put was over the server's limit.
    JobTooBig,
    /// The server takes no new jobs.
    Draining,
    /// The server has no memory for this.
    OutOfMemory,
    /// The server is at fault.
    InternalError,
    /// The request's line was too long or malformed.
    BadFormat,
    /// The server doesn't know the command.
    UnknownCommand,
}

impl Reply<'_> {
    /// Appends the reply's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Inserted { id } => write_counted("INSERTED ", id, out),
            Self::InsertedBuried { id } => write_counted("BURIED ", id, out),
            Self::Watching { count } => write_counted("WATCHING ", count, out),
            Self::Kicked { count } => write_counted("KICKED ", count, out),
            Self::Reserved { id, body } => write_job("RESERVED ", id, body, out),
            Self::Found { id, body } => write_job("FOUND ", id, body, out),
            Self::Using { tube } => {
                out.extend_from_slice(b"USING ");
                out.extend_from_slice(tube.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Self::Ok { body } => {
                out.extend_from_slice(b"OK ");
                write_body(body, out);
            }
            Self::Buried => out.extend_from_slice(b"BURIED\r\n"),
            Self::DeadlineSoon => out.extend_from_slice(b"DEADLINE_SOON\r\n"),
            Self::TimedOut => out.extend_from_slice(b"TIMED_OUT\r\n"),
            Self::Deleted => out.extend_from_slice(b"DELETED\r\n"),
            Self::Released => out.extend_from_slice(b"RELEASED\r\n"),
            Self::Touched => out.extend_from_slice(b"TOUCHED\r\n"),
            Self::NotIgnored => out.extend_from_slice(b"NOT_IGNORED\r\n"),
            Self::NotFound => out.extend_from_slice(b"NOT_FOUND\r\n"),
            Self::KickedJob => out.extend_from_slice(b"KICKED\r\n"),
            Self::Paused => out.extend_from_slice(b"PAUSED\r\n"),
            Self::ExpectedCrlf => out.extend_from_slice(b"EXPECTED_CRLF\r\n"),
            Self::JobTooBig => out.extend_from_slice(b"JOB_TOO_BIG\r\n"),
            Self::Draining => out.extend_from_slice(b"DRAINING\r\n"),
            Self::OutOfMemory => out.extend_from_slice(b"OUT_OF_MEMORY\r\n"),
            Self::InternalError => out.extend_from_slice(b"INTERNAL_ERROR\r\n"),
            Self::BadFormat => out.extend_from_slice(b"BAD_FORMAT\r\n"),
            Self::UnknownCommand => out.extend_from_slice(b"UNKNOWN_COMMAND\r\n"),
        }
    }
}

impl From<Rejection> for Reply<'_> {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::BadFormat => Self::BadFormat,
            Rejection::UnknownCommand => Self::UnknownCommand,
            Rejection::JobTooBig => Self::JobTooBig,
            Rejection::ExpectedCrlf => Self::ExpectedCrlf,
        }
    }
}

fn write_counted(word: &str, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(word.as_bytes());
    write_number(number, out);
    out.extend_from_slice(b"\r\n");
}

fn write_job(word: &str, id: u64, body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(word.as_bytes());
    write_number(id, out);
    out.push(b' ');
    write_body(body, out);
}

fn write_body(body: &[u8], out: &mut Vec<u8>) {
    write_number(body.len(), out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
}
