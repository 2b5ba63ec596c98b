//! The manifest: which segments make up the log. Pure functions from bytes to bytes.
//!
//! # Layout, version 1
//!
//! ```text
//! offset size
//!      0    8  "trellman"
//!      8    4  version: 1
//!     12    4  CRC32C of bytes 0 to 11 and 16 to 31
//!     16    8  number of the first segment
//!     24    8  number of the last segment; one less than the first in a log that has none yet
//! ```

use super::{HeadError, array, u32_at, u64_at};

/// The version written, and the newest that is known.
pub(crate) const VERSION: u32 = 1;

/// The manifest's file.
pub(crate) const NAME: &str = "manifest";

pub(crate) const BYTES: usize = 32;
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
        out[0..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&VERSION.to_le_bytes());
        out[16..24].copy_from_slice(&self.first.to_le_bytes());
        out[24..32].copy_from_slice(&self.last.to_le_bytes());
        let check = check(&out);
        out[12..16].copy_from_slice(&check.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Manifest, HeadError> {
        if bytes.len() < 12 || array(bytes, 0) != MAGIC {
            return Err(HeadError::Damaged("it does not begin as a manifest does"));
        }
        match u32_at(bytes, 8) {
            VERSION => {}
            other => return Err(HeadError::Version(other)),
        }
        if bytes.len() != BYTES || u32_at(bytes, 12) != check(bytes) {
            return Err(HeadError::Damaged("its check does not match"));
        }
        let manifest = Manifest { first: u64_at(bytes, 16), last: u64_at(bytes, 24) };
        if manifest != Manifest::EMPTY && (manifest.first == 0 || manifest.first > manifest.last) {
            return Err(HeadError::Damaged("its segment numbers are out of order"));
        }
        Ok(manifest)
    }
}

fn check(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..BYTES])
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
