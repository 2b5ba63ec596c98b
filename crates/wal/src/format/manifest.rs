//! The manifest: which segments make up the log. Pure functions from bytes to bytes.
//!
//! # Layout, version 1
//!
//! ```text
//! offset size
//!      0    8  "trellman"
//!      8    4  version: 1
//!     12    4  CRC32C of bytes 0 to 11 and 16 to 31; in every version, to the end of the file
//!     16    8  number of the first segment
//!     24    8  number of the last segment; one less than the first in a log that has none yet
//! ```

use super::head::{self, HeadError};
use super::u64_at;

/// The version written, and the newest that is known.
pub(crate) const VERSION: u32 = 1;

/// The manifest's file.
pub(crate) const NAME: &str = "manifest";

pub(crate) const BYTES: usize = 32;

/// No version of it is larger, so that so much of a newer one is enough to know it.
pub(crate) const BYTES_MAX: usize = 4096;

const MAGIC: [u8; 8] = *b"trellman";

/// Which segments make up the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Manifest {
    /// The log before its first segment.
    pub(crate) const EMPTY: Manifest = Manifest { first: 1, last: 0 };

    pub(crate) fn encode(self) -> [u8; BYTES] {
        let mut out = [0; BYTES];
        out[16..24].copy_from_slice(&self.first.to_le_bytes());
        out[24..32].copy_from_slice(&self.last.to_le_bytes());
        head::seal(&mut out, MAGIC, VERSION);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Manifest, HeadError> {
        head::check(bytes, MAGIC, VERSION)?;
        if bytes.len() != BYTES {
            return Err(HeadError::Damaged("it has a wrong size"));
        }
        let manifest = Manifest { first: u64_at(bytes, 16), last: u64_at(bytes, 24) };
        if manifest != Manifest::EMPTY && (manifest.first == 0 || manifest.first > manifest.last) {
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
        let manifest = Manifest { first: 3, last: 9 };
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes), Ok(manifest));
        assert_eq!(Manifest::decode(&Manifest::EMPTY.encode()), Ok(Manifest::EMPTY));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Manifest::decode(&damaged).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(Manifest::decode(&bytes[..length]).is_err(), "length {length}");
        }
    }
}
