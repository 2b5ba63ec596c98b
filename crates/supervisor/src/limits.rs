//! Every limit of the supervisor, with its unit last. Nothing here decides anything.

use std::time::Duration;

use crate::config::Backoff;

/// The bytes that a `workers.toml` may have.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;

/// The programs that one file may have.
pub const PROGRAMS_MAX: usize = 10_000;

/// The processes that one program may have.
pub const PROCESSES_MAX: u32 = 10_000;

/// The characters that a program's name may have: it is part of file names and of znodes' names.
pub const PROGRAM_NAME_CHARS_MAX: usize = 64;

/// The longest duration that a key takes: a week.
pub const DURATION_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The jobs that may be reserved ahead for a stream process beyond the one it works on, at most.
pub const PREFETCH_MAX: u32 = 1_000;

/// The failures within which a program may be given up, at most; their times are kept.
pub const FAILURES_MAX: u32 = 1_000;

/// The bytes of a job's body: the most that a server of ours can be set to.
pub const JOB_BYTES_MAX: usize = 1008 << 20;

/// The bytes that a line in a frame may have, the line feed included.
pub const FRAME_LINE_BYTES_MAX: usize = 64;

/// The bytes of a worker's answer: it is one line.
pub const ANSWER_BYTES_MAX: usize = FRAME_LINE_BYTES_MAX;

/// How late a tick may be noticed and still count as being on time.
pub const TICK_LATE_MAX: Duration = Duration::from_secs(10);

/// How far the clock on the wall may be set back, or a tick of another machine lie ahead, without anything being run a
/// second time. With more, the clock was or is wrong, and schedules begin at the time that it shows.
pub const CLOCK_BACK_MAX: Duration = Duration::from_secs(60);

/// The missed ticks that are made up for, at most: the newest ones.
pub const MISSED_TICKS_MAX: usize = 100;

/// How long a job may be in hand before its server is asked for its time to run. Most are done by then; the shortest
/// time to run is a second.
pub const INSPECT_AFTER: Duration = Duration::from_millis(250);

/// How long a job that is to be given back counts as one that a worker has, while its server is asked about it. Who does not
/// answer by then may be silent, and others have jobs, too.
pub const SETTLING_MAX: Duration = Duration::from_millis(250);

/// The jobs that are remembered as given back without having been tried.
pub const RETURNS_MAX: usize = 10_000;

/// How often in a row a job is given back without a delay when its worker had not begun it. Workers that go after each job
/// without a word are given as many in vain as they do.
pub const UNREAD_AT_ONCE_MAX: u32 = 4;

/// How long such a job waits at least after that, even if failed ones don't.
pub const UNREAD_PAUSE_MIN: Duration = Duration::from_secs(1);

/// How long jobs wait on for a worker that has died. Most are replaced by then, and to give the jobs back would be for
/// nothing: each would count as reserved once more.
pub const REPLACEMENT_MAX: Duration = Duration::from_secs(1);

/// How long no jobs are taken after a process for one could not be started: twice as long each time in a row.
pub const NOT_STARTED_PAUSE: Backoff =
    Backoff { first: Duration::from_secs(1), max: Duration::from_secs(60) };

/// How long the guardian goes on looking for processes that are left: a moment, unless one hangs in the system.
pub const GUARDIAN_SWEEP_MAX: Duration = Duration::from_secs(10);

/// How long a guardian that has ended is missing before another one is started, unless it has lived for longer.
pub const GUARDIAN_PAUSE: Duration = Duration::from_secs(1);

/// The bytes for a guardian that it has not read, besides those in its pipe; with more, another one takes its place.
pub const GUARDIAN_UNSENT_BYTES_MAX: usize = 1 << 20;

/// How long the guardian waits before it looks again for what is left of a process whose time was over; twice as long
/// with each look.
pub const FENCE_PAUSE_MIN: Duration = Duration::from_millis(5);

/// How long it waits at most.
pub const FENCE_PAUSE_MAX: Duration = Duration::from_secs(5);

/// The part of a session's time-out that a singleton is not allowed to use: a tenth of it, in which it is killed before
/// another machine can be elected: its clock may run a little faster, and a process takes a moment to die.
pub const LEASE_MARGIN: u32 = 10;

/// How long before the guardian would kill a singleton the supervisor does it, which can give its jobs back first.
pub const LEASE_END_MARGIN: Duration = Duration::from_millis(100);

/// How long what a process has left behind may take to end before it is killed.
pub const ORPHAN_PATIENCE: Duration = Duration::from_secs(1);

/// How long the end waits for what programs have left behind; it is longer, so that what is killed is gone.
pub const ORPHANS_END_MAX: Duration = Duration::from_secs(3);

/// How long it waits before it looks again.
pub const ORPHANS_END_PAUSE: Duration = Duration::from_millis(5);

/// The bytes of a line of output; a longer one is cut.
pub const LOG_LINE_BYTES_MAX: usize = 16 << 10;

/// How much output is read from one process before the others have their turn.
pub const LOG_READ_BYTES: usize = 16 << 10;

/// The blocks of output that wait to be written; whoever has more waits.
pub const LOG_BLOCKS_MAX: usize = 64;

/// How long a log that could not be written is left alone; what comes meanwhile is lost.
pub const LOG_PAUSE: Duration = Duration::from_millis(500);

/// The bytes of its newest output that are kept of each program.
pub const LOG_RECENT_BYTES_MAX: usize = 32 << 10;

/// The blocks of output that somebody who follows it may be behind; then some are left out.
pub const LOG_FOLLOWED_BLOCKS_MAX: usize = 256;

/// The bytes of a request or a reply on the control socket, but for output.
pub const CONTROL_LINE_BYTES_MAX: usize = 16 << 20;

/// The connections to the control socket at a time.
pub const CONTROL_CONNECTIONS_MAX: usize = 100;

/// How long one side of the control socket waits for what the other would do at once: ask, or give a sign of life.
pub const CONTROL_PATIENCE: Duration = Duration::from_secs(10);

/// The processes that are started before anything else has its turn.
pub const STARTS_AT_ONCE_MAX: usize = 16;

/// The connections that may wait for a program to take them, on each of its sockets; the system may allow fewer.
pub const LISTEN_BACKLOG_MAX: i32 = 4096;

/// How long the end waits for output to be written.
pub const FLUSH_MAX: Duration = Duration::from_secs(2);

/// How long to wait before servers that could not be reached are asked again.
pub const RESERVE_PAUSE: Duration = Duration::from_secs(1);

/// How often servers are asked how deep tubes are, for the programs whose number of processes follows that.
pub const DEPTH_PERIOD: Duration = Duration::from_secs(1);

/// How often servers of tubes are asked whether they answer, if nothing else is to be known of them.
pub const REACH_PERIOD: Duration = Duration::from_secs(5);

/// How long a process may live on that has closed the socket that its jobs come from. Languages' runtimes close it a moment
/// before they exit.
pub const CLOSED_MAX: Duration = Duration::from_secs(1);

/// The bytes of a frame that a worker is given without a pause after its length. Most languages' runtimes take as much at
/// once, so whoever reads anything of such a frame has read it all.
pub const FRAME_AT_ONCE_BYTES_MAX: usize = 8 << 10;

/// How much of a worker's answers is read at once.
pub const WORKER_READ_BYTES: usize = 4 << 10;

/// How long the clock on the wall is not looked at before a tick, in case somebody sets it.
pub const CLOCK_LOOK_MAX: Duration = Duration::from_secs(10);

/// How long to wait before standing for election again.
pub const CAMPAIGN_PAUSE: Duration = Duration::from_millis(500);

/// How often whoever waits to be elected asks who is.
pub const LEADER_LOOK_PERIOD: Duration = Duration::from_secs(10);

/// How soon it asks again when nobody is, or when it is itself as far as is known: the candidate of a session that is over
/// stands for a while.
pub const LEADER_LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The znodes of earlier ticks that are kept of each program: the newest.
pub const TICKS_KEPT: usize = 10;

/// The messages of one process about itself that are taken together, at most.
pub const NOTICES_AT_ONCE_MAX: usize = 64;

/// How long a process that has said something about itself is not listened to, so that one that never stops has not all the
/// supervisor's time.
pub const NOTICE_PAUSE: Duration = Duration::from_millis(10);
