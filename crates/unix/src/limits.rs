//! The limits of this crate, each with its unit last.

/// The largest frame that four bytes of length can announce.
pub const FRAME_BYTES_MAX: u32 = u32::MAX;
