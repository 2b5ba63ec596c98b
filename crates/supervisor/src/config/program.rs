//! What is known of one program, checked and complete. Nothing here reads text.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::schedule::{Missed, Overlap, Schedule};

/// One `[program.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Letters, digits, `-`, `_` and `.`; unique in the file.
    pub name: String,
    /// The executable and its arguments; never empty.
    pub command: Vec<String>,
    /// How many processes run.
    pub processes: Processes,
    /// Variables that are set on top of the supervisor's own.
    pub environment: BTreeMap<String, String>,
    /// The working directory; the supervisor's own if `None`.
    pub directory: Option<PathBuf>,
    /// The user who runs it; the supervisor's own if `None`.
    pub user: Option<String>,
    /// The file mode creation mask; the supervisor's own if `None`.
    pub umask: Option<u32>,
    /// When a process that ended is started again.
    pub restart: Restart,
    /// How long to wait before that.
    pub backoff: Backoff,
    /// When to try no more; `None` is never.
    pub give_up: Option<GiveUp>,
    /// How a process is ended.
    pub stop: Stop,
    /// The programs that have to be ready before this one is started.
    pub after: Vec<String>,
    /// Where its output goes.
    pub log: Log,
    /// When a process counts as ready.
    pub ready: Ready,
    /// Whether only one machine of all that share the servers runs it.
    pub singleton: bool,
    /// What its processes do.
    pub work: Work,
}

impl Program {
    /// Whether processes of this edition have to be started anew when the file says `newer` of their program. All else
    /// (how many there are, restarting, stopping, logs, whose jobs they get and how often these are tried, schedules) holds
    /// for running processes, too.
    #[must_use]
    pub fn needs_restart(&self, newer: &Program) -> bool {
        let work = match (&self.work, &newer.work) {
            (Work::Service { listen: old }, Work::Service { listen: new }) => old == new,
            (Work::Jobs(old), Work::Jobs(new)) => old.mode == new.mode,
            (Work::Timetable(_), Work::Timetable(_)) => true,
            _ => false,
        };
        !work
            || self.command != newer.command
            || self.environment != newer.environment
            || self.directory != newer.directory
            || self.user != newer.user
            || self.umask != newer.umask
            || (self.ready.when == ReadyWhen::Notified) != (newer.ready.when == ReadyWhen::Notified)
    }
}

/// What the processes of a program do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// They run for as long as they like; each inherits these listening sockets.
    Service {
        /// The sockets, in the order in which they are passed.
        listen: Vec<Listen>,
    },
    /// They work off the jobs of a tube.
    Jobs(Jobs),
    /// They run at certain times, once each time.
    Timetable(Timetable),
}

/// How many processes a program has on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processes {
    /// The fewest.
    pub min: u32,
    /// The most; the same as `min` unless the number follows a tube.
    pub max: u32,
    /// How the number follows the tube.
    pub scaling: Scaling,
}

/// How the number of processes follows a tube's depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// The jobs, ready or reserved, for which there is one process; at least 1.
    pub jobs_per_process: u32,
    /// For how long fewer have to be enough before a process is stopped.
    pub cooldown: Duration,
}

/// When a process that ended by itself is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Whenever it ended.
    Always,
    /// Unless it exited with 0.
    OnFailure,
    /// Never.
    Never,
}

/// A delay that doubles from one time to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first delay.
    pub first: Duration,
    /// The longest delay; not shorter than the first.
    pub max: Duration,
}

impl Backoff {
    /// The delay before trial number `trial`, counted from 1.
    #[must_use]
    pub fn delay(&self, trial: u32) -> Duration {
        let doublings = trial.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.max)
    }
}

/// When a process is tried no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiveUp {
    /// After so many failures; at least 1.
    pub failures: u32,
    /// Within this time.
    pub within: Duration,
}

/// How a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The signal that asks for it.
    pub signal: Signal,
    /// How long it may take before SIGKILL; running jobs have as long, too.
    pub timeout: Duration,
}

/// A signal that may ask a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
    /// SIGQUIT.
    Quit,
    /// SIGHUP.
    Hup,
    /// SIGUSR1.
    Usr1,
    /// SIGUSR2.
    Usr2,
    /// SIGWINCH, with which some web servers end gracefully.
    Winch,
    /// SIGKILL.
    Kill,
}

/// Where the output of a program's processes goes, standard output and standard error alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The place.
    pub target: LogTarget,
    /// What stands before each line; `{program}`, `{index}` and `{pid}` in it are replaced.
    pub prefix: String,
}

/// A place for output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// The supervisor's own standard output.
    Standard,
    /// A file that is renamed and begun anew when it is full.
    File {
        /// The file; `{program}` and `{index}` in it are replaced.
        path: PathBuf,
        /// The bytes after which it is full.
        bytes_max: u64,
        /// How many full files are kept.
        files: u32,
    },
}

/// When a process counts as ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The sign of it.
    pub when: ReadyWhen,
    /// How long it may take before it counts as a failure.
    pub timeout: Duration,
}

/// The sign that a process is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyWhen {
    /// It has been started.
    Started,
    /// It has been running for so long.
    After(Duration),
    /// It has sent `READY=1` to the socket that `NOTIFY_SOCKET` names, as systemd's services do.
    Notified,
}

/// Where to listen on behalf of a program's processes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Listen {
    /// A TCP address, `host:port`.
    Tcp(String),
    /// A Unix socket.
    Unix(PathBuf),
}

/// The jobs of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// The tube that they are in.
    pub tube: String,
    /// How they are handed over.
    pub mode: Mode,
    /// How often a job is tried before it is buried; at least 1.
    pub tries_max: u32,
    /// How long a job that failed waits before the next trial.
    pub retry: Backoff,
    /// How many jobs a stream process may hold beyond the one that it works on.
    pub prefetch: u32,
}

/// How jobs are handed to processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One process a job, with the body on its standard input; its exit status is the answer.
    Exec,
    /// Processes that live on and are given jobs in frames.
    Stream,
}

/// The times at which a program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// When.
    pub schedule: Schedule,
    /// What becomes of times that were missed.
    pub missed: Missed,
    /// What happens when the run before still goes on.
    pub overlap: Overlap,
}
