//! The manifest: which segments make up the log. Pure functions from bytes to bytes.
//!
//! # Layout, version 2
//!
//! The file is two copies of 4096 bytes, so that one of them is whole while the other is written. Each is:
//!
//! ```text
//! offset size
//!      0    8  "trellman"
//!      8    4  version: 2
//!     12    4  CRC32C of bytes 0 to 11 and 16 to 4095; in every version, to the end of a smaller file
//!     16    8  sequence number: 0 in a new log, one more with each change
//!     24    8  number of the first segment
//!     32    8  number of the last segment; one less than the first in a log that has none yet
//!     40       zeros up to 4096
//! ```
//!
//! Which copy is written when is said where the file is changed. If both are sound, the higher sequence number
//! counts; if only one is, that one does.
//!
//! Version 1 had 32 bytes and one copy, without a sequence number. It was in no release, and is named but not read.

use super::head::{self, HeadError};
use super::u64_at;

/// The version written, and the only one that is read.
pub(crate) const VERSION: u32 = 2;

/// The manifest's file.
pub(crate) const NAME: &str = "manifest";

/// How many copies the file has.
pub(crate) const COPIES: usize = 2;

/// The bytes of a copy. No version has more, so that so much of a newer one is enough to know it.
pub(crate) const COPY_BYTES: usize = 4096;

/// Where a copy has the number of the first segment.
pub(crate) const FIRST_AT: u64 = 24;

const MAGIC: [u8; 8] = *b"trellman";

/// Which segments make up the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) sequence: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Manifest {
    /// The log before its first segment.
    pub(crate) const EMPTY: Manifest = Manifest { sequence: 0, first: 1, last: 0 };

    /// The copy to which this one is written before the other one.
    pub(crate) fn written_first(self) -> usize {
        usize::from(!self.sequence.is_multiple_of(2))
    }

    /// One copy.
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut out = vec![0; COPY_BYTES];
        out[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        out[24..32].copy_from_slice(&self.first.to_le_bytes());
        out[32..40].copy_from_slice(&self.last.to_le_bytes());
        head::seal(&mut out, MAGIC, VERSION);
        out
    }

    /// Reads one copy, of which there may be less than it has bytes.
    pub(crate) fn decode(copy: &[u8]) -> Result<Manifest, HeadError> {
        head::check(copy, MAGIC, VERSION)?;
        if copy.len() != COPY_BYTES {
            return Err(HeadError::Damaged("it has a wrong size"));
        }
        let manifest =
            Manifest { sequence: u64_at(copy, 16), first: u64_at(copy, 24), last: u64_at(copy, 32) };
        let is_empty = (manifest.first, manifest.last) == (Manifest::EMPTY.first, Manifest::EMPTY.last);
        if !is_empty && (manifest.first == 0 || manifest.first > manifest.last) {
            return Err(HeadError::Damaged("its segment numbers are out of order"));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_reads_back_and_every_changed_bit_is_noticed() {
        let manifest = Manifest { sequence: 12, first: 3, last: 9 };
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes), Ok(manifest));
        assert_eq!(Manifest::decode(&Manifest::EMPTY.encode()), Ok(Manifest::EMPTY));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Manifest::decode(&damaged), Err(HeadError::Damaged(_))), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(matches!(Manifest::decode(&bytes[..length]), Err(HeadError::Damaged(_))), "{length}");
        }
    }

    #[test]
    fn numbers_that_can_not_be_are_refused() {
        for (first, last) in [(0, 0), (0, 4), (5, 4), (2, 1)] {
            let bytes = Manifest { sequence: 1, first, last }.encode();
            assert!(matches!(Manifest::decode(&bytes), Err(HeadError::Damaged(_))), "{first} to {last}");
        }
    }
}
