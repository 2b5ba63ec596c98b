//! Judging the place in the last segment where the sound frames end: a clean end, a torn tail, or damage.

use std::io;

use super::scan::Window;
use crate::WalError;
use crate::format::frame::{self, ALIGNMENT, Header};

/// A torn tail, which begins where the sound frames end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// How much is to be zeroed.
    pub(super) zero_to: u64,
    pub(super) bytes: u64,
    pub(super) frames: u64,
}

/// Judges what is at `offset`, where no sound frame is. The window reaches to the end of the file.
///
/// A frame further on tells up to where everything was synced when it was made. If that is beyond `offset`, no
/// crash explains what is there. A sound header is enough for this, since it has its own check.
pub(super) fn judge(
    window: &mut Window<'_>,
    salt: u64,
    offset: u64,
    shown: &str,
) -> Result<Option<Tail>, WalError> {
    let reading = || WalError::io("reading", shown);
    let here = window.header(salt, offset).map_err(reading())?;
    let limit = window.limit;
    let end_of = |at: u64, header: &Header| (at + header.frame_bytes() as u64).min(limit);
    let mut frames = u64::from(here.is_some());
    let mut frames_end = here.map_or(offset, |header| end_of(offset, &header));

    let first = (offset + ALIGNMENT as u64).min(limit);
    let proof = search(window, salt, first, |at, header| {
        frames += 1;
        frames_end = frames_end.max(end_of(at, header));
        header.durable <= offset
    });
    if let Some(proof) = proof.map_err(reading())? {
        let what =
            format!("the record here is not the one that was written and synced before that at byte {proof}");
        return Err(WalError::corrupt(shown, offset, what));
    }

    let end = first_gap(window, frames_end).map_err(reading())?;
    if end == offset {
        return Ok(None);
    }
    Ok(Some(Tail { zero_to: end, bytes: end - offset, frames }))
}

/// Goes through all sound frame headers from `start` on. Stops at the first for which `go_on` answers no, and
/// returns its offset.
pub(super) fn search(
    window: &mut Window<'_>,
    salt: u64,
    start: u64,
    mut go_on: impl FnMut(u64, &Header) -> bool,
) -> io::Result<Option<u64>> {
    let mut offset = start;
    while offset + frame::HEADER_BYTES as u64 <= window.limit {
        let bytes = window.some(offset, frame::HEADER_BYTES)?;
        let mut at = 0;
        while at + frame::HEADER_BYTES <= bytes.len() {
            if let Some(header) = frame::decode_header(&bytes[at..], salt)
                && !go_on(offset + at as u64, &header)
            {
                return Ok(Some(offset + at as u64));
            }
            at += ALIGNMENT;
        }
        offset += at as u64;
    }
    Ok(None)
}

/// The first offset from `start` on at which there are zeros in the size of a frame header, as behind every
/// write, or else the end.
fn first_gap(window: &mut Window<'_>, start: u64) -> io::Result<u64> {
    let limit = window.limit;
    let mut gap = start;
    let mut offset = start;
    while offset < limit {
        let bytes = window.some(offset, ALIGNMENT)?;
        for (position, byte) in bytes.iter().enumerate() {
            let at = offset + position as u64;
            if *byte != 0 {
                gap = (at + 1).next_multiple_of(ALIGNMENT as u64).min(limit);
            } else if at + 1 >= gap + frame::HEADER_BYTES as u64 {
                return Ok(gap);
            }
        }
        offset += bytes.len() as u64;
    }
    Ok(gap)
}
