//! What can go wrong, one variant a cause. No messages are made here beyond a sentence each.

use std::io;
use std::sync::Arc;

use thiserror::Error;
use trellis_tube_codec::{Op, ReplyError};

use crate::address::Address;

/// Why a call has failed.
///
/// After any of these the client can be used again: it connects anew where that is needed.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// No connection came about within the patience, so the request was not sent.
    #[error("cannot connect to {address}: {source}")]
    Unreachable {
        /// The server that was tried last.
        address: Address,
        /// What the system said. `TimedOut` is the connect time-out.
        source: Arc<io::Error>,
    },
    /// The connection was lost before the reply came, so nobody knows whether the server has carried the request
    /// out. A job may have been stored or not; putting it again could store it twice.
    #[error("the connection to {address} was lost, and whether the {} was carried out is unknown: {source}", op.word())]
    Unknown {
        /// The server.
        address: Address,
        /// The kind of the request.
        op: Op,
        /// What the system said. `TimedOut` is the reply time-out, `UnexpectedEof` the server's hanging up.
        source: Arc<io::Error>,
    },
    /// The connection was lost before the reply came. The request changes nothing that outlives its connection, so
    /// it can be made again.
    #[error("the connection to {address} was lost before it answered: {source}")]
    Lost {
        /// The server.
        address: Address,
        /// What the system said, as in [`Error::Unknown`].
        source: Arc<io::Error>,
    },
    /// The server's bytes are not of this protocol; the connection was given up.
    #[error("{address} does not speak the protocol: {source}")]
    Protocol {
        /// The server.
        address: Address,
        /// What is wrong with them.
        source: ReplyError,
    },
    /// The reply belongs to some other request; the connection was given up.
    #[error("the answer of {address} does not fit the request {}: {reply}", op.word())]
    Unexpected {
        /// The server.
        address: Address,
        /// The kind of the request.
        op: Op,
        /// The first word of the reply, with its numbers.
        reply: String,
    },
    /// A name with a character that the protocol doesn't allow, or too long; nothing was sent.
    #[error(
        "{0:?} names no tube: use 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front"
    )]
    BadTubeName(String),
    /// A client without servers.
    #[error("there is no server to connect to: name at least one")]
    NoServer,
    /// The outcome of this ticket was taken already, or the ticket is another client's.
    #[error("the ticket stands for no request of this client: redeem each ticket once")]
    TicketUsed,
    /// `NOT_FOUND`: there is no such job or tube, or the job is not in a state for this request, or not held by
    /// this client any more.
    #[error("the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)")]
    NotFound,
    /// `NOT_IGNORED`: the only watched tube can't be ignored.
    #[error("the last watched tube cannot be ignored: watch another one first (NOT_IGNORED)")]
    NotIgnored,
    /// `DEADLINE_SOON`: a job that this connection holds is in its last second, and no other is ready. Finish or
    /// touch it.
    #[error("a job held by this client has less than a second left: finish or touch it (DEADLINE_SOON)")]
    DeadlineSoon,
    /// `TIMED_OUT` where the caller did not ask for a wait.
    #[error("no job came in time (TIMED_OUT)")]
    TimedOut,
    /// `BURIED` as the answer to a release: the server had no memory to queue the job.
    #[error("the server had no memory to queue the job, so it is buried: kick it later (BURIED)")]
    BuriedInstead,
    /// `DRAINING`: the server takes no new jobs.
    #[error("the server takes no new jobs: put them into another one (DRAINING)")]
    Draining,
    /// `JOB_TOO_BIG`: the body is over the server's limit, the `max-job-size` of its statistics.
    #[error("the job's body is larger than the server allows (JOB_TOO_BIG)")]
    JobTooBig,
    /// `EXPECTED_CRLF`: the server has read a body of another length.
    #[error("the server did not find the end of the body (EXPECTED_CRLF)")]
    ExpectedCrlf,
    /// `OUT_OF_MEMORY`: the server has no room for this.
    #[error("the server has no room for this (OUT_OF_MEMORY)")]
    OutOfMemory,
    /// `INTERNAL_ERROR`: the server is at fault.
    #[error("something is wrong with the server; its log says what (INTERNAL_ERROR)")]
    InternalError,
    /// `BAD_FORMAT`: the server does not understand the request.
    #[error("the server does not understand the request (BAD_FORMAT)")]
    BadFormat,
    /// `UNKNOWN_COMMAND`: the server is too old for the request.
    #[error("the server does not know this request; is it an old one? (UNKNOWN_COMMAND)")]
    UnknownCommand,
}

impl Error {
    /// Whether another server may take a put that has failed so: certainly nothing was stored, and the fault is
    /// this server's.
    pub fn is_elsewhere_possible(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Draining | Self::OutOfMemory | Self::InternalError)
    }

    /// Whether the connection is gone, or never was: the jobs that it held are ready again.
    pub fn is_disconnect(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Unknown { .. }
                | Self::Lost { .. }
                | Self::Protocol { .. }
                | Self::Unexpected { .. }
        )
    }
}
