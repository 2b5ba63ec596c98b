//! Which bytes may name a tube.

use crate::limits::TUBE_NAME_BYTES_MAX;

/// Whether the bytes name a tube: 1 to 200 of `A-Z a-z 0-9 - + / ; . $ _ ( )`, not starting with a hyphen.
///
/// A [`Decoder`](crate::Decoder) has checked the names that it delivers. A client checks its own before
/// [`Request::encode`](crate::Request::encode), or a line end in a name would smuggle in another request.
///
/// ```
/// use trellis_tube_codec::is_tube_name;
///
/// assert!(is_tube_name(b"mail/out;v2"));
/// assert!(!is_tube_name(b"-mail"));
/// assert!(!is_tube_name(b"mail\r\nquit"));
/// ```
pub fn is_tube_name(name: &[u8]) -> bool {
    (1..=TUBE_NAME_BYTES_MAX).contains(&name.len())
        && name[0] != b'-'
        && name.iter().copied().all(is_name_byte)
}

/// The name as text, if it is one.
pub(crate) fn tube_name(name: &[u8]) -> Option<&str> {
    if is_tube_name(name) { str::from_utf8(name).ok() } else { None }
}

/// Whether the byte may stand in a tube's name, the hyphen included.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9')
        || matches!(byte, b'-' | b'+' | b'/' | b';' | b'.' | b'$' | b'_' | b'(' | b')')
}
