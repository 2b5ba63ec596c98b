//! Requests of the protocol as what the state machine understands.

use trellis_core::tube::{Command, Query};
use trellis_tube_codec::Request;

/// What becomes of a request.
pub(crate) enum Step<'a> {
    /// A command, for the log.
    Command(Command<'a>),
    /// A question, for this node's state.
    Query(Query),
    /// The client is leaving.
    Quit,
}

pub(crate) fn step<'a>(request: &Request<'a>) -> Step<'a> {
    use Step::{Command as C, Query as Q};
    match *request {
        Request::Put { priority, delay, ttr, body } => C(Command::Put { priority, delay, ttr, body }),
        Request::Use { tube } => C(Command::Use { tube }),
        Request::Reserve => C(Command::Reserve { timeout: None }),
        Request::ReserveWithTimeout { seconds } => C(Command::Reserve { timeout: Some(seconds) }),
        Request::ReserveJob { id } => C(Command::ReserveJob { id }),
        Request::Delete { id } => C(Command::Delete { id }),
        Request::Release { id, priority, delay } => C(Command::Release { id, priority, delay }),
        Request::Bury { id, priority } => C(Command::Bury { id, priority }),
        Request::Touch { id } => C(Command::Touch { id }),
        Request::Watch { tube } => C(Command::Watch { tube }),
        Request::Ignore { tube } => C(Command::Ignore { tube }),
        Request::Peek { id } => Q(Query::Peek { id }),
        Request::PeekReady => Q(Query::PeekReady),
        Request::PeekDelayed => Q(Query::PeekDelayed),
        Request::PeekBuried => Q(Query::PeekBuried),
        Request::Kick { bound } => C(Command::Kick { bound }),
        Request::KickJob { id } => C(Command::KickJob { id }),
        Request::Stats => Q(Query::Stats),
        Request::StatsJob { id } => Q(Query::StatsJob { id }),
        Request::StatsTube { tube } => Q(Query::StatsTube { tube: tube.into() }),
        Request::ListTubes => Q(Query::ListTubes),
        Request::ListTubeUsed => Q(Query::ListTubeUsed),
        Request::ListTubesWatched => Q(Query::ListTubesWatched),
        Request::PauseTube { tube, delay } => C(Command::PauseTube { tube, delay }),
        Request::Quit => Step::Quit,
    }
}

/// Whether the reply may carry a body.
pub(crate) fn has_body(step: &Step<'_>) -> bool {
    match step {
        Step::Command(command) => matches!(command, Command::Reserve { .. } | Command::ReserveJob { .. }),
        Step::Query(query) => !matches!(query, Query::ListTubeUsed),
        Step::Quit => false,
    }
}
