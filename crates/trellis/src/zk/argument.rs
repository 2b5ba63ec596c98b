//! Reads single arguments of the commands. Every error says what would be right.

/// The version that fits every version.
pub(super) const ANY_VERSION: i32 = -1;

/// A version of data or of an access control list.
pub(super) fn version(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| "-v argument must be a whole number, as stat prints it".to_owned())
}
