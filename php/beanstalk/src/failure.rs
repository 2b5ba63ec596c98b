//! The exceptions, and which of them an error of the client becomes.

use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::error::Result;
use ext_php_rs::flags::ConstantFlags;
use ext_php_rs::zend::ce;
use trellis_php_host::{Class, Exception, Throw, register_exception};
use trellis_tube_client::Error;

trellis_php_host::exceptions! {
    /// Whatever goes wrong; its code says what.
    pub(crate) struct Failure = "BeanstalkException" extends ce::exception;
    /// A server can't be reached, or the connection was lost.
    pub(crate) struct ConnectionFailure = "BeanstalkConnectionException" extends Failure::entry;
    /// There is no such job or tube, or the job is in no state for the request.
    pub(crate) struct NotFound = "BeanstalkNotFoundException" extends Failure::entry;
    /// No job came in time.
    pub(crate) struct TimedOut = "BeanstalkTimedOutException" extends Failure::entry;
    /// A job that this client holds has less than a second left, and no other is ready.
    pub(crate) struct DeadlineSoon = "BeanstalkDeadlineSoonException" extends Failure::entry;
    /// A body is larger than the server allows.
    pub(crate) struct JobTooBig = "BeanstalkJobTooBigException" extends Failure::entry;
}

/// Names and values of the codes. Users of the library have compared with these for long, so they stay; `DRAINING` is ours.
const CODES: [(&str, i32); 16] = [
    ("OUT_OF_MEMORY", OUT_OF_MEMORY),
    ("INTERNAL_ERROR", INTERNAL_ERROR),
    ("BAD_FORMAT", BAD_FORMAT),
    ("UNKNOWN_COMMAND", UNKNOWN_COMMAND),
    ("BURIED", BURIED),
    ("NOT_FOUND", NOT_FOUND),
    ("EXPECTED_CRLF", EXPECTED_CRLF),
    ("JOB_TOO_BIG", JOB_TOO_BIG),
    ("DEADLINE_SOON", DEADLINE_SOON),
    ("TIMED_OUT", TIMED_OUT),
    ("NOT_IGNORED", NOT_IGNORED),
    ("DRAINING", DRAINING),
    ("UNKNOWN", UNKNOWN),
    ("SERVER_OFFLINE", SERVER_OFFLINE),
    ("SERVER_READ", SERVER_READ),
    ("SERVER_BUSY", SERVER_BUSY),
];

const OUT_OF_MEMORY: i32 = 5001;
const INTERNAL_ERROR: i32 = 5002;
const BAD_FORMAT: i32 = 5003;
const UNKNOWN_COMMAND: i32 = 5004;
const BURIED: i32 = 5050;
const NOT_FOUND: i32 = 5051;
const EXPECTED_CRLF: i32 = 5052;
const JOB_TOO_BIG: i32 = 5053;
const DEADLINE_SOON: i32 = 5054;
const TIMED_OUT: i32 = 5055;
const NOT_IGNORED: i32 = 5057;
const DRAINING: i32 = 5058;
const UNKNOWN: i32 = 5096;
const SERVER_OFFLINE: i32 = 6001;
const SERVER_READ: i32 = 6050;
const SERVER_BUSY: i32 = 6052;

pub(crate) fn register() -> Result<()> {
    register_exception::<Failure>(|builder| CODES.into_iter().try_fold(builder, constant))?;
    register_exception::<ConnectionFailure>(Ok)?;
    register_exception::<NotFound>(Ok)?;
    register_exception::<TimedOut>(Ok)?;
    register_exception::<DeadlineSoon>(Ok)?;
    register_exception::<JobTooBig>(Ok)
}

fn constant(builder: ClassBuilder, (name, code): (&str, i32)) -> Result<ClassBuilder> {
    builder.constant(name, i64::from(code), &[], ConstantFlags::Public)
}

/// The exception for an error.
pub(crate) fn throw(error: &Error) -> Throw {
    let message = error.to_string();
    match error {
        Error::NoServer => {
            Failure::with("there is no server: add one with addServer() first", SERVER_OFFLINE)
        }
        Error::Unreachable { .. } => ConnectionFailure::with(&message, SERVER_OFFLINE),
        Error::Lost { .. } | Error::Protocol { .. } | Error::Unexpected { .. } => {
            ConnectionFailure::with(&message, SERVER_READ)
        }
        Error::Unknown { .. } => ConnectionFailure::with(&message, UNKNOWN),
        Error::NotFound => NotFound::with(&message, NOT_FOUND),
        Error::TimedOut => TimedOut::with(&message, TIMED_OUT),
        Error::DeadlineSoon => DeadlineSoon::with(&message, DEADLINE_SOON),
        Error::JobTooBig => JobTooBig::with(&message, JOB_TOO_BIG),
        Error::NotIgnored => Failure::with(&message, NOT_IGNORED),
        Error::BuriedInstead => Failure::with(&message, BURIED),
        Error::Draining => Failure::with(&message, DRAINING),
        Error::ExpectedCrlf => Failure::with(&message, EXPECTED_CRLF),
        Error::OutOfMemory => Failure::with(&message, OUT_OF_MEMORY),
        Error::InternalError => Failure::with(&message, INTERNAL_ERROR),
        Error::BadFormat | Error::BadTubeName(_) => Failure::with(&message, BAD_FORMAT),
        Error::UnknownCommand => Failure::with(&message, UNKNOWN_COMMAND),
        Error::TicketUsed => Failure::with(&message, 0),
    }
}

/// A call of a signal's handler on the very object whose call the signal has interrupted.
pub(crate) fn busy() -> Throw {
    let message =
        "the object waits for a job in reserve(): make another one for what a signal's handler does";
    Failure::with(message, SERVER_BUSY)
}
