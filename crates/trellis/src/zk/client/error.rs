//! What can go wrong with a session and its calls. How a user is told is decided elsewhere.

use std::io;
use std::time::Duration;

use thiserror::Error;
use trellis_zk_codec::{ErrorCode, KeeperState, ReplyError};

use super::connection::Loss;
use crate::address::Address;

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// None of the servers granted one.
    Unreachable(Vec<Attempt>),
    /// A server did not accept an identity.
    Refused(CallError),
    /// The system has no thread for it.
    Thread(io::Error),
}

/// A server that granted no session.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The server.
    pub(crate) address: Address,
    /// What was wrong.
    pub(super) loss: Loss,
}

impl Attempt {
    /// Whether nothing listens there.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.loss, Loss::Refused)
    }

    /// Whether it was waited for in vain.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.loss, Loss::Silent)
    }

    /// Whether it has closed the connection.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.loss, Loss::Closed)
    }

    /// Whether the server speaks another protocol.
    pub(crate) fn is_nonsense(&self) -> bool {
        matches!(self.loss, Loss::Nonsense(_))
    }

    /// What was wrong, in a few words.
    pub(crate) fn reason(&self) -> String {
        self.loss.to_string()
    }
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum CallError {
    /// The server refused it.
    #[error("{0}")]
    Refused(ErrorCode),
    /// The connection ended while the request was under way, so it may have been carried out or not.
    #[error("the connection to {server} was lost before it answered")]
    Lost {
        /// The server.
        server: String,
        /// How large the request was.
        request_bytes: usize,
    },
    /// The server took too long. The request may still be carried out.
    #[error("{server} does not answer within {} s", timeout.as_secs())]
    Late {
        /// The server.
        server: String,
        /// How long it was waited for.
        timeout: Duration,
    },
    /// There was no connection, and none came in time. The request was not sent.
    #[error("there is no connection to {server}: {why}")]
    NotConnected {
        /// The last server that was tried.
        server: String,
        /// Why it was of no use.
        why: String,
    },
    /// The session is over; why, says the state.
    #[error("the session is over")]
    Over(KeeperState),
    /// The user did not want to wait any longer.
    #[error("interrupted")]
    Interrupted,
    /// What the server answered makes no sense.
    #[error(transparent)]
    Nonsense(#[from] ReplyError),
}
