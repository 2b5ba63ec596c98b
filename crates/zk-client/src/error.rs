//! What can go wrong with a connection and with a request.

use std::io;
use std::time::Duration;

use thiserror::Error;
use trellis_zk_codec::{ErrorCode, ReplyError};

use crate::path::PathError;
use crate::servers::Server;
use crate::state::State;

/// Why a request came to nothing, or may have come to nothing.
///
/// Whether the server has done it: with [`Error::Lost`] and [`Error::Late`] nobody knows; with all others it has not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The server refused it.
    #[error("{}{code}", path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default())]
    Refused {
        /// The server's reason.
        code: ErrorCode,
        /// The node that the request was about.
        path: Option<String>,
    },
    /// The node that stands for `/` is not there. A client never creates it.
    #[error(
        "the node {path}, below which this client is to stay, does not exist: create it first, as with `trellis zk create {path}`"
    )]
    NoChroot {
        /// The node, as the server knows it.
        path: String,
    },
    /// It was sent, and the connection ended before the answer came: **it may have been carried out or not**.
    #[error("the connection to {server} was lost before it answered; whether it has done it is not known")]
    Lost {
        /// The server.
        server: Server,
        /// How large the request was. Servers hang up on requests over their limit (`jute.maxbuffer`).
        request_bytes: usize,
    },
    /// It was sent, and the server took too long. **It may still be carried out.**
    #[error("{server} has not answered within {} s; it may still do what it was asked", timeout.as_secs_f64())]
    Late {
        /// The server.
        server: Server,
        /// How long it was waited for.
        timeout: Duration,
    },
    /// It was never sent: there was no connection, and none came in time.
    #[error("there is no connection to {server}: {why}")]
    NotSent {
        /// The last server that was tried.
        server: Server,
        /// Why it was of no use.
        why: String,
    },
    /// It was never sent: too much waits to be sent already, so this client is too quick for its server or has no
    /// connection. [`Client::wait_out`](crate::Client::wait_out) waits until there is room again.
    #[error(
        "{unsent_bytes} bytes of requests wait to be sent already: wait for answers before more is asked"
    )]
    Busy {
        /// How much waits.
        unsent_bytes: usize,
    },
    /// It was never sent: the session is over.
    #[error("the session is {0}")]
    Over(State),
    /// It was never sent, since the path is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// What the server answered makes no sense.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// The server answered with the answer to something else.
    #[error("the server's answer does not fit the request; is there something between it and this client?")]
    Unexpected,
    /// It was never sent: the session belongs to the process that this one was forked from. Begin another one.
    #[error("the session belongs to the process that this one was forked from; begin another one here")]
    Forked,
    /// The system lacks what is needed, such as a thread or random numbers.
    #[error("{0}")]
    System(String),
}

impl Error {
    /// Whether the server refused with this code.
    ///
    /// ```
    /// use trellis_zk_client::Error;
    /// use trellis_zk_codec::ErrorCode;
    ///
    /// let error = Error::Refused { code: ErrorCode::NoNode, path: Some("/a".to_owned()) };
    /// assert!(error.is(ErrorCode::NoNode));
    /// assert_eq!(error.to_string(), "/a: the node does not exist (NoNode, -101)");
    /// ```
    pub fn is(&self, wanted: ErrorCode) -> bool {
        matches!(self, Error::Refused { code, .. } if *code == wanted)
    }

    /// Whether the connection was at fault, so that the same request may do better on the next one. If it changes
    /// something, see first whether it was [done](Self::may_be_done).
    pub fn is_of_connection(&self) -> bool {
        matches!(self, Error::Lost { .. } | Error::Late { .. } | Error::NotSent { .. })
    }

    /// Whether the server may have done what it was asked, although it didn't say so.
    pub fn may_be_done(&self) -> bool {
        matches!(self, Error::Lost { .. } | Error::Late { .. } | Error::Reply(_) | Error::Unexpected)
    }
}

/// Why a session could not begin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// None of the servers granted one.
    #[error("none of the servers can be reached ({})", join(.0))]
    Unreachable(Vec<Attempt>),
    /// The session that was to go on is over, or a server did not accept an identity.
    #[error("the session is {0}")]
    Over(State),
    /// The system lacks what is needed, such as a thread.
    #[error("{0}")]
    System(String),
}

/// A server that was tried in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The server.
    pub server: Server,
    /// What was wrong.
    pub loss: Loss,
}

fn join(attempts: &[Attempt]) -> String {
    let each = attempts.iter().map(|attempt| format!("{}: {}", attempt.server, attempt.loss));
    each.collect::<Vec<_>>().join("; ")
}

/// Why a connection is of no use any more, or never was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Loss {
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
    /// The system says so.
    #[error("{0}")]
    System(String),
}

impl From<io::Error> for Loss {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, TimedOut, UnexpectedEof};
        match error.kind() {
            ConnectionRefused => Loss::Refused,
            BrokenPipe | ConnectionReset | UnexpectedEof => Loss::Closed,
            TimedOut => Loss::Silent,
            _ => Loss::System(error.to_string()),
        }
    }
}
