//! What can change the work queue.

/// A job's name: unique in the life of a cluster, counted up from 1, never used again.
pub type JobId = u64;

/// A command of the work queue. Each gets exactly one [`Reply`](super::Reply), except where said otherwise; the
/// reply to [`Command::Reserve`] may come much later.
///
/// Durations are in seconds, priorities are smallest first, and tube names were checked by the codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// A connection has been accepted: it uses and watches the tube `default`. No reply.
    Open,
    /// A connection has ended: its reserved jobs are ready again, its tubes lose a reference. No reply.
    /// Closing a connection that is not open does nothing.
    Close,
    /// The client can send nothing more: a waiting reserve is answered `TimedOut` at once, and from now on a
    /// reserve never waits. No reply of its own.
    HalfClose,
    /// Inserts a job into the connection's used tube. Replies `Inserted`.
    Put {
        /// Smaller is more urgent.
        priority: u32,
        /// Seconds until the job is ready; 0 is now.
        delay: u32,
        /// Seconds a worker may hold the job; 0 counts as 1.
        ttr: u32,
        /// The job's bytes.
        body: &'a [u8],
    },
    /// Uses up a job id without making a job, as beanstalkd does for a body without its CR LF. No reply.
    SkipId,
    /// Chooses the tube of later puts; makes it if need be. Replies `Using`.
    Use {
        /// The tube's name, 1 to 200 bytes.
        tube: &'a str,
    },
    /// Adds a tube to the watch list; makes it if need be. Replies `Watching`.
    Watch {
        /// The tube's name, 1 to 200 bytes.
        tube: &'a str,
    },
    /// Takes a tube off the watch list. Replies `Watching`, or `NotIgnored` for the last one.
    Ignore {
        /// The tube's name, 1 to 200 bytes.
        tube: &'a str,
    },
    /// Asks for the most urgent ready job of the watched tubes. Replies `Reserved`, `DeadlineSoon` or
    /// `TimedOut`, at once or when it happens.
    Reserve {
        /// Seconds to wait at most; 0 never waits, `None` waits for ever.
        timeout: Option<u32>,
    },
    /// Reserves one job that is ready, delayed or buried. Replies `Reserved` or `NotFound`.
    ReserveJob {
        /// The job.
        id: JobId,
    },
    /// Removes a job that is ready, delayed, buried or reserved by this connection. Replies `Deleted` or
    /// `NotFound`.
    Delete {
        /// The job.
        id: JobId,
    },
    /// Gives a job reserved by this connection back. Replies `Released` or `NotFound`.
    Release {
        /// The job.
        id: JobId,
        /// Its new priority.
        priority: u32,
        /// Seconds until it is ready; 0 is now.
        delay: u32,
    },
    /// Puts a job reserved by this connection aside. Replies `Buried` or `NotFound`.
    Bury {
        /// The job.
        id: JobId,
        /// Its new priority.
        priority: u32,
    },
    /// Gives this connection the whole TTR again for a job that it reserved. Replies `Touched` or `NotFound`.
    Touch {
        /// The job.
        id: JobId,
    },
    /// Makes buried jobs of the used tube ready, or, if it has none, delayed ones. Replies `Kicked`.
    Kick {
        /// How many at most.
        bound: u32,
    },
    /// Makes one buried or delayed job ready. Replies `KickedJob` or `NotFound`.
    KickJob {
        /// The job.
        id: JobId,
    },
    /// Stops reservations from a tube for a time; 0 resumes at once. Replies `Paused` or `NotFound`.
    PauseTube {
        /// The tube's name, 1 to 200 bytes.
        tube: &'a str,
        /// For how many seconds.
        delay: u32,
    },
}
