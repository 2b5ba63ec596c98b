//! What goes wrong, as PHP's exceptions: a class, the protocol's code and the words that PHP users know.

use ext_php_rs::error::Result;
use ext_php_rs::zend::ce;
use trellis_php_host::{Class, Exception, Throw, register_exception};
use trellis_zk_client::{ConnectError, Error, State};

trellis_php_host::exceptions! {
    /// Whatever goes wrong.
    pub(crate) struct Failure = "ZookeeperException" extends ce::exception;
    /// A server takes too long.
    pub(crate) struct OperationTimeout = "ZookeeperOperationTimeoutException" extends Failure::entry;
    /// There is no connection, or it was lost.
    pub(crate) struct Connection = "ZookeeperConnectionException" extends Failure::entry;
    /// What a server says makes no sense.
    pub(crate) struct Marshalling = "ZookeeperMarshallingException" extends Failure::entry;
    /// The client may not do this.
    pub(crate) struct Authentication = "ZookeeperAuthenticationException" extends Failure::entry;
    /// The session is over, or with another server.
    pub(crate) struct Session = "ZookeeperSessionException" extends Failure::entry;
    /// There is no such znode.
    pub(crate) struct NoNode = "ZookeeperNoNodeException" extends Failure::entry;
}

/// Tells PHP of the classes; in the module's start-up.
pub(crate) fn register() -> Result<()> {
    register_exception::<Failure>(Ok)?;
    register_exception::<OperationTimeout>(Ok)?;
    register_exception::<Connection>(Ok)?;
    register_exception::<Marshalling>(Ok)?;
    register_exception::<Authentication>(Ok)?;
    register_exception::<Session>(Ok)?;
    register_exception::<NoNode>(Ok)
}

/// What an object is told that has no session.
const NOT_CONNECTED: i32 = 5998;
/// What every server answers to what is no request.
pub(crate) const BAD_ARGUMENTS: i32 = -8;

/// There is no session, since nobody asked for one.
pub(crate) fn not_connected() -> Throw {
    Connection::with("Zookeeper->connect() was not called", NOT_CONNECTED)
}

/// The session belongs to the process that this one was forked from.
pub(crate) fn forked() -> Throw {
    let message = "the session belongs to the parent process; call connect() for one of this process";
    Connection::with(message, NOT_CONNECTED)
}

/// Why a session could not begin.
pub(crate) fn of_connect(error: &ConnectError) -> Throw {
    Connection::with(&error.to_string(), -1)
}

/// Why a request came to nothing.
pub(crate) fn of(error: &Error) -> Throw {
    let code = code(error);
    match error {
        Error::Forked => forked(),
        // With these the user needs to know which server it was, or which node.
        Error::Lost { .. } | Error::Late { .. } | Error::NotSent { .. } | Error::NoChroot { .. } => {
            with_code(code, &format!("{}: {error}", text(code)))
        }
        _ => with_code(code, text(code)),
    }
}

/// An error without any more to say about it than its code.
pub(crate) fn of_code(code: i32) -> Throw {
    with_code(code, text(code))
}

/// The protocol's code.
pub(crate) fn code(error: &Error) -> i32 {
    match error {
        Error::Refused { code, .. } => code.number(),
        Error::Lost { .. } | Error::NotSent { .. } => -4,
        Error::Late { .. } => -7,
        Error::NoChroot { .. } => -101,
        Error::Busy { .. } => -127,
        Error::Over(State::Expired) => -112,
        Error::Over(State::AuthFailed) => -115,
        Error::Over(_) => -116,
        Error::Path(_) => BAD_ARGUMENTS,
        Error::Reply(_) | Error::Unexpected => -5,
        Error::Forked => NOT_CONNECTED,
        Error::System(_) => -1,
    }
}

fn with_code(code: i32, message: &str) -> Throw {
    match code {
        -4 => Connection::with(message, code),
        -5 => Marshalling::with(message, code),
        -7 => OperationTimeout::with(message, code),
        -101 => NoNode::with(message, code),
        -102 | -115 => Authentication::with(message, code),
        -112 | -118 => Session::with(message, code),
        _ => Failure::with(message, code),
    }
}

/// The words for a code that scripts may compare with.
fn text(code: i32) -> &'static str {
    match code {
        0 => "ok",
        -1 => "system error",
        -2 => "run time inconsistency",
        -3 => "data inconsistency",
        -4 => "connection loss",
        -5 => "marshalling error",
        -6 => "unimplemented",
        -7 => "operation timeout",
        -8 => "bad arguments",
        -9 => "invalid zhandle state",
        -13 => "too few servers of the new configuration are connected and up to date",
        -14 => "another reconfiguration is in progress",
        -100 => "api error",
        -101 => "no node",
        -102 => "not authenticated",
        -103 => "bad version",
        -108 => "no children for ephemerals",
        -110 => "node exists",
        -111 => "not empty",
        -112 => "session expired",
        -113 => "invalid callback",
        -114 => "invalid acl",
        -115 => "authentication failed",
        -116 => "zookeeper is closing",
        -118 => "session moved to another server, so operation is ignored",
        -119 => "a read-only server takes no changes",
        -120 => "a local session can't have ephemeral znodes",
        -121 => "there is no such watch",
        -123 => "reconfiguration is disabled on the server",
        -124 => "the server asks for SASL authentication",
        -125 => "quota is exceeded",
        -127 => "too many requests are waiting",
        _ => "unknown error",
    }
}
