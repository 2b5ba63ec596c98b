//! What the work queue answers.

use super::command::JobId;

/// An answer to one connection. Names are beanstalkd's; the codec gives them bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// A put has made a job.
    Inserted {
        /// The new job.
        id: JobId,
    },
    /// The used tube, after `Use` or when asked.
    Using {
        /// Its name.
        tube: &'a str,
    },
    /// The length of the watch list, after `Watch` or `Ignore`.
    Watching {
        /// How many tubes are watched.
        count: usize,
    },
    /// The last watched tube can't be ignored.
    NotIgnored,
    /// A job, held by this connection from now on.
    Reserved {
        /// The job.
        id: JobId,
        /// Its bytes.
        body: &'a [u8],
    },
    /// No job is ready and one that the connection holds is in its last second.
    DeadlineSoon,
    /// No job came in time.
    TimedOut,
    /// Done.
    Deleted,
    /// Done.
    Released,
    /// Done.
    Buried,
    /// Done.
    Touched,
    /// How many jobs a `Kick` has made ready.
    Kicked {
        /// The number of jobs.
        count: u32,
    },
    /// A `KickJob` has made its job ready.
    KickedJob,
    /// Done.
    Paused,
    /// No such job or tube, or the job is not in a state that the command can act on.
    NotFound,
    /// A job, only looked at.
    Found {
        /// The job.
        id: JobId,
        /// Its bytes.
        body: &'a [u8],
    },
    /// Everything known of one job.
    JobStats(JobStats<'a>),
    /// Everything known of one tube.
    TubeStats(TubeStats<'a>),
    /// Everything known of the queue as a whole.
    Totals(Totals),
    /// Names of tubes.
    Tubes(TubeNames<'a>),
}

/// Names of tubes, in the order of their list.
pub type TubeNames<'a> = Vec<&'a str>;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobState {
    /// Waits for a worker.
    Ready,
    /// Held by a worker until its deadline.
    Reserved,
    /// Waits for its time.
    Delayed,
    /// Set aside until it is kicked.
    Buried,
}

/// A job's facts; the meaning of each is the key of the same name in beanstalkd's `stats-job`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the protocol's keys")]
pub struct JobStats<'a> {
    pub id: JobId,
    pub tube: &'a str,
    pub state: JobState,
    pub priority: u32,
    pub age: u64,
    pub delay: u32,
    pub ttr: u32,
    pub time_left: u64,
    pub reserves: u32,
    pub timeouts: u32,
    pub releases: u32,
    pub buries: u32,
    pub kicks: u32,
}

/// A tube's facts; the meaning of each is the key of the same name in beanstalkd's `stats-tube`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the protocol's keys")]
pub struct TubeStats<'a> {
    pub name: &'a str,
    pub current_jobs_urgent: u64,
    pub current_jobs_ready: u64,
    pub current_jobs_reserved: u64,
    pub current_jobs_delayed: u64,
    pub current_jobs_buried: u64,
    pub total_jobs: u64,
    pub current_using: u64,
    pub current_watching: u64,
    pub current_waiting: u64,
    pub cmd_delete: u64,
    pub cmd_pause_tube: u64,
    pub pause: u32,
    pub pause_time_left: u64,
}

/// The queue's facts; the meaning of each is the key of the same name in beanstalkd's `stats`. Counts of
/// commands and of connections belong to a node and are not here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the protocol's keys")]
pub struct Totals {
    pub current_jobs_urgent: u64,
    pub current_jobs_ready: u64,
    pub current_jobs_reserved: u64,
    pub current_jobs_delayed: u64,
    pub current_jobs_buried: u64,
    pub current_tubes: u64,
    pub current_producers: u64,
    pub current_workers: u64,
    pub current_waiting: u64,
    pub job_timeouts: u64,
    pub total_jobs: u64,
    /// Bytes of all bodies held, for a node's memory limit; beanstalkd has no such key.
    pub body_bytes: u64,
}
