//! What goes wrong, in words and exit codes. What the server refuses is told as zkCli tells it, for users and scripts
//! know those lines; the rest is told as by all of trellis's commands.

use trellis_zk_client::blocking;
use trellis_zk_client::path::PathError;
use trellis_zk_client::{Client, ConnectError, ErrorCode, Loss, Settings, State};
use trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT;

use crate::exit::{Exit, Failure};

/// Why an operation on a node came to nothing.
#[derive(Debug)]
pub(super) enum Error {
    /// The client says why.
    Client(trellis_zk_client::Error),
    /// The user did not want to wait any longer.
    Interrupted,
}

impl Error {
    /// The server's refusal of an operation on a node, as the user named it.
    pub(super) fn refused(code: ErrorCode, path: &str) -> Error {
        Error::Client(trellis_zk_client::Error::Refused { code, path: Some(path.to_owned()) })
    }

    /// Whether the server refused with this code.
    pub(super) fn is(&self, code: ErrorCode) -> bool {
        matches!(self, Error::Client(error) if error.is(code))
    }

    /// Whether the node does not exist.
    pub(super) fn is_no_node(&self) -> bool {
        self.is(ErrorCode::NoNode)
    }
}

impl From<trellis_zk_client::Error> for Error {
    fn from(error: trellis_zk_client::Error) -> Self {
        Error::Client(error)
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        Error::Client(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Client(error) => call_failed(&error),
            Error::Interrupted => Failure::new(Exit::Internal, "interrupted"),
        }
    }
}

/// Begins a session.
pub(super) fn connect(settings: &Settings) -> Result<Client, Failure> {
    blocking::connect(settings).map_err(|error| connect_failed(&error, settings))
}

/// Why there is no session.
fn connect_failed(error: &ConnectError, settings: &Settings) -> Failure {
    const HINT: &str = "start a server with `trellis serve`, or name another one with --server";
    let attempts = match error {
        ConnectError::Unreachable(attempts) => attempts,
        ConnectError::Over(State::AuthFailed) => return not_accepted(),
        error => return Failure::new(Exit::Internal, error.to_string()),
    };
    let unreachable = |message: String| Failure::new(Exit::Unreachable, message);
    let [attempt] = attempts.as_slice() else {
        let each: Vec<String> =
            attempts.iter().map(|attempt| format!("{}: {}", attempt.server, attempt.loss)).collect();
        let message = format!("none of {} can be reached ({})", settings.servers, each.join("; "));
        return unreachable(message).hint(HINT);
    };
    let server = &attempt.server;
    match &attempt.loss {
        Loss::Refused => unreachable(format!("nothing listens on {server} (connection refused)")).hint(HINT),
        Loss::Silent => unreachable(format!(
            "no session with {server} within {} s",
            settings.connect_timeout.as_secs()
        ))
        .hint("check the address and what stands between, or allow more time with --timeout"),
        Loss::Closed => {
            unreachable(format!("{server} has closed the connection before it granted a session")).hint(
                "a ZooKeeper server does so while it has no majority, or has too many connections; its log says which",
            )
        }
        Loss::Nonsense(reason) => {
            let message = format!("{server} does not speak ZooKeeper's protocol: {reason}");
            Failure::new(Exit::Internal, message).hint("name a ZooKeeper server with --server")
        }
        Loss::System(reason) => unreachable(format!("cannot connect to {server}: {reason}")),
    }
}

fn call_failed(error: &trellis_zk_client::Error) -> Failure {
    use trellis_zk_client::Error as Client;
    match error {
        Client::Refused { code, path } => refused(*code, path.as_deref()),
        Client::Path(error) => Failure::new(Exit::Usage, error.to_string()),
        Client::Lost { server, request_bytes } => {
            let message = format!("the connection to {server} was lost before it answered");
            if *request_bytes <= FRAME_BYTES_MAX_DEFAULT as usize {
                return Failure::new(Exit::Unreachable, message)
                    .hint("if it was to change something, look whether it has: that is not known");
            }
            Failure::new(Exit::Refused, message).hint(format!(
                "the request has {request_bytes} bytes, and servers take less than 1 MiB \
                 unless they are told otherwise (jute.maxbuffer)"
            ))
        }
        Client::Late { server, timeout } => {
            let message = format!("{server} does not answer within {} s", timeout.as_secs());
            Failure::new(Exit::Unreachable, message).hint("allow more time with --timeout")
        }
        Client::NotSent { .. } | Client::Busy { .. } => Failure::new(Exit::Unreachable, error.to_string()),
        Client::Over(State::AuthFailed) => not_accepted(),
        Client::Over(_) => not_connected(),
        Client::Unexpected => Failure::new(Exit::Internal, "the server's answer does not fit the request")
            .hint("is this a ZooKeeper server, and nothing in between?"),
        error => Failure::new(Exit::Internal, error.to_string()),
    }
}

fn not_accepted() -> Failure {
    Failure::new(Exit::Refused, "the server does not accept this identity (AuthFailed)")
        .hint("it may not know the scheme; digest takes user:password")
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
