//! What a server's reply means to the request it answers: kept, checked, and made into what calls return.

use trellis_tube_codec::{Op, Reply};

use crate::error::Error;
use crate::job::{Inserted, Job};
use crate::statistics::Statistics;
use trellis_tube_codec::yaml;

/// A reply that fits its request and is no refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done, and there is nothing more to say.
    Done,
    /// A put has made a job.
    Inserted(Inserted),
    /// A job, reserved or found.
    Job(Job),
    /// No job came in time.
    TimedOut,
    /// There is no such job or tube.
    NotFound,
    /// How many tubes are watched, or jobs were kicked.
    Count(u64),
    /// A tube's name.
    Tube(String),
    /// The text of statistics or of a list.
    Text(Vec<u8>),
}

/// Why a reply is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The server refuses.
    Refused(Error),
    /// The reply belongs to another kind of request.
    Unfit,
}

/// Judges a reply by the request that it must belong to.
pub(crate) fn judge(op: Op, reply: Reply<'_>) -> Result<Answer, NoAnswer> {
    let refused = |error| Err(NoAnswer::Refused(error));
    match (reply, op) {
        (Reply::OutOfMemory, _) => return refused(Error::OutOfMemory),
        (Reply::InternalError, _) => return refused(Error::InternalError),
        (Reply::BadFormat, _) => return refused(Error::BadFormat),
        (Reply::UnknownCommand, _) => return refused(Error::UnknownCommand),
        (Reply::Draining, Op::Put) => return refused(Error::Draining),
        (Reply::JobTooBig, Op::Put) => return refused(Error::JobTooBig),
        (Reply::ExpectedCrlf, Op::Put) => return refused(Error::ExpectedCrlf),
        (Reply::NotIgnored, Op::Ignore) => return refused(Error::NotIgnored),
        (Reply::Buried, Op::Release) => return refused(Error::BuriedInstead),
        (Reply::DeadlineSoon, Op::Reserve | Op::ReserveWithTimeout) => return refused(Error::DeadlineSoon),
        _ => {}
    }
    answer(op, reply).ok_or(NoAnswer::Unfit)
}

fn answer(op: Op, reply: Reply<'_>) -> Option<Answer> {
    Some(match (reply, op) {
        (Reply::Inserted { id }, Op::Put) => Answer::Inserted(Inserted { id, buried: false }),
        (Reply::InsertedBuried { id }, Op::Put) => Answer::Inserted(Inserted { id, buried: true }),
        (Reply::Using { tube }, Op::Use | Op::ListTubeUsed) => Answer::Tube(tube.to_owned()),
        (Reply::Reserved { id, body }, Op::Reserve | Op::ReserveWithTimeout | Op::ReserveJob)
        | (Reply::Found { id, body }, Op::Peek | Op::PeekReady | Op::PeekDelayed | Op::PeekBuried) => {
            Answer::Job(Job { id, body: body.to_vec() })
        }
        (Reply::TimedOut, Op::Reserve | Op::ReserveWithTimeout) => Answer::TimedOut,
        (Reply::Watching { count }, Op::Watch | Op::Ignore) | (Reply::Kicked { count }, Op::Kick) => {
            Answer::Count(count)
        }
        (Reply::Deleted, Op::Delete)
        | (Reply::Released, Op::Release)
        | (Reply::Buried, Op::Bury)
        | (Reply::Touched, Op::Touch)
        | (Reply::KickedJob, Op::KickJob)
        | (Reply::Paused, Op::PauseTube) => Answer::Done,
        (
            Reply::Ok { body },
            Op::Stats | Op::StatsJob | Op::StatsTube | Op::ListTubes | Op::ListTubesWatched,
        ) => Answer::Text(body.to_vec()),
        (Reply::NotFound, _) if can_be_missing(op) => Answer::NotFound,
        _ => return None,
    })
}

fn can_be_missing(op: Op) -> bool {
    let of_a_job =
        matches!(op, Op::ReserveJob | Op::Delete | Op::Release | Op::Bury | Op::Touch | Op::KickJob);
    let looks = matches!(op, Op::Peek | Op::PeekReady | Op::PeekDelayed | Op::PeekBuried);
    of_a_job || looks || matches!(op, Op::StatsJob | Op::StatsTube | Op::PauseTube)
}

/// What calls make of an answer. That it fits the request has been judged, so what is left over here is a request
/// that was refused or has found nothing.
impl Answer {
    pub(crate) fn found(self) -> Result<Self, Error> {
        if self == Self::NotFound { Err(Error::NotFound) } else { Ok(self) }
    }

    pub(crate) fn done(self) -> Result<(), Error> {
        self.found().map(drop)
    }

    pub(crate) fn inserted(self) -> Result<Inserted, Error> {
        if let Self::Inserted(inserted) = self { Ok(inserted) } else { Err(Error::NotFound) }
    }

    pub(crate) fn job(self) -> Option<Job> {
        if let Self::Job(job) = self { Some(job) } else { None }
    }

    pub(crate) fn count(self) -> u64 {
        if let Self::Count(count) = self { count } else { 0 }
    }

    pub(crate) fn tube(self) -> String {
        if let Self::Tube(tube) = self { tube } else { String::new() }
    }

    pub(crate) fn statistics(self) -> Option<Statistics> {
        if let Self::Text(body) = self { Some(Statistics::parse(&body)) } else { None }
    }

    pub(crate) fn list(self) -> Vec<String> {
        let Self::Text(body) = self else { return Vec::new() };
        yaml::parse_list(&body).map(str::to_owned).collect()
    }
}

/// The beginning of a reply, for a message.
pub(crate) fn wording(reply: &Reply<'_>) -> String {
    match reply {
        Reply::Reserved { id, .. } => format!("RESERVED {id}"),
        Reply::Found { id, .. } => format!("FOUND {id}"),
        Reply::Ok { .. } => "OK".to_owned(),
        other => {
            let mut line = Vec::new();
            other.encode(&mut line);
            String::from_utf8_lossy(&line).trim_end().to_owned()
        }
    }
}
