//! What goes wrong with recipes, as PHP's exceptions.

use ext_php_rs::error::Result as Registered;
use ext_php_rs::zend::ce;
use trellis_php_host::{Class, Exception, Throw, register_exception};
use trellis_zk_client::recipe::SemaphoreError;
use trellis_zk_client::{ConnectError, Error};

trellis_php_host::exceptions! {
    /// Whatever goes wrong; its code is the protocol's, if a server has refused something.
    pub(super) struct Failure = "Trellis\\CoordinationException" extends ce::exception;
    /// No server can be reached, or none has answered in time.
    pub(super) struct Connection = "Trellis\\ConnectionException" extends Failure::entry;
    /// The session is over, and with it all that was held in it.
    pub(super) struct SessionLost = "Trellis\\SessionLostException" extends Failure::entry;
    /// The object belongs to the process that this one was forked from.
    pub(super) struct Forked = "Trellis\\ForkedException" extends Failure::entry;
}

pub(super) fn register() -> Registered<()> {
    register_exception::<Failure>(Ok)?;
    register_exception::<Connection>(Ok)?;
    register_exception::<SessionLost>(Ok)?;
    register_exception::<Forked>(Ok)
}

/// Why something came to nothing.
pub(super) fn of(error: &Error) -> Throw {
    let message = error.to_string();
    match error {
        Error::Refused { code, .. } => Failure::with(&message, code.number()),
        Error::Lost { .. } | Error::Late { .. } | Error::NotSent { .. } => Connection::with(&message, 0),
        Error::Over(_) => SessionLost::with(&message, 0),
        Error::Forked => forked(),
        _ => Failure::with(&message, 0),
    }
}

/// Why a session could not begin.
pub(super) fn of_connect(error: &ConnectError) -> Throw {
    Connection::with(&error.to_string(), 0)
}

/// Why there is no lease.
pub(super) fn of_semaphore(error: &SemaphoreError) -> Throw {
    match error {
        SemaphoreError::Client(error) => of(error),
        SemaphoreError::Limit { .. } => Failure::with(&error.to_string(), 0),
    }
}

pub(super) fn lost(what: &str) -> Throw {
    SessionLost::with(&format!("{what} was lost with its session"), 0)
}

pub(super) fn forked() -> Throw {
    let message = "the object belongs to the parent process; make one in this process";
    Forked::with(message, 0)
}

/// Something was asked for that makes no sense now.
pub(super) fn misused(message: &str) -> Throw {
    Failure::with(message, 0)
}
