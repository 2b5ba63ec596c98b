//! The limits and defaults of a client, each with its unit in its name or its type.

use std::time::Duration;

/// The port of a server whose address names none.
pub const PORT_DEFAULT: u16 = 2181;

/// How long a session lives without a sign of its client unless [`Settings`](crate::Settings) say otherwise.
pub const SESSION_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// The shortest session that pings are sent for; no server grants a shorter one.
pub const SESSION_TIMEOUT_MIN: Duration = Duration::from_millis(10);

/// How long all servers together may take to grant a session, unless [`Settings`](crate::Settings) say otherwise.
pub const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// How long a request waits for a connection and its answer unless [`Settings`](crate::Settings) say otherwise.
pub const REQUEST_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// How long the servers are left alone after each was tried once without success, at first.
pub const RECONNECT_WAIT_MIN: Duration = Duration::from_millis(50);

/// The same after many tries.
pub const RECONNECT_WAIT_MAX: Duration = Duration::from_secs(1);

/// The longest reply that is taken: a list of many million children. It is read as it comes.
pub const REPLY_BYTES_MAX: u32 = 1 << 30;

/// The requests that may wait for the socket, or for a connection. One more is refused, until half of them are gone.
pub const UNSENT_BYTES_MAX: usize = 64 << 20;

/// How often a recipe makes the node above its own, if somebody removes it again and again.
pub const PARENT_TRIES_MAX: u32 = 8;

/// How many reads a recipe that has many to make has under way at a time.
pub const READS_MAX: usize = 1024;

/// The paths that go into one request when watches are set again, as with ZooKeeper's own client.
pub const WATCHES_BYTES_MAX: usize = 128 << 10;

/// The events that a watch keeps for an owner who doesn't take them. Beyond, they are replaced by the notice that some
/// were missed.
pub const WATCH_EVENTS_MAX: usize = 1 << 16;

/// The changes of state that are kept for a follower who doesn't take them. Beyond, the oldest are forgotten.
pub const STATES_MAX: usize = 64;

/// How much is asked of a socket at once.
pub const READ_BYTES: usize = 64 << 10;

/// The memory for replies that is kept when they have been taken.
pub(crate) const INPUT_BYTES_KEPT: usize = 1 << 20;
