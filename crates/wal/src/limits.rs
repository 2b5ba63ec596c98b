//! Every limit and size of the log and of snapshot files, in bytes unless the name says otherwise.

/// How large a segment is made unless the options say otherwise.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;

/// The smallest segment that can be asked for: its header and one page of records.
pub const SEGMENT_BYTES_MIN: u64 = 8 << 10;

/// The largest segment that can be asked for. A record larger than that still gets a segment of its own.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// The largest payload of an entry, so that every offset in a segment fits in 32 bits.
pub const ENTRY_BYTES_MAX: usize = 1 << 30;

/// The largest vote; every segment header has room for one.
pub const VOTE_BYTES_MAX: usize = 64;

/// How many prepared or recycled files wait to become segments at most.
pub const SPARES_MAX: usize = 2;

/// The largest chunk of a snapshot.
pub const SNAPSHOT_CHUNK_BYTES_MAX: usize = 1 << 30;

/// The largest description at the head of a snapshot.
pub const SNAPSHOT_META_BYTES_MAX: usize = 16 << 20;

/// Appended records are written out without waiting for a flush when they exceed this.
pub(crate) const APPEND_BUFFER_BYTES_MAX: usize = 4 << 20;

/// How much is read at once when a log or a snapshot is scanned.
pub(crate) const SCAN_BYTES: usize = 1 << 20;

/// How many zeros are written at once when a file is filled. Linux keeps what one write brings in one piece of its page
/// cache, and walks over all blocks of that piece with every record that goes there: with a megabyte at once, an append
/// and its sync cost several microseconds more.
pub(crate) const ZERO_FILL_BYTES: usize = 16 << 10;

/// A spare is synced whenever this much is new: the log's own syncs wait behind whatever the disk is given at once, and
/// with the whole file at once that was 20 to 30 ms.
pub(crate) const SPARE_SYNC_BYTES: u64 = 1 << 20;

/// How much of a snapshot is collected before it is written.
pub(crate) const SNAPSHOT_BUFFER_BYTES: usize = 256 << 10;

/// A snapshot is synced whenever this much is new, so that the log's own syncs never wait behind all of it.
pub(crate) const SNAPSHOT_SYNC_BYTES: u64 = 2 << 20;
