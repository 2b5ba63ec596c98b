//! The bytes of a snapshot, as the module's head describes them. Only encoding and decoding, no files.

use crate::format::head::{self, HeadError};
use crate::format::{u32_at, u64_at};

/// The version written, and the newest that is known.
pub(super) const VERSION: u32 = 1;

/// The bytes before the description.
pub(super) const HEAD_BYTES: usize = 32;

/// The bytes of a frame before its content.
pub(super) const FRAME_BYTES: usize = 32;

/// The content of the trailer.
pub(super) const TRAILER_BYTES: usize = 12;

const MAGIC: [u8; 8] = *b"trellsnp";
const CHUNK: u8 = 1;
const TRAILER: u8 = 2;

/// The head of a snapshot, description included.
pub(super) fn encode_head(number: u64, meta: &[u8]) -> Vec<u8> {
    let mut out = vec![0; HEAD_BYTES];
    out[16..24].copy_from_slice(&number.to_le_bytes());
    out[24..32].copy_from_slice(&(meta.len() as u64).to_le_bytes());
    out.extend_from_slice(meta);
    head::seal(&mut out, MAGIC, VERSION);
    out
}

/// The size of the head with its description, by the first bytes of a snapshot. Not checked yet, so anything.
pub(super) fn head_bytes(start: &[u8; HEAD_BYTES]) -> u64 {
    u64_at(start, 24).saturating_add(HEAD_BYTES as u64)
}

/// Checks a head with its description.
pub(super) fn check_head(head: &[u8], number: u64) -> Result<(), HeadError> {
    head::check(head, MAGIC, VERSION)?;
    match u64_at(head, 16) == number {
        true => Ok(()),
        false => Err(HeadError::Damaged("it is the snapshot of another number")),
    }
}

/// The part of a frame before its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    check: u32,
    pub(super) length: usize,
    pub(super) is_trailer: bool,
    pub(super) count: u64,
}

/// Appends a chunk.
pub(super) fn encode_chunk(out: &mut Vec<u8>, snapshot: u64, count: u64, chunk: &[u8]) {
    encode_frame(out, CHUNK, snapshot, count, chunk);
}

/// Appends the trailer.
pub(super) fn encode_trailer(out: &mut Vec<u8>, snapshot: u64, totals: &Totals) {
    encode_frame(out, TRAILER, snapshot, totals.chunks, &totals.encode());
}

fn encode_frame(out: &mut Vec<u8>, kind: u8, snapshot: u64, count: u64, content: &[u8]) {
    let start = out.len();
    out.resize(start + FRAME_BYTES, 0);
    let frame = &mut out[start..];
    frame[4..8].copy_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    frame[8] = kind;
    frame[16..24].copy_from_slice(&snapshot.to_le_bytes());
    frame[24..32].copy_from_slice(&count.to_le_bytes());
    let check = frame_check(frame, content);
    frame[0..4].copy_from_slice(&check.to_le_bytes());
    out.extend_from_slice(content);
}

/// Reads the part of a frame before its content, which is to be checked afterwards with [`is_sound`].
pub(super) fn decode_frame(bytes: &[u8]) -> Frame {
    Frame {
        check: u32_at(bytes, 0),
        length: u32_at(bytes, 4) as usize,
        is_trailer: bytes[8] == TRAILER,
        count: u64_at(bytes, 24),
    }
}

/// Whether a whole frame is what was written for this snapshot.
pub(super) fn is_sound(frame: &[u8], snapshot: u64) -> bool {
    let (head, content) = frame.split_at(FRAME_BYTES);
    decode_frame(head).check == frame_check(head, content)
        && u64_at(head, 16) == snapshot
        && matches!(head[8], CHUNK | TRAILER)
}

fn frame_check(head: &[u8], content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&head[4..FRAME_BYTES]), content)
}

/// What all chunks come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) chunks: u64,
    pub(super) bytes: u64,
    pub(super) check: u32,
}

impl Totals {
    pub(super) fn add(&mut self, chunk: &[u8]) {
        self.chunks += 1;
        self.bytes += chunk.len() as u64;
        self.check = crc32c::crc32c_append(self.check, chunk);
    }

    pub(super) fn encode(&self) -> [u8; TRAILER_BYTES] {
        let mut out = [0; TRAILER_BYTES];
        out[0..8].copy_from_slice(&self.bytes.to_le_bytes());
        out[8..12].copy_from_slice(&self.check.to_le_bytes());
        out
    }
}
