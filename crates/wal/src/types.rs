//! The plain values that go into the log and come out of it.

use bytes::Bytes;

/// The name of an entry: which leader wrote it, and where in the log it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The leader's term.
    pub term: u64,
    /// The leader's node.
    pub node: u64,
    /// The position in the log, one more than that of the entry before.
    pub index: u64,
}

/// An entry as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub id: LogId,
    /// Its content. Entries that were read together share one allocation.
    pub payload: Bytes,
}

/// A place in the log, behind a record. Places are ordered as the records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The segment's number.
    pub segment: u64,
    /// The offset in the segment, in bytes.
    pub offset: u64,
}
