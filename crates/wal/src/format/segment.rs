//! Segment headers, and the names of segments. Pure functions from bytes to bytes.
//!
//! # Layout, version 1
//!
//! ```text
//! offset size
//!      0    8  "trellseg"
//!      8    4  version: 1
//!     12    4  CRC32C of bytes 0 to 11 and 16 to 4095, as in every version
//!     16    8  number of the segment, from 1; never used twice
//!     24    8  salt of its frames
//!     32    8  capacity: the size of the file
//!     40    8  offset at which the frames of the segment before end; 0 in segment 1
//!     48    8  index that the first entry here must have
//!     56    1  1 if that index is known: it is not before the first entry of all
//!     57    1  1 if something was purged
//!     58    1  1 if there is a vote
//!     59    1  length of the vote in bytes
//!     60    4  zero
//!     64   24  last purged entry: term, node, index
//!     88   64  vote, then zeros
//!    152       zeros up to 4096, where the frames begin
//! ```
//!
//! The header fills a page of its own, so that no later write can touch it. When a segment is put to use, the
//! one before it is complete and synced: whatever is wrong with that one later is damage. The purge point and
//! the vote are carried over, so that the segments before can go.

use super::head::{self, HeadError};
use super::u64_at;
use crate::LogId;
use crate::limits::VOTE_BYTES_MAX;

/// The version written, and the newest that is known.
pub(crate) const VERSION: u32 = 1;

/// The bytes before the first frame.
pub(crate) const HEADER_BYTES: usize = 4096;

const MAGIC: [u8; 8] = *b"trellseg";
const VOTE_AT: usize = 88;

/// The head of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) number: u64,
    pub(crate) salt: u64,
    pub(crate) capacity: u64,
    pub(crate) previous_end: u64,
    pub(crate) next_index: Option<u64>,
    pub(crate) purged: Option<LogId>,
    pub(crate) vote: Option<Vec<u8>>,
}

/// The name of segment `number`.
pub(crate) fn name(number: u64) -> String {
    format!("segment-{number:020}")
}

/// The number of the segment with that name, if it is one.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("segment-")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

/// The salt of segment `number`: different for each, and unknown to those who choose the payloads as long as
/// they don't know the seed.
pub(crate) fn salt(seed: u64, number: u64) -> u64 {
    // Two rounds of the finalizer of splitmix64, a bijection.
    mix(mix(seed) ^ number)
}

fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; HEADER_BYTES];
        out[16..24].copy_from_slice(&self.number.to_le_bytes());
        out[24..32].copy_from_slice(&self.salt.to_le_bytes());
        out[32..40].copy_from_slice(&self.capacity.to_le_bytes());
        out[40..48].copy_from_slice(&self.previous_end.to_le_bytes());
        out[48..56].copy_from_slice(&self.next_index.unwrap_or(0).to_le_bytes());
        out[56] = self.next_index.is_some().into();
        out[57] = self.purged.is_some().into();
        out[58] = self.vote.is_some().into();
        let purged = self.purged.unwrap_or_default();
        out[64..72].copy_from_slice(&purged.term.to_le_bytes());
        out[72..80].copy_from_slice(&purged.node.to_le_bytes());
        out[80..88].copy_from_slice(&purged.index.to_le_bytes());
        if let Some(vote) = &self.vote {
            out[59] = u8::try_from(vote.len()).unwrap_or(u8::MAX);
            out[VOTE_AT..VOTE_AT + vote.len()].copy_from_slice(vote);
        }
        head::seal(&mut out, MAGIC, VERSION);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<SegmentHeader, HeadError> {
        let bytes = bytes.get(..HEADER_BYTES).ok_or(HeadError::Damaged("it ends before its head does"))?;
        head::check(bytes, MAGIC, VERSION)?;
        let vote_bytes = usize::from(bytes[59]);
        if vote_bytes > VOTE_BYTES_MAX {
            return Err(HeadError::Damaged("its header has no room for its vote"));
        }
        let purged = LogId { term: u64_at(bytes, 64), node: u64_at(bytes, 72), index: u64_at(bytes, 80) };
        Ok(SegmentHeader {
            number: u64_at(bytes, 16),
            salt: u64_at(bytes, 24),
            capacity: u64_at(bytes, 32),
            previous_end: u64_at(bytes, 40),
            next_index: (bytes[56] == 1).then(|| u64_at(bytes, 48)),
            purged: (bytes[57] == 1).then_some(purged),
            vote: (bytes[58] == 1).then(|| bytes[VOTE_AT..VOTE_AT + vote_bytes].to_vec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_every_changed_byte_is_noticed() {
        let header = SegmentHeader {
            number: 7,
            salt: salt(1, 7),
            capacity: 8192,
            previous_end: 5000,
            next_index: Some(12),
            purged: Some(LogId { term: 2, node: 1, index: 9 }),
            vote: Some(b"for node one".to_vec()),
        };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::decode(&bytes), Ok(header));
        for position in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0x40;
            assert!(SegmentHeader::decode(&damaged).is_err(), "byte {position}");
        }
    }

    #[test]
    fn an_empty_vote_differs_from_none() {
        let mut header = SegmentHeader {
            number: 1,
            salt: 0,
            capacity: 8192,
            previous_end: 0,
            next_index: None,
            purged: None,
            vote: None,
        };
        assert_eq!(SegmentHeader::decode(&header.encode()), Ok(header.clone()));
        header.vote = Some(Vec::new());
        assert_eq!(SegmentHeader::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn names_read_back() {
        assert_eq!(number_of(&name(42)), Some(42));
        for other in ["segment-1", "segment.tmp", "spare-0", "segment-0000000000000000000x"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }

    #[test]
    fn salts_differ() {
        let salts: std::collections::BTreeSet<u64> = (0..10_000).map(|number| salt(5, number)).collect();
        assert_eq!(salts.len(), 10_000);
    }
}
