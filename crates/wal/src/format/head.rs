//! What the heads of all files have in common: manifest, segments and snapshots. Pure functions from bytes to bytes.
//!
//! # Layout, in every version
//!
//! ```text
//! offset size
//!      0    8  what the file is
//!      8    4  version
//!     12    4  CRC32C of bytes 0 to 11 and 16 to the end of the head
//! ```
//!
//! How far the head reaches is said by each file's own format, and stays the same in all versions of it. So a head
//! whose check matches is as it was written, and only then does its version mean anything: what is damaged is never
//! taken for something newer.

use super::{array, u32_at};

/// The bytes that all heads have.
pub(crate) const COMMON_BYTES: usize = 16;

/// Why a file's head can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    /// It is damaged.
    Damaged(&'static str),
    /// It is of a version that is not known.
    Version(u32),
}

impl HeadError {
    /// The error for the file of that name, of which only the version `known` is read.
    pub(crate) fn of_file(self, file: impl Into<String>, known: u32) -> crate::WalError {
        match self {
            HeadError::Damaged(what) => crate::WalError::corrupt(file, 0, what),
            HeadError::Version(version) if version < known => {
                crate::WalError::OldVersion { file: file.into(), version, known }
            }
            HeadError::Version(version) => {
                crate::WalError::UnknownVersion { file: file.into(), version, known }
            }
        }
    }
}

/// Fills in what all heads have, the check last. `head` is complete otherwise.
pub(crate) fn seal(head: &mut [u8], magic: [u8; 8], version: u32) {
    head[0..8].copy_from_slice(&magic);
    head[8..12].copy_from_slice(&version.to_le_bytes());
    let check = check_of(head);
    head[12..16].copy_from_slice(&check.to_le_bytes());
}

/// Judges a whole head, which must be of this kind of file and of this version.
pub(crate) fn check(head: &[u8], magic: [u8; 8], version: u32) -> Result<(), HeadError> {
    if head.len() < COMMON_BYTES {
        return Err(HeadError::Damaged("it ends before its head does"));
    }
    if array(head, 0) != magic {
        return Err(HeadError::Damaged("it does not begin as such a file does"));
    }
    if u32_at(head, 12) != check_of(head) {
        return Err(HeadError::Damaged("the check of its head does not match"));
    }
    match u32_at(head, 8) {
        found if found == version => Ok(()),
        other => Err(HeadError::Version(other)),
    }
}

fn check_of(head: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&head[..12]), &head[COMMON_BYTES..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: [u8; 8] = *b"trelltst";

    #[test]
    fn a_damaged_version_is_damage_and_a_sealed_one_is_named() {
        let mut head = [7; 40];
        seal(&mut head, MAGIC, 3);
        assert_eq!(check(&head, MAGIC, 3), Ok(()));
        assert_eq!(check(&head, MAGIC, 2), Err(HeadError::Version(3)));
        assert!(matches!(check(&head, *b"another_", 3), Err(HeadError::Damaged(_))));
        for bit in 0..head.len() * 8 {
            let mut damaged = head;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(check(&damaged, MAGIC, 3), Err(HeadError::Damaged(_))), "bit {bit}");
        }
        for length in 0..head.len() {
            assert!(
                matches!(check(&head[..length], MAGIC, 3), Err(HeadError::Damaged(_))),
                "length {length}"
            );
        }
    }
}
