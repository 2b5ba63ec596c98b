//! The fixed numbers of the state machine, each with its unit. What a server may configure is not here.

/// Jobs with at most this priority are counted as urgent.
pub const PRIORITY_URGENT_MAX: u32 = 1023;

/// A worker may hold a job for at least this long; a smaller TTR counts as this one.
pub const TTR_SECONDS_MIN: u32 = 1;

/// In the last seconds before a held job's deadline its holder isn't made to wait for another job.
pub const SAFETY_MARGIN_SECONDS: u32 = 1;

/// No counter of a snapshot may be larger: it could overflow while the state lives.
pub const SNAPSHOT_COUNTER_MAX: u64 = u64::MAX / 2;

/// The largest time to live of a znode; it shares 64 bits with other things in ZooKeeper's snapshots.
pub const TTL_MILLISECONDS_MAX: u64 = (1 << 40) - 1;

/// No access control list may be larger, as it is kept; `auth` may stand for many identities in each of many
/// entries.
pub const ACL_BYTES_MAX: usize = 1 << 20;

/// A container is removed so long after it has lost its last child.
pub const CONTAINER_EMPTY_SECONDS: u32 = 60;

/// No more znodes than this are removed at once because of their age or loneliness.
pub const REMOVALS_MAX: usize = 1000;

/// So long others get a turn when [`REMOVALS_MAX`] znodes were removed and more are due.
pub const REMOVALS_PAUSE_MICROSECONDS: u64 = 1000;
