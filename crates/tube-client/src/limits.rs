//! The limits and defaults that the client keeps, each with its unit last.

use std::time::Duration;

/// The longest body of a reply: no server of this project stores a larger job. It is read as it comes.
pub const BODY_BYTES_MAX: u32 = 1 << 30;

/// How many requests are sent ahead of their replies. More wait their turn.
pub const PIPELINE_REQUESTS_MAX: usize = 1024;

/// How many bytes of requests are taken for sending at once; a single larger request is taken alone.
pub const PIPELINE_BYTES_MAX: usize = 1 << 20;

/// How much of a request or a reply has to move for the server to be granted its time anew. Whoever sends a byte now and
/// then is as good as silent.
pub const PROGRESS_BYTES: usize = 16 << 10;

/// How much is asked of a socket at once.
pub(crate) const READ_BYTES: usize = 16 << 10;

/// How long a connection may take to come about, unless the settings say otherwise.
pub(crate) const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// How long a reply may take, unless the settings say otherwise.
pub(crate) const REPLY_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// How long a request waits for a connection, unless the settings say otherwise.
pub(crate) const PATIENCE_DEFAULT: Duration = Duration::from_secs(10);

/// The wait after all servers were tried once in vain, unless the settings say otherwise.
pub(crate) const BACKOFF_MIN_DEFAULT: Duration = Duration::from_millis(50);

/// The longest wait between two rounds of tries, unless the settings say otherwise.
pub(crate) const BACKOFF_MAX_DEFAULT: Duration = Duration::from_secs(5);

/// How long a worker waits in one reserve. A server that died without a word is noticed soon after.
pub(crate) const WORKER_WAIT_SECONDS_MAX: Duration = Duration::from_secs(30);

/// How long a job runs before its worker first thinks of touching it. The shortest TTR is a second.
pub(crate) const KEEP_ALIVE_MS_MIN: Duration = Duration::from_millis(400);

/// How long a server may take to say what became of a reserve that nobody waits for any more.
#[cfg(feature = "tokio")]
pub(crate) const TAKE_BACK_MAX: Duration = Duration::from_secs(1);

/// How long a server of a lane may be silent at least while it is asked for what it has at once, before all are waited for side
/// by side. One that is known to be quick and is silent for longer may be frozen.
#[cfg(feature = "tokio")]
pub(crate) const LOOK_SILENCE_MS_MIN: Duration = Duration::from_millis(250);

/// The same at most, also for one that is known to be slow: one that is still slower gives jobs only where others have none.
#[cfg(feature = "tokio")]
pub(crate) const LOOK_SILENCE_SECONDS_MAX: Duration = Duration::from_secs(3);

/// Between these, it is so many times what the server needed for its last answers.
#[cfg(feature = "tokio")]
pub(crate) const LOOK_SILENCE_ANSWERS: u32 = 3;

/// What a server is taken to need before it has answered: more than on the longest ways, since a job whose reservation is
/// thrown away has been tried for nothing.
#[cfg(feature = "tokio")]
pub(crate) const ANSWER_MS_FIRST: Duration = Duration::from_millis(400);

/// How long a server that has failed is left alone while others are waited for.
pub(crate) const RESERVE_AGAIN_SECONDS: Duration = Duration::from_secs(1);

/// How often a pool asks a server for a job that it can't wait for, since it holds others of it.
pub(crate) const HOLDER_INTERVAL_MS: Duration = Duration::from_millis(100);

/// How long a blocking client looks for a reply before it lets the system wake it up.
pub(crate) const CLOSE_WATCH_US_MAX: Duration = Duration::from_micros(50);

/// The memory for replies that is kept when they have been taken.
pub(crate) const INPUT_BYTES_KEPT: usize = 1 << 20;
