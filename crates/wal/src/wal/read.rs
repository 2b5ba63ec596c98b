//! Reading entries back, from the files and from what is not written yet.

use std::ops::Range;

use bytes::Bytes;

use super::{Segment, Wal};
use crate::disk::read_up_to;
use crate::format::frame::{self, Kind};
use crate::{Entry, LogId, WalError};

impl Wal {
    /// Reads the entries of `range` that are held, in order, until their records exceed `bytes_max`; the first
    /// is read however large it is. Each is checked against its CRC again.
    ///
    /// Fewer are returned than asked for; an empty list means that the first is not held.
    ///
    /// # Errors
    /// [`WalError::Corrupt`] when an entry is not what was written, [`WalError::Io`], [`WalError::Stopped`].
    pub fn read(&self, range: Range<u64>, bytes_max: u64) -> Result<Vec<Entry>, WalError> {
        self.check_alive()?;
        let mut entries = Vec::new();
        let mut left = bytes_max;
        let mut next = range.start;
        while let Some(span) = self.index.span(next..range.end) {
            let segment = &self.segments[span.part];
            let segment_end = if span.part + 1 == self.segments.len() { self.end() } else { segment.end };
            let start = u64::from(span.offsets[0]);
            // How many fit: each one ends where the next begins, or earlier.
            let ends = span.offsets.iter().skip(1).map(|offset| u64::from(*offset)).chain([segment_end]);
            let fitting = ends.take_while(|end| end - start <= left).enumerate().last();
            let (count, end) = match fitting {
                Some((position, end)) => (position + 1, end),
                None if entries.is_empty() => {
                    (1, span.offsets.get(1).map_or(segment_end, |offset| u64::from(*offset)))
                }
                None => break,
            };
            let bytes = self.read_bytes(segment, start, end)?;
            for offset in &span.offsets[..count] {
                let id = self.index.log_id(next).unwrap_or_default();
                entries.push(self.decode_entry(segment, &bytes, start, u64::from(*offset), id)?);
                next += 1;
            }
            left = left.saturating_sub(end - start);
            if count < span.offsets.len() {
                break;
            }
        }
        Ok(entries)
    }

    /// The frame at `offset` in `bytes`, which begin at `start` of the segment.
    fn decode_entry(
        &self,
        segment: &Segment,
        bytes: &Bytes,
        start: u64,
        offset: u64,
        id: LogId,
    ) -> Result<Entry, WalError> {
        let at = usize::try_from(offset - start).unwrap_or(usize::MAX);
        let damaged =
            |what: &str| WalError::corrupt(&segment.file.shown, offset, format!("entry {} {what}", id.index));
        let rest = bytes.get(at..).unwrap_or_default();
        let header = frame::decode_header(rest, segment.salt)
            .filter(|header| header.kind() == Some(Kind::Entry) && header.id == id)
            .ok_or_else(|| damaged("has a damaged header"))?;
        let payload = rest
            .get(frame::HEADER_BYTES..header.frame_bytes())
            .and_then(|body| header.payload(body))
            .ok_or_else(|| damaged("has a damaged payload"))?;
        Ok(Entry { id, payload: bytes.slice_ref(payload) })
    }

    /// The bytes from `start` to `end` of a segment, of which some may still be in the buffer.
    fn read_bytes(&self, segment: &Segment, start: u64, end: u64) -> Result<Bytes, WalError> {
        let is_last = segment.number == self.current().number;
        let file_end = if is_last { end.min(self.written.max(start)) } else { end };
        let length = usize::try_from(file_end - start).unwrap_or(usize::MAX);
        let mut bytes = read_up_to(segment.file.file.as_ref(), start, length)
            .map_err(WalError::io("reading", &segment.file.shown))?;
        if file_end < end {
            let from = usize::try_from(file_end - self.written).unwrap_or(usize::MAX);
            let to = usize::try_from(end - self.written).unwrap_or(usize::MAX);
            bytes.extend_from_slice(self.buffer.get(from..to).unwrap_or_default());
        }
        Ok(bytes.into())
    }
}
