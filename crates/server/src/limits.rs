//! The limits of the listeners, each with its unit last.

/// Requests of one connection that may await their replies; more stay in the socket.
pub(crate) const REQUESTS_AWAITING_MAX: u32 = 1024;

/// Bytes of replies that a client has not taken; with more, its requests stay in the socket until it reads.
pub(crate) const REPLY_BYTES_UNSENT_MAX: usize = 64 << 10;

/// A reply buffer that grew beyond this is given back once it is empty.
pub(crate) const REPLY_BUFFER_BYTES_KEPT: usize = 16 << 10;

/// Bytes taken from a socket at a time, into a buffer that all connections share.
pub(crate) const READ_BYTES: usize = 64 << 10;

/// Bytes kept of a client that sends ahead while its earlier requests wait; more stay in the socket.
pub(crate) const SENT_AHEAD_BYTES_MAX: usize = 16 << 10;

/// How long a listener rests when the system has no more descriptors, in milliseconds.
pub(crate) const ACCEPT_PAUSE_MS: u64 = 100;
