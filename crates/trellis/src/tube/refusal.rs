//! Replies that refuse a request, in words.

use trellis_tube_codec::Reply;

use crate::exit::{Exit, Failure};

/// The failure that a reply stands for, if it refuses whatever was asked.
///
/// `NOT_FOUND`, `TIMED_OUT` and the like are not among them: they are answers.
pub(super) fn refusal(reply: &Reply<'_>) -> Option<Failure> {
    let (word, meaning, hint) = match reply {
        Reply::Draining => (
            "DRAINING",
            "it takes no new jobs",
            Some("it was told to run empty; put the job into another server"),
        ),
        Reply::JobTooBig => (
            "JOB_TOO_BIG",
            "the job's body is larger than it allows",
            Some("`trellis tube stats` shows its max-job-size; `trellis serve --max-job-size` sets it"),
        ),
        Reply::OutOfMemory => (
            "OUT_OF_MEMORY",
            "it has no room",
            Some("its disk is full, or --max-memory or --max-connections is reached; its log says which"),
        ),
        Reply::InternalError => ("INTERNAL_ERROR", "something is wrong with it", Some("its log says what")),
        Reply::UnknownCommand => (
            "UNKNOWN_COMMAND",
            "it does not know this command",
            Some("an old server? `trellis tube stats` shows its version"),
        ),
        Reply::BadFormat => ("BAD_FORMAT", "it does not understand the request", None),
        Reply::ExpectedCrlf => ("EXPECTED_CRLF", "it does not understand the request", None),
        _ => return None,
    };
    let failure = Failure::new(Exit::Refused, format!("the server refused: {meaning} ({word})"));
    Some(match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

/// A reply that does not belong to the request.
pub(super) fn unexpected(reply: &Reply<'_>) -> Failure {
    let text = match reply {
        Reply::Reserved { id, .. } => format!("RESERVED {id}"),
        Reply::Found { id, .. } => format!("FOUND {id}"),
        Reply::Ok { .. } => "OK".to_owned(),
        other => {
            let mut line = Vec::new();
            other.encode(&mut line);
            String::from_utf8_lossy(&line).trim_end().to_owned()
        }
    };
    Failure::new(Exit::Internal, format!("the server's answer does not fit the request: {text}"))
        .hint("is this a beanstalkd, and nothing in between?")
}
