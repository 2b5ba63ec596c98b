//! What goes wrong with a server, in words, with the exit code.

use std::io;

use trellis_tube_client::{Address, Error};

use crate::exit::{Exit, Failure};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Unreachable { address, source } => unreachable(address, source),
            Error::Lost { address, source } => lost(address, source),
            Error::Unknown { address, source, .. } => lost(address, source)
                .hint("whether the server has carried out the command before that is not known: look before you repeat it"),
            Error::Protocol { address, source } => {
                Failure::new(Exit::Internal, format!("{address}: {source}"))
            }
            Error::Unexpected { reply, .. } => Failure::new(
                Exit::Internal,
                format!("the server's answer does not fit the request: {reply}"),
            )
            .hint("is this a beanstalkd, and nothing in between?"),
            Error::BadTubeName(_) | Error::NoServer | Error::TicketUsed => {
                Failure::new(Exit::Internal, error.to_string())
            }
            Error::NotFound | Error::TimedOut => Failure::new(Exit::NotFound, error.to_string()),
            _ => refused(&error),
        }
    }
}

/// A refusal of the server's: its word, what that means, and what to do.
fn refused(error: &Error) -> Failure {
    let (word, meaning, hint) = match error {
        Error::Draining => (
            "DRAINING",
            "it takes no new jobs",
            Some("it was told to run empty; put the job into another server"),
        ),
        Error::JobTooBig => (
            "JOB_TOO_BIG",
            "the job's body is larger than it allows",
            Some("`trellis tube stats` shows its max-job-size; `trellis serve --max-job-size` sets it"),
        ),
        Error::OutOfMemory => (
            "OUT_OF_MEMORY",
            "it has no room",
            Some("its disk is full, or --max-memory or --max-connections is reached; its log says which"),
        ),
        Error::InternalError => ("INTERNAL_ERROR", "something is wrong with it", Some("its log says what")),
        Error::UnknownCommand => (
            "UNKNOWN_COMMAND",
            "it does not know this command",
            Some("an old server? `trellis tube stats` shows its version"),
        ),
        Error::BadFormat => ("BAD_FORMAT", "it does not understand the request", None),
        Error::ExpectedCrlf => ("EXPECTED_CRLF", "it does not understand the request", None),
        other => return Failure::new(Exit::Refused, format!("the server refused: {other}")),
    };
    let failure = Failure::new(Exit::Refused, format!("the server refused: {meaning} ({word})"));
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn unreachable(address: &Address, source: &io::Error) -> Failure {
    use io::ErrorKind::{ConnectionRefused, NotFound, TimedOut};
    let failure = |message| Failure::new(Exit::Unreachable, message);
    match (source.kind(), address) {
        (ConnectionRefused, _) => failure(format!("nothing listens on {address} (connection refused)"))
            .hint("start a server with `trellis serve`, or name another one with --server"),
        (NotFound, Address::Unix(path)) => failure(format!("there is no socket {}", path.display())).hint(
            "start a server with `trellis serve --beanstalk unix:PATH`, or name another one with --server",
        ),
        (TimedOut, _) => failure(format!("no connection to {address} in time"))
            .hint("check the address and what stands between, or allow more time with --timeout"),
        _ => failure(format!("cannot connect to {address}: {source}")),
    }
}

fn lost(address: &Address, source: &io::Error) -> Failure {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, UnexpectedEof};
    let failure = |message| Failure::new(Exit::Unreachable, message);
    match source.kind() {
        TimedOut => failure(format!("{address} does not answer in time"))
            .hint("is it busy or stopped? --timeout allows more time"),
        UnexpectedEof | ConnectionReset | BrokenPipe => {
            failure(format!("{address} has closed the connection before it answered"))
        }
        _ => failure(format!("the connection to {address} failed: {source}")),
    }
}
