//! A job as it lies in memory: one cache line, plus its body, plus a history once it has one.
//!
//! This file holds no queues and changes nothing by itself.

use super::command::JobId;
use super::reply::JobState;
use crate::heap::NO_PLACE;
use crate::slab::Slab;
use crate::{ConnectionId, Time};

/// Stands for "no history": the job has only ever been ready or delayed.
pub(super) const NO_HISTORY: u32 = u32::MAX;

/// The last millisecond since 1970 that fits the 48 bits a job has for its creation; in the year 10889.
const CREATED_MILLISECONDS_MAX: u64 = (1 << 48) - 1;

/// The record of a job.
pub(super) struct Job {
    pub(super) body: Box<[u8]>,
    pub(super) id: JobId,
    /// What its queue sorts by, before the id. Ready: the priority. Delayed: the time when it is due, in
    /// microseconds. Reserved: the deadline, likewise. Buried: the running number of the burial.
    pub(super) rank: u64,
    created_low: u32,
    created_high: u16,
    pub(super) state: JobState,
    /// Tells a running snapshot whether it has this job already; only [`Jobs`](super::jobs::Jobs) uses it.
    pub(super) mark: u8,
    pub(super) priority: u32,
    /// In seconds, as last given; stays when the delay is over.
    pub(super) delay: u32,
    /// In seconds, at least 1.
    pub(super) ttr: u32,
    /// The slot of its tube.
    pub(super) tube: u32,
    /// Where it is in the heap of its queue; only the heap changes it.
    pub(super) place: u32,
    /// The slot of its history, or [`NO_HISTORY`].
    pub(super) history: u32,
}

const _: () = assert!(size_of::<Job>() == 64, "a job's record is one cache line");
const _: () = assert!(Slab::<Job>::ENTRY_BYTES == 64, "whether a slot is free fits into a spare bit pattern");

/// What a put says of a job.
pub(super) struct NewJob<'a> {
    pub(super) tube: u32,
    pub(super) priority: u32,
    pub(super) delay: u32,
    pub(super) ttr: u32,
    pub(super) body: &'a [u8],
}

/// What most jobs in a long queue don't have yet: how often things happened to it, and who holds it.
#[derive(Clone, Copy, Default)]
pub(super) struct History {
    pub(super) counts: JobCounts,
    /// The connection that holds the job, if it is reserved; otherwise meaningless.
    pub(super) holder: Option<ConnectionId>,
}

/// How often things have happened to a job. At 2^32 - 1 they stop counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Times a worker has taken it.
    pub reserves: u32,
    /// Times a worker has held it past its TTR.
    pub timeouts: u32,
    /// Times a worker has given it back.
    pub releases: u32,
    /// Times it has been put aside.
    pub buries: u32,
    /// Times it has been kicked.
    pub kicks: u32,
}

impl Job {
    /// A ready job that is in no queue yet.
    pub(super) fn new(id: JobId, created_milliseconds: u64, mark: u8, new: &NewJob<'_>) -> Self {
        let created = created_milliseconds.min(CREATED_MILLISECONDS_MAX);
        Job {
            body: new.body.into(),
            id,
            rank: u64::from(new.priority),
            created_low: low_half(created),
            created_high: (created >> 32) as u16,
            state: JobState::Ready,
            mark,
            priority: new.priority,
            delay: new.delay,
            ttr: new.ttr,
            tube: new.tube,
            place: NO_PLACE,
            history: NO_HISTORY,
        }
    }

    /// A copy of everything but the body, which stays where it is.
    pub(super) fn without_body(&self) -> Self {
        Job { body: Box::default(), ..*self }
    }

    /// When the job was put, in whole milliseconds since 1970.
    pub(super) fn created_milliseconds(&self) -> u64 {
        u64::from(self.created_high) << 32 | u64::from(self.created_low)
    }

    /// Whole seconds since the job was put.
    pub(super) fn age(&self, at: Time) -> u64 {
        (at.0 / 1000).saturating_sub(self.created_milliseconds()) / 1000
    }

    /// Whole seconds until the state ends by itself; 0 for states that don't.
    pub(super) fn time_left(&self, at: Time) -> u64 {
        match self.state {
            JobState::Reserved | JobState::Delayed => Time(self.rank).seconds_since(at),
            JobState::Ready | JobState::Buried => 0,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the upper half is kept elsewhere")]
fn low_half(value: u64) -> u32 {
    value as u32
}
