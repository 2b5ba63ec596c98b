//! The limits of replication, each with its unit last.

use std::time::Duration;

/// A batch that has this many bytes takes nothing more until it is on its way: connections wait their turn. A
/// single command may be larger.
pub(crate) const BATCH_BYTES_MAX: usize = 4 << 20;

/// Queries that one batch can hold; connections wait their turn beyond.
pub(crate) const BATCH_QUERIES_MAX: usize = 16_384;

/// About so many bytes may the queries of one batch hold; connections wait their turn beyond. A single query may be
/// larger.
pub(crate) const BATCH_QUERY_BYTES_MAX: usize = 4 << 20;

/// Entries held in memory behind the newest. They are there to be applied, which is at once: a node without peers has
/// no other use for them.
pub(crate) const CACHE_BYTES_MAX: usize = 256 << 10;

/// Entries read from disk at a time while the log is replayed.
pub(crate) const REPLAY_BYTES: usize = 4 << 20;

/// A new batch gets room for as many bytes as the last one had, but not for more than this.
pub(crate) const BATCH_BUFFER_BYTES_MAX: usize = 64 << 10;

/// A snapshot is taken when the log since the last one has this many bytes, or half of the live state if that
/// is more.
pub(crate) const SNAPSHOT_LOG_BYTES_MIN: u64 = 64 << 20;

/// A snapshot that was asked for is asked for again when the log has grown by this much. On a full disk, one is taken
/// when it makes at least this much room.
pub(crate) const SNAPSHOT_REQUEST_BYTES: u64 = 8 << 20;

/// What a record of the log has besides a batch: its header and its padding.
pub(crate) const RECORD_BYTES_MAX: usize = 64;

/// Slots of the state that one slice of a snapshot looks at between two batches: about 0.2 ms of work.
pub(crate) const SNAPSHOT_SLICE_SLOTS: usize = 512;

/// Bytes of bodies after which a slice of a snapshot ends, and about what its writer is given at a time.
pub(crate) const SNAPSHOT_CHUNK_BYTES: usize = 256 << 10;

/// Chunks that may wait for the snapshot's writer; more stop the walk, not the server.
pub(crate) const SNAPSHOT_CHUNKS_WAITING_MAX: usize = 4;

/// A batch of at most this many bytes may be synced by the thread that serves connections.
pub(crate) const INLINE_SYNC_BYTES_MAX: usize = 64 << 10;

/// When syncs have an interval, the log is also synced whenever this many bytes are written, so that no later sync
/// has to wait for too much.
pub(crate) const UNSYNCED_BYTES_MAX: u64 = 8 << 20;

/// A disk whose syncs take longer than this on average is synced by the log's thread.
pub(crate) const INLINE_SYNC_MICROSECONDS_MAX: u64 = 300;

/// How long to wait before trying again to make a file on a full disk.
pub(crate) const FULL_DISK_RETRY: Duration = Duration::from_secs(1);

/// While the disk is full, the last of the log's room is kept for what frees it: one part in so many of a file.
pub(crate) const FREEING_SHARE: u64 = 4;

/// As long as the log is full and somebody asks for what it has no room for, a message says so this often.
pub(crate) const FULL_LOG_REMINDER: Duration = Duration::from_secs(10);

/// As long as an entry waits in front of a full log, every so many tries a message says so.
pub(crate) const FULL_DISK_REMINDER: u32 = 10;

/// How long to wait before trying again to write a snapshot that could not be written.
pub(crate) const SNAPSHOT_RETRY: Duration = Duration::from_secs(10);

/// How long a stop waits for what is under way. What isn't done by then has not been acknowledged.
pub(crate) const STOP_PATIENCE: Duration = Duration::from_millis(700);
