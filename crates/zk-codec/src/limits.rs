//! The protocol's fixed limits.

/// What a frame may hold unless the operator says otherwise, its length not counted: ZooKeeper's
/// `jute.maxbuffer`, a byte less than a mebibyte.
pub const FRAME_BYTES_MAX_DEFAULT: u32 = 0xf_ffff;

/// The password of a session, as every server makes it.
pub const PASSWORD_BYTES: usize = 16;
