//! The jobs of a program with a tube: who works on which, and what becomes of each. Nothing here speaks to a server or
//! to a process.
//!
//! A *worker* is what takes jobs: in mode `stream` a process that lives on, in mode `exec` a place for one process
//! after the other. The rules:
//!
//! - no more jobs are asked for than there are workers, and `prefetch` more for each of them in mode `stream`;
//! - a worker has one job at a time, which it works on. The others wait here, all together: whoever is idle gets the one
//!   that has waited longest;
//! - when there are fewer workers, those that are too many to wait are given back. A worker that dies, or goes to be
//!   replaced, keeps its place for a moment, since most are replaced soon;
//! - a job's time to run never ends while it waits here or a worker is at it;
//! - a worker that dies gives its job back at once;
//! - each job that was reserved is deleted, released, buried, or lost with the connection or its time: exactly one.
//!
//! A server tells the time to run, the priority and the number of trials of a job only when it is asked, so it is asked
//! when that is needed: when a job takes long, and when it is not simply done.

mod jobs;
mod machine;
mod returns;
#[cfg(test)]
mod tests;
mod workers;

use std::fmt;
use std::time::Duration;

pub use machine::Dispatcher;

use crate::JobId;
use crate::stream::Verdict;

/// The number of a worker, chosen by whoever starts processes. It may come again when the one before is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A worker is there and takes jobs.
    Joined(WorkerId),
    /// A worker is to take no more jobs, and goes when it has answered the one that it works on.
    Retire(WorkerId),
    /// The same, but another worker with its number will be there soon after that.
    Replace(WorkerId),
    /// Nobody waits for a worker any more: it is killed, and the job that it works on given back untried.
    Abandon(WorkerId),
    /// Mode `stream`: a worker has died, closed its socket, or said what is no answer. Its job is given back. (In mode
    /// `exec` a place doesn't die: its process ends, which is [`Event::Exited`].)
    Gone {
        /// The worker.
        worker: WorkerId,
        /// Whether it has begun the job that it was given last, as far as can be told from what it has read. If not, it
        /// can't be blamed for it.
        has_begun: bool,
    },
    /// Mode `exec`: the process of this worker could not be started. Its job is given back, and no others are taken for a
    /// while, which grows with each time in a row.
    NotStarted(WorkerId),
    /// Mode `exec`: the process of this worker ended.
    Exited(WorkerId, Exit),
    /// Mode `stream`: a worker has answered.
    Answered(WorkerId, JobId, Verdict),
    /// One of the reservations that were asked for brought this job.
    Reserved(JobId),
    /// A reservation that was surplus, and no longer counted, has brought this job before it was taken back.
    ReservedAfterAll(JobId),
    /// One of the reservations that were asked for ended without a job.
    NotReserved,
    /// The answer to [`Action::Inspect`].
    Inspected(JobId, Statistics),
    /// A server doesn't know this job, or not as ours: the answer to an inspection or a touch.
    NotFound(JobId),
    /// The connection that has reserved this job is gone, so anybody can have the job. Whoever works on it may still be the
    /// first to say that it is done.
    Disconnected(JobId),
    /// A reservation that was taken back has brought this job all the same. It went back at once, but its server has
    /// counted that.
    TooLate(JobId),
    /// The program is to end: no more jobs; those that are being worked on may finish until the stop time-out.
    Stop,
    /// Time has passed. May come at any time and is needed at [`Dispatcher::due`].
    Time,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this exit status.
    Status(i32),
    /// By a signal.
    Signal,
}

/// What a server says about a job, as its `stats-job` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// How long a worker may have it without a touch.
    pub time_to_run: Duration,
    /// How much of that is left.
    pub time_left: Duration,
    /// Its priority.
    pub priority: u32,
    /// How often it has been reserved, this time included.
    pub reserves: u32,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// From now on, so many reservations should be under way, on all servers together; surplus ones are to be taken
    /// back if that can be done. Each that ends, with [`Event::Reserved`] or [`Event::NotReserved`], makes the number one
    /// less for both sides.
    Ask {
        /// The number; 0 when no more jobs are wanted.
        count: u32,
    },
    /// Give the job to the worker, which works on nothing else: in mode `exec`, start a process for it.
    Hand {
        /// The worker.
        worker: WorkerId,
        /// The job, which the event brought.
        job: JobId,
    },
    /// Ask the job's server for its statistics.
    Inspect(JobId),
    /// The job is lost, and nothing more is said of it.
    Forget(JobId),
    /// Let the job's time to run begin anew.
    Touch(JobId),
    /// The job is done.
    Delete(JobId),
    /// Somebody else may have the job.
    Release {
        /// The job.
        job: JobId,
        /// The priority that it keeps.
        priority: u32,
        /// After this time, in whole seconds.
        delay_seconds: u32,
    },
    /// Nobody may have the job until a person has looked at it.
    Bury {
        /// The job.
        job: JobId,
        /// The priority that it keeps.
        priority: u32,
    },
    /// The worker has nothing in hand and is not asked any more: it can be ended.
    Retired(WorkerId),
    /// The worker is not asked any more, and its process has to be killed.
    Kill {
        /// The worker.
        worker: WorkerId,
        /// What to tell people.
        reason: KillReason,
    },
}

/// Why a worker is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillReason {
    /// It took longer than the stop time-out to finish its jobs.
    StopTimeout,
    /// It may not run any longer, and is not to blame for that.
    Abandoned,
    /// It answered for a job that it doesn't have, so nothing that it says can be relied on.
    UnknownJob(JobId),
}

impl fmt::Display for KillReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KillReason::StopTimeout => formatter.write_str("it took longer than stop.timeout"),
            KillReason::Abandoned => formatter.write_str("it may not run any longer"),
            KillReason::UnknownJob(job) => {
                write!(formatter, "it answered for job {job}, which it was not given or has answered before")
            }
        }
    }
}
