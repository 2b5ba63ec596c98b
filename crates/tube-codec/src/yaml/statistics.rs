//! What the statistics say, as plain data. A field's name is its key, with underscores for hyphens.
//!
//! Texts are written between quotes as they are: they must hold neither quotes nor line ends.

use std::time::Duration;

/// The body of `stats`. Counts are since the server's start, unless they are of what is there now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerStats<'a> {
    /// Ready jobs with a priority below 1024.
    pub current_jobs_urgent: u64,
    /// Ready jobs.
    pub current_jobs_ready: u64,
    /// Jobs held by workers.
    pub current_jobs_reserved: u64,
    /// Delayed jobs.
    pub current_jobs_delayed: u64,
    /// Buried jobs.
    pub current_jobs_buried: u64,
    /// `put` requests, those that were too big included.
    pub cmd_put: u64,
    /// `peek` requests.
    pub cmd_peek: u64,
    /// `peek-ready` requests.
    pub cmd_peek_ready: u64,
    /// `peek-delayed` requests.
    pub cmd_peek_delayed: u64,
    /// `peek-buried` requests.
    pub cmd_peek_buried: u64,
    /// `reserve` requests.
    pub cmd_reserve: u64,
    /// `reserve-with-timeout` requests.
    pub cmd_reserve_with_timeout: u64,
    /// `delete` requests.
    pub cmd_delete: u64,
    /// `release` requests.
    pub cmd_release: u64,
    /// `use` requests.
    pub cmd_use: u64,
    /// `watch` requests.
    pub cmd_watch: u64,
    /// `ignore` requests.
    pub cmd_ignore: u64,
    /// `bury` requests.
    pub cmd_bury: u64,
    /// `kick` requests.
    pub cmd_kick: u64,
    /// `touch` requests.
    pub cmd_touch: u64,
    /// `stats` requests, this one included.
    pub cmd_stats: u64,
    /// `stats-job` requests.
    pub cmd_stats_job: u64,
    /// `stats-tube` requests.
    pub cmd_stats_tube: u64,
    /// `list-tubes` requests.
    pub cmd_list_tubes: u64,
    /// `list-tube-used` requests.
    pub cmd_list_tube_used: u64,
    /// `list-tubes-watched` requests.
    pub cmd_list_tubes_watched: u64,
    /// `pause-tube` requests.
    pub cmd_pause_tube: u64,
    /// Times that a worker has held a job for longer than its TTR.
    pub job_timeouts: u64,
    /// Jobs ever made.
    pub total_jobs: u64,
    /// Bytes that a job's body may have.
    pub max_job_size: u64,
    /// Tubes.
    pub current_tubes: u64,
    /// Open connections.
    pub current_connections: u64,
    /// Open connections that have put a job.
    pub current_producers: u64,
    /// Open connections that have reserved a job.
    pub current_workers: u64,
    /// Open connections that wait in a reserve.
    pub current_waiting: u64,
    /// Connections ever opened.
    pub total_connections: u64,
    /// The server's process id.
    pub pid: u64,
    /// The server's version.
    pub version: &'a str,
    /// CPU time spent in the program.
    pub rusage_utime: Duration,
    /// CPU time spent in the kernel.
    pub rusage_stime: Duration,
    /// Seconds since the start.
    pub uptime: u64,
    /// Number of the oldest log file.
    pub binlog_oldest_index: u64,
    /// Number of the log file that is written to.
    pub binlog_current_index: u64,
    /// Records that were copied forward to free old log files.
    pub binlog_records_migrated: u64,
    /// Records ever written to the log.
    pub binlog_records_written: u64,
    /// Bytes that a log file may have.
    pub binlog_max_size: u64,
    /// Whether new jobs are refused.
    pub draining: bool,
    /// Random hexadecimal digits, new at each start.
    pub id: &'a str,
    /// The machine's name.
    pub hostname: &'a str,
    /// The operating system's version.
    pub os: &'a str,
    /// The machine's kind.
    pub platform: &'a str,
}

/// The body of `stats-tube`. Counts are since the tube was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TubeStats<'a> {
    /// The tube's name.
    pub name: &'a str,
    /// Its ready jobs with a priority below 1024.
    pub current_jobs_urgent: u64,
    /// Its ready jobs.
    pub current_jobs_ready: u64,
    /// Its jobs held by workers.
    pub current_jobs_reserved: u64,
    /// Its delayed jobs.
    pub current_jobs_delayed: u64,
    /// Its buried jobs.
    pub current_jobs_buried: u64,
    /// Jobs ever put into it.
    pub total_jobs: u64,
    /// Open connections that use it.
    pub current_using: u64,
    /// Open connections that watch it.
    pub current_watching: u64,
    /// Open connections that watch it and wait in a reserve.
    pub current_waiting: u64,
    /// Jobs ever deleted from it.
    pub cmd_delete: u64,
    /// Times that it was paused.
    pub cmd_pause_tube: u64,
    /// Seconds for which it is paused, or 0.
    pub pause: u64,
    /// Seconds until its pause ends.
    pub pause_time_left: u64,
}

/// The body of `stats-job`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStats<'a> {
    /// The job.
    pub id: u64,
    /// Its tube's name.
    pub tube: &'a str,
    /// Where it stands.
    pub state: JobState,
    /// Its priority, smallest first.
    pub pri: u32,
    /// Seconds since its put.
    pub age: u64,
    /// Seconds that its put or its last release asked for.
    pub delay: u64,
    /// Seconds that a worker may hold it.
    pub ttr: u64,
    /// Seconds until its delay or its worker's time is over; 0 in other states.
    pub time_left: u64,
    /// Number of the oldest log file with a record of it, or 0.
    pub file: u64,
    /// Times it was reserved.
    pub reserves: u64,
    /// Times that a worker has held it for too long.
    pub timeouts: u64,
    /// Times it was released.
    pub releases: u64,
    /// Times it was buried.
    pub buries: u64,
    /// Times it was kicked.
    pub kicks: u64,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker.
    Ready,
    /// Held by a worker.
    Reserved,
    /// Waits for its time.
    Delayed,
    /// Set aside until it is kicked.
    Buried,
}

impl JobState {
    /// The protocol's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Reserved => "reserved",
            Self::Delayed => "delayed",
            Self::Buried => "buried",
        }
    }
}
