//! The protocol's fixed limits.

/// A line of a request or of a reply, with its CR LF. The longest valid one, `pause-tube` with a name of 200
/// bytes and a delay of ten digits, fits exactly.
pub const LINE_BYTES_MAX: usize = 224;

/// A tube's name.
pub const TUBE_NAME_BYTES_MAX: usize = 200;

/// The longest wait that `reserve-with-timeout` takes: 68 years.
pub const RESERVE_SECONDS_MAX: u32 = i32::MAX as u32;
