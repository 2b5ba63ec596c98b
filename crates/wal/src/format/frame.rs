//! Frames: one record each, in a segment. Pure functions from bytes to bytes.
//!
//! # Layout, version 1
//!
//! ```text
//! offset size
//!      0    4  header check: CRC32C of the segment's salt (8 bytes) and of bytes 4 to 47
//!      4    4  payload check: CRC32C of the payload and its padding
//!      8    4  length of the payload in bytes
//!     12    1  kind: 1 entry, 2 vote, 3 truncate, 4 purged
//!     13    3  zero
//!     16    8  durable: the offset in this segment below which everything was known to be synced when this
//!              frame was made
//!     24    8  term  ┐
//!     32    8  node  ├ the log id of an entry, or of the last purged entry; zero in a vote;
//!     40    8  index ┘ in a truncation, index is the first void entry, and term and node are zero
//!     48       payload, then zeros up to a multiple of 8: the entry's or the vote's bytes, else nothing
//! ```
//!
//! A frame begins at a multiple of 8. Behind the last frame stands the end mark: zeros in the size of a frame
//! header (as far as the segment reaches), which the next write overwrites. A zero kind makes sure that it is
//! never taken for a frame.
//!
//! Recycled files are full of old frames, and payloads may hold anything. The salt makes both fail the header
//! check. The header has a check of its own so that a search for frames in a damaged region costs the same
//! whatever the region holds: a made-up length can't cause a long computation.

use super::{u32_at, u64_at};
use crate::LogId;

/// The bytes of a frame before its payload, and of the end mark.
pub(crate) const HEADER_BYTES: usize = 48;

/// Where frames may begin.
pub(crate) const ALIGNMENT: usize = 8;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Entry = 1,
    Vote = 2,
    /// Entries from the index on are void.
    Truncate = 3,
    /// Entries up to the log id are no longer needed.
    Purged = 4,
}

/// A frame's header after its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    payload_check: u32,
    pub(crate) length: u32,
    /// Raw, since a header can be sound and still name a kind that is not known.
    kind: u8,
    pub(crate) durable: u64,
    pub(crate) id: LogId,
}

/// The size of a frame with a payload of `length` bytes.
pub(crate) fn frame_bytes(length: usize) -> usize {
    HEADER_BYTES + length.next_multiple_of(ALIGNMENT)
}

/// Appends a frame to `out`. The caller has checked the payload's size against its limit.
pub(crate) fn encode(out: &mut Vec<u8>, salt: u64, kind: Kind, id: LogId, durable: u64, payload: &[&[u8]]) {
    let start = out.len();
    out.resize(start + HEADER_BYTES, 0);
    for part in payload {
        out.extend_from_slice(part);
    }
    let length = out.len() - start - HEADER_BYTES;
    out.resize(start + frame_bytes(length), 0);
    let length = u32::try_from(length).unwrap_or(u32::MAX);

    let (header, body) = out[start..].split_at_mut(HEADER_BYTES);
    header[4..8].copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
    header[8..12].copy_from_slice(&length.to_le_bytes());
    header[12] = kind as u8;
    header[16..24].copy_from_slice(&durable.to_le_bytes());
    header[24..32].copy_from_slice(&id.term.to_le_bytes());
    header[32..40].copy_from_slice(&id.node.to_le_bytes());
    header[40..48].copy_from_slice(&id.index.to_le_bytes());
    let check = header_check(salt, header);
    header[0..4].copy_from_slice(&check.to_le_bytes());
}

/// Reads the frame header at the start of `bytes`, if a sound one is there that was made with this salt.
///
/// The length is sound then, but need not fit in the file.
pub(crate) fn decode_header(bytes: &[u8], salt: u64) -> Option<Header> {
    // The cheap tests come first: a search tries this at every eighth byte.
    if bytes.len() < HEADER_BYTES || bytes[12] == 0 || bytes[13..16] != [0; 3] {
        return None;
    }
    let bytes = &bytes[..HEADER_BYTES];
    if u32_at(bytes, 0) != header_check(salt, bytes) {
        return None;
    }
    Some(Header {
        payload_check: u32_at(bytes, 4),
        length: u32_at(bytes, 8),
        kind: bytes[12],
        durable: u64_at(bytes, 16),
        id: LogId { term: u64_at(bytes, 24), node: u64_at(bytes, 32), index: u64_at(bytes, 40) },
    })
}

fn header_check(salt: u64, header: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt.to_le_bytes()), &header[4..HEADER_BYTES])
}

impl Header {
    /// What the record is, if this version knows it.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self.kind {
            1 => Some(Kind::Entry),
            2 => Some(Kind::Vote),
            3 => Some(Kind::Truncate),
            4 => Some(Kind::Purged),
            _ => None,
        }
    }

    /// The size of the frame.
    pub(crate) fn frame_bytes(&self) -> usize {
        frame_bytes(self.length as usize)
    }

    /// The payload, if `body`, the bytes of the frame behind the header, is what was written.
    pub(crate) fn payload<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        let sound =
            body.len() == self.frame_bytes() - HEADER_BYTES && crc32c::crc32c(body) == self.payload_check;
        sound.then(|| &body[..self.length as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u64 = 0x1234_5678_9abc_def0;
    const ID: LogId = LogId { term: 3, node: 1, index: 77 };

    fn encoded(payload: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&mut out, SALT, Kind::Entry, ID, 4096, payload);
        out
    }

    #[test]
    fn a_frame_reads_back() {
        for length in 0..40 {
            let payload: Vec<u8> = (0..length).collect();
            let frame = encoded(&[&payload[..payload.len() / 2], &payload[payload.len() / 2..]]);
            assert_eq!(frame.len(), frame_bytes(payload.len()));
            let header = decode_header(&frame, SALT).expect("a sound header");
            assert_eq!((header.kind(), header.id, header.durable), (Some(Kind::Entry), ID, 4096));
            assert_eq!(header.payload(&frame[HEADER_BYTES..]), Some(&payload[..]));
        }
    }

    #[test]
    fn frames_follow_each_other_in_one_buffer() {
        let mut out = Vec::new();
        encode(&mut out, SALT, Kind::Entry, ID, 0, &[b"abc"]);
        let second = out.len();
        encode(&mut out, SALT, Kind::Vote, LogId::default(), 0, &[b"vote"]);
        assert_eq!(second % ALIGNMENT, 0);
        let header = decode_header(&out[second..], SALT).expect("a sound header");
        assert_eq!(header.payload(&out[second + HEADER_BYTES..]), Some(&b"vote"[..]));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let frame = encoded(&[b"some payload"]);
        for position in 0..frame.len() * 8 {
            let mut damaged = frame.clone();
            damaged[position / 8] ^= 1 << (position % 8);
            let sound = decode_header(&damaged, SALT)
                .is_some_and(|header| header.payload(&damaged[HEADER_BYTES..]).is_some());
            assert!(!sound, "bit {position}");
        }
    }

    #[test]
    fn another_salt_or_the_end_mark_is_no_frame() {
        assert_eq!(decode_header(&encoded(&[b"x"]), SALT + 1), None);
        assert_eq!(decode_header(&[0; HEADER_BYTES], SALT), None);
        assert_eq!(decode_header(&encoded(&[b"x"])[..HEADER_BYTES - 1], SALT), None);
    }
}
