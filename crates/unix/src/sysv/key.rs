//! Keys, by which processes that know nothing of each other mean the same object.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;

/// A key.
///
/// It is read and shown as in a PHP script, as a decimal number, or as by `ipcs`, as `0x` and hexadecimal digits.
///
/// # Example
///
/// ```
/// use trellis_unix::sysv::Key;
///
/// assert_eq!("0x000f120a".parse(), Ok(Key(987658)));
/// assert_eq!("987658".parse(), Ok(Key(987658)));
/// assert_eq!(Key(987658).to_string(), "0x000f120a");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub i32);

impl Key {
    /// The key of objects that only those find who know their id: each time it is opened, there is another one.
    pub const PRIVATE: Key = Key(libc::IPC_PRIVATE);
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#010x}", self.0)
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Key, String> {
        let key = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            // A sign after the 0x is none that anybody means.
            Some(digits) if digits.starts_with('+') => None,
            Some(digits) => u32::from_str_radix(digits, 16).ok().map(u32::cast_signed),
            None => text.parse().ok(),
        };
        let key = key.map(Key);
        key.ok_or_else(|| format!("{text:?} is no key: a number of 32 bits, decimal or with 0x"))
    }
}

/// The key that belongs to a file and a number, as of the C library and of PHP; of a letter, its byte is the number.
///
/// Different files may have the same key, though rarely.
///
/// # Errors
///
/// The file is not there, or not to be seen.
///
/// # Example
///
/// ```
/// use trellis_unix::sysv::ftok;
///
/// assert_eq!(ftok("Cargo.toml".as_ref(), b's')?, ftok("./Cargo.toml".as_ref(), b's')?);
/// # std::io::Result::Ok(())
/// ```
pub fn ftok(path: &Path, number: u8) -> io::Result<Key> {
    let file = std::fs::metadata(path)?;
    let bits = u32::from(number) << 24 | (low(file.dev()) & 0xff) << 16 | low(file.ino()) & 0xffff;
    Ok(Key(bits.cast_signed()))
}

#[expect(clippy::cast_possible_truncation, reason = "it is the low bits that are wanted")]
fn low(number: u64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for key in [0, 1, -1, 987_654, i32::MIN, i32::MAX] {
            let key = Key(key);
            assert_eq!((key.to_string().parse(), key.0.to_string().parse()), (Ok(key), Ok(key)));
        }
        for text in ["", "x", "0x", "0x+1", "0x123456789", "4294967295", "1 "] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_missing_has_no_key() {
        assert!(ftok(Path::new("/nonexistent/x"), 1).is_err());
    }
}
