//! What goes wrong, in words and exit codes. What the server refuses is told as zkCli tells it, for users and scripts
//! know those lines; the rest is told as by all of trellis's commands.

use std::time::Duration;

use trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT;
use trellis_zk_codec::{ErrorCode, KeeperState};

use super::client::{CallError, ConnectError};
use super::path::PathError;
use super::servers::Servers;
use crate::exit::{Exit, Failure};

/// Why an operation on a node came to nothing.
#[derive(Debug)]
pub(super) enum Error {
    /// The server refused it.
    Refused {
        /// The server's reason.
        code: ErrorCode,
        /// The node, as the user named it; operations on no node have none.
        path: Option<String>,
    },
    /// It was not sent, as the path is none.
    Path(PathError),
    /// It was not answered.
    Call(CallError),
    /// It was answered, but with the answer to something else.
    Unexpected,
}

impl Error {
    /// Whether the node does not exist.
    pub(super) fn is_no_node(&self) -> bool {
        matches!(self, Error::Refused { code: ErrorCode::NoNode, .. })
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(code) => Error::Refused { code, path: None },
            error => Error::Call(error),
        }
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        Error::Path(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { code, path } => refused(code, path.as_deref()),
            Error::Path(error) => Failure::new(Exit::Usage, error.to_string()),
            Error::Call(error) => call_failed(&error),
            Error::Unexpected => Failure::new(Exit::Internal, "the server's answer does not fit the request")
                .hint("is this a ZooKeeper server, and nothing in between?"),
        }
    }
}

/// Why there is no session.
pub(super) fn connect_failed(error: ConnectError, servers: &Servers, timeout: Duration) -> Failure {
    const HINT: &str = "start a server with `trellis serve`, or name another one with --server";
    let attempts = match error {
        ConnectError::Unreachable(attempts) => attempts,
        ConnectError::Refused(error) => return call_failed(&error),
        ConnectError::Thread(error) => {
            return Failure::new(
                Exit::Internal,
                format!("the system has no thread for the session: {error}"),
            );
        }
    };
    let [attempt] = attempts.as_slice() else {
        let each: Vec<String> =
            attempts.iter().map(|attempt| format!("{}: {}", attempt.address, attempt.reason())).collect();
        let message = format!("none of {servers} can be reached ({})", each.join("; "));
        return Failure::new(Exit::Unreachable, message).hint(HINT);
    };
    let address = &attempt.address;
    let unreachable = |message: String| Failure::new(Exit::Unreachable, message);
    if attempt.is_refused() {
        unreachable(format!("nothing listens on {address} (connection refused)")).hint(HINT)
    } else if attempt.is_silent() {
        unreachable(format!("no session with {address} within {} s", timeout.as_secs()))
            .hint("check the address and what stands between, or allow more time with --timeout")
    } else if attempt.is_closed() {
        unreachable(format!("{address} has closed the connection before it granted a session")).hint(
            "a ZooKeeper server does so while it has no majority, or has too many connections; its log says which",
        )
    } else if attempt.is_nonsense() {
        let message = format!("{address} does not speak ZooKeeper's protocol: {}", attempt.reason());
        Failure::new(Exit::Internal, message).hint("name a ZooKeeper server with --server")
    } else {
        unreachable(format!("cannot connect to {address}: {}", attempt.reason()))
    }
}

fn call_failed(error: &CallError) -> Failure {
    let failure = |exit| Failure::new(exit, error.to_string());
    match error {
        CallError::Refused(code) => refused(*code, None),
        CallError::Lost { request_bytes, .. } if *request_bytes > FRAME_BYTES_MAX_DEFAULT as usize => {
            failure(Exit::Refused).hint(format!(
                "the request has {request_bytes} bytes, and servers take less than 1 MiB \
                 unless they are told otherwise (jute.maxbuffer)"
            ))
        }
        CallError::Lost { .. } => failure(Exit::Unreachable)
            .hint("if it was to change something, look whether it has: that is not known"),
        CallError::Late { .. } => failure(Exit::Unreachable).hint("allow more time with --timeout"),
        CallError::NotConnected { .. } => failure(Exit::Unreachable),
        CallError::Over(KeeperState::AuthFailed) => {
            Failure::new(Exit::Refused, "the server does not accept this identity (AuthFailed)")
                .hint("it may not know the scheme; digest takes user:password")
        }
        CallError::Over(_) => not_connected(),
        CallError::Interrupted => failure(Exit::Internal),
        CallError::Nonsense(_) => failure(Exit::Internal),
    }
}

/// There is no session any more.
pub(super) fn not_connected() -> Failure {
    Failure::new(Exit::Unreachable, "Not connected").hint("the session is over; `connect` begins another one")
}

/// A refusal as zkCli words it.
fn refused(code: ErrorCode, path: Option<&str>) -> Failure {
    let exit = match code {
        ErrorCode::NoNode | ErrorCode::NoWatcher => Exit::NotFound,
        ErrorCode::SessionExpired | ErrorCode::ConnectionLoss => Exit::Unreachable,
        _ => Exit::Refused,
    };
    let words = match code {
        ErrorCode::NoNode => "Node does not exist: ",
        ErrorCode::NoChildrenForEphemerals => "Ephemerals cannot have children: ",
        ErrorCode::NodeExists => "Node already exists: ",
        ErrorCode::NotEmpty => "Node not empty: ",
        ErrorCode::NotReadOnly => "Not a read-only call: ",
        ErrorCode::InvalidAcl => "Acl is not valid : ",
        ErrorCode::NoAuth => "Insufficient permission : ",
        ErrorCode::BadArguments => "Arguments are not valid : ",
        ErrorCode::BadVersion => "version No is not valid : ",
        ErrorCode::QuotaExceeded => "Quota has exceeded : ",
        ErrorCode::ReconfigInProgress => {
            let message =
                "Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)";
            return Failure::new(exit, message);
        }
        ErrorCode::NewConfigNoQuorum => {
            let message = "No quorum of new config is connected and up-to-date with the leader of last \
                           commmitted config - try invoking reconfiguration after new servers are connected \
                           and synced";
            return Failure::new(exit, message);
        }
        code => {
            let name = name(code);
            let about = path.map(|path| format!(" for {path}")).unwrap_or_default();
            return Failure::new(exit, format!("KeeperErrorCode = {name}{about}"));
        }
    };
    Failure::new(exit, format!("{words}{}", path.unwrap_or("null")))
}

/// The names that ZooKeeper's client has in words, and those of the protocol for the others.
fn name(code: ErrorCode) -> String {
    match code {
        ErrorCode::NoWatcher => "No such watcher",
        ErrorCode::SessionExpired => "Session expired",
        ErrorCode::SessionMoved => "Session moved",
        ErrorCode::InvalidCallback => "Invalid callback",
        ErrorCode::EphemeralOnLocalSession => "Ephemeral node on local session",
        ErrorCode::ReconfigDisabled => "Reconfig is disabled",
        ErrorCode::SessionClosedRequireSaslAuth => "Session closed because client failed to authenticate",
        ErrorCode::ThrottledOp => "Op throttled due to high load",
        ErrorCode::Unknown(number) => return format!("Unknown error {number}"),
        code => code.name(),
    }
    .to_owned()
}
