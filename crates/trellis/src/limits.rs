//! The limits that the command line keeps, each with its unit last. The server's own limits are in its crate.

use std::time::Duration;

/// The largest value of `--max-job-size`: an entry of the log has at most 1 GiB, and a job shares it with others.
pub(crate) const JOB_SIZE_BYTES_MAX: u32 = (1 << 30) - (16 << 20);

/// The smallest value of `--max-znode-size`: an ordinary path and its data fit into it.
pub(crate) const ZNODE_SIZE_BYTES_MIN: u64 = 1 << 10;

/// The largest value of `--zookeeper-tick-ms`: an hour.
pub(crate) const TICK_MS_MAX: u64 = 3_600_000;

/// The longest time-out of a session of ZooKeeper's that its protocol can say.
pub(crate) const SESSION_TIMEOUT_MS_MAX: u64 = i32::MAX as u64;

/// The largest value of `--max-connections`. Far above what one process may open on most systems.
pub(crate) const CONNECTIONS_MAX: u64 = 1_000_000;

/// The smallest value of `--max-memory`: below it not even the default job size leaves room for a few jobs.
pub(crate) const MEMORY_BYTES_MIN: u64 = 1 << 20;

/// The smallest value of `--log-segment-bytes`.
pub(crate) const LOG_SEGMENT_BYTES_MIN: u64 = 1 << 20;

/// The largest value of `--log-segment-bytes`.
pub(crate) const LOG_SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// The largest value of `--fsync-interval-ms`: a minute of acknowledged work at risk is surely a slip.
pub(crate) const FSYNC_INTERVAL_MS_MAX: u64 = 60_000;

/// The longest path that a Unix socket can be bound to (`sun_path` less its final zero byte).
pub(crate) const UNIX_PATH_BYTES_MAX: usize = 107;

/// How long a client command waits for a connection or a reply unless `--timeout` says otherwise.
pub(crate) const REPLY_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// How many requests a client command sends before it reads their replies. The replies must fit into the
/// sockets' buffers, or both sides could wait for each other.
pub(crate) const PIPELINE_REQUESTS_MAX: usize = 64;

/// How many bytes of requests a client command sends before it reads their replies.
pub(crate) const PIPELINE_BYTES_MAX: usize = 1 << 20;

/// The shortest `--interval` of `trellis tube watch`.
pub(crate) const WATCH_INTERVAL_SECONDS_MIN: f64 = 0.1;

/// The longest `--interval` of `trellis tube watch`: an hour.
pub(crate) const WATCH_INTERVAL_SECONDS_MAX: f64 = 3600.0;

/// How long a session of `trellis zk` lives without a sign of the client unless `--session-timeout-ms` says
/// otherwise: as with zkCli.
pub(crate) const ZK_SESSION_TIMEOUT_MS_DEFAULT: u32 = 30_000;

/// How many bytes of paths `deleteall` puts into one request: half of what servers take.
pub(crate) const ZK_DELETE_BYTES_MAX: usize = 512 << 10;

/// How late Ctrl-C may be noticed while something is waited for.
pub(crate) const INTERRUPT_POLL: Duration = Duration::from_millis(100);

/// How many lines the shell of `trellis zk` remembers from one run to the next.
pub(crate) const ZK_HISTORY_LINES_MAX: usize = 1000;

/// The largest message that `trellis ipc msg receive` takes: far more than systems are set to allow.
pub(crate) const IPC_MESSAGE_BYTES_MAX: usize = 1 << 20;

/// The largest value that `trellis ipc` reads from standard input.
pub(crate) const IPC_VALUE_BYTES_MAX: u64 = 1 << 30;

/// How large `trellis ipc shm send` makes a segment unless `--size` says otherwise: as PHP does.
pub(crate) const IPC_SEGMENT_BYTES_DEFAULT: usize = 10_000;
