//! The bytes on the disk: segment headers, frames and the manifest. Only encoding and decoding, no files.
//!
//! # Changing a format
//!
//! 1. Raise the version number of the file that changes, before anything else. What `head` says of all versions stays.
//! 2. Leave the old reader as it is, under a name that ends in the old version (`decode_v1`), and choose by the
//!    version that the file names. Files of the old version stay readable; new files are written in the new one.
//! 3. Add golden files of the new version to `testdata/` and keep those of the old one.
//!
//! All numbers are little endian.

pub(crate) mod frame;
pub(crate) mod head;
pub(crate) mod manifest;
pub(crate) mod segment;

/// The `N` bytes at `at`. The caller has checked that they are there.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

/// The number in the four bytes at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

/// The number in the eight bytes at `at`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}
