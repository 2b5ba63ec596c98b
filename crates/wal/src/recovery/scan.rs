//! Reading a segment from front to back in large pieces.

use std::io;

use crate::DiskFile;
use crate::disk::read_full;
use crate::format::frame::{self, Header};
use crate::limits::SCAN_BYTES;

/// A piece of a file in memory, which moves along with what is asked for.
pub(super) struct Window<'a> {
    file: &'a dyn DiskFile,
    /// Nothing is read from here on.
    pub(super) limit: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    /// Reads `file` up to `limit`, which is not beyond its end.
    pub(super) fn new(file: &'a dyn DiskFile, limit: u64) -> Window<'a> {
        Window { file, limit, start: 0, bytes: Vec::new() }
    }

    /// `length` bytes at `offset`. Both ends are within the limit, which the caller has checked.
    pub(super) fn get(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let end = offset + length as u64;
        if offset < self.start || end > self.start + self.bytes.len() as u64 {
            self.load(offset, length)?;
        }
        let at = usize::try_from(offset - self.start).map_err(io::Error::other)?;
        self.bytes.get(at..at + length).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// As much as is convenient at `offset`, at least `least` bytes unless the limit comes first.
    pub(super) fn some(&mut self, offset: u64, least: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.limit.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.get(offset, left.min(SCAN_BYTES.max(least)))
    }

    fn load(&mut self, offset: u64, length: usize) -> io::Result<()> {
        let left = usize::try_from(self.limit.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.bytes.resize(length.max(SCAN_BYTES).min(left), 0);
        self.start = offset;
        let count = read_full(self.file, offset, &mut self.bytes)?;
        self.bytes.truncate(count);
        Ok(())
    }

    /// The frame at `offset` and its payload, if a sound one is there.
    pub(super) fn frame(&mut self, salt: u64, offset: u64) -> io::Result<Option<(Header, &[u8])>> {
        let Some(header) = self.header(salt, offset)? else { return Ok(None) };
        if offset + header.frame_bytes() as u64 > self.limit {
            return Ok(None);
        }
        let body =
            self.get(offset + frame::HEADER_BYTES as u64, header.frame_bytes() - frame::HEADER_BYTES)?;
        Ok(header.payload(body).map(|payload| (header, payload)))
    }

    /// The frame header at `offset`, if a sound one is there.
    pub(super) fn header(&mut self, salt: u64, offset: u64) -> io::Result<Option<Header>> {
        if offset + frame::HEADER_BYTES as u64 > self.limit {
            return Ok(None);
        }
        Ok(frame::decode_header(self.get(offset, frame::HEADER_BYTES)?, salt))
    }
}
