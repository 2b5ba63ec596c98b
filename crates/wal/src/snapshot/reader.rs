//! Reading a snapshot, from the first chunk to the trailer.

use std::sync::Arc;

use bytes::Bytes;

use super::format::{self, FRAME_BYTES, Frame, HEAD_BYTES, Totals};
use super::name_of;
use crate::disk::{read_full, read_up_to};
use crate::limits::{SCAN_BYTES, SNAPSHOT_META_BYTES_MAX};
use crate::{Disk, DiskFile, WalError};

/// A complete snapshot that is being read: an iterator over its chunks, as they were written.
///
/// Only when it has ended without an error is it certain that all chunks were there.
pub struct SnapshotReader {
    file: Arc<dyn DiskFile>,
    shown: String,
    number: u64,
    meta: Vec<u8>,
    size: u64,
    /// What was read and not returned yet; it lies at `offset` in the file.
    ahead: Bytes,
    offset: u64,
    totals: Totals,
    ended: bool,
}

impl SnapshotReader {
    /// Opens snapshot `number` and checks its description.
    ///
    /// # Errors
    /// [`WalError::Corrupt`], [`WalError::UnknownVersion`] and [`WalError::Io`].
    pub fn open(disk: &dyn Disk, number: u64) -> Result<SnapshotReader, WalError> {
        let name = name_of(number);
        let shown = disk.describe(&name);
        let file = disk.open(&name).map_err(WalError::io("opening", &shown))?;
        let size = file.size().map_err(WalError::io("measuring", &shown))?;
        let mut start = [0; HEAD_BYTES];
        if read_full(file.as_ref(), 0, &mut start).map_err(WalError::io("reading", &shown))? < HEAD_BYTES {
            return Err(WalError::corrupt(shown, size, "it ends before its head does"));
        }
        let allowed = size.min((HEAD_BYTES + SNAPSHOT_META_BYTES_MAX) as u64);
        let head_bytes = usize::try_from(format::head_bytes(&start))
            .ok()
            .filter(|bytes| *bytes as u64 <= allowed)
            .ok_or_else(|| WalError::corrupt(&shown, 24, "its description is longer than the file"))?;
        let mut head = read_up_to(file.as_ref(), 0, head_bytes).map_err(WalError::io("reading", &shown))?;
        format::check_head(&head, number).map_err(|error| error.of_file(&shown, format::VERSION))?;
        Ok(SnapshotReader {
            file,
            shown,
            number,
            meta: head.split_off(HEAD_BYTES),
            size,
            ahead: Bytes::new(),
            offset: head_bytes as u64,
            totals: Totals::default(),
            ended: false,
        })
    }

    /// The description.
    #[must_use]
    pub fn meta(&self) -> &[u8] {
        &self.meta
    }

    /// The file's name, with its directory.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.shown
    }

    /// Where in the file the next chunk begins.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The size of the file in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    fn next_chunk(&mut self) -> Result<Option<Bytes>, WalError> {
        let at = self.offset;
        self.read_ahead(FRAME_BYTES)?;
        let head: Frame = format::decode_frame(&self.ahead);
        self.read_ahead(FRAME_BYTES + head.length)?;
        let mut frame = self.ahead.split_to(FRAME_BYTES + head.length);
        self.offset += frame.len() as u64;
        if !format::is_sound(&frame, self.number) {
            return Err(self.damaged(at, "the part that begins here is not what was written"));
        }
        if head.count != self.totals.chunks {
            let what = format!("chunk {} is here, where chunk {} must be", head.count, self.totals.chunks);
            return Err(self.damaged(at, what));
        }
        let content = frame.split_off(FRAME_BYTES);
        if !head.is_trailer {
            self.totals.add(&content);
            return Ok(Some(content));
        }
        if content != self.totals.encode()[..] {
            return Err(self.damaged(at, "the chunks before are not all that were written"));
        }
        if self.offset != self.size {
            return Err(self.damaged(self.offset, "the snapshot ends here, but the file goes on"));
        }
        Ok(None)
    }

    /// Has at least `bytes` in `ahead`. Reads many chunks at once, and nothing that is not in the file.
    fn read_ahead(&mut self, bytes: usize) -> Result<(), WalError> {
        if self.ahead.len() >= bytes {
            return Ok(());
        }
        let left = usize::try_from(self.size - self.offset).unwrap_or(usize::MAX);
        if bytes > left {
            return Err(self.damaged(self.offset, "the file ends before the part that begins here"));
        }
        let read = read_up_to(self.file.as_ref(), self.offset, bytes.max(SCAN_BYTES).min(left))
            .map_err(WalError::io("reading", &self.shown))?;
        if read.len() < bytes {
            return Err(self.damaged(self.offset, "the file became shorter"));
        }
        self.ahead = read.into();
        Ok(())
    }

    fn damaged(&self, offset: u64, what: impl Into<String>) -> WalError {
        WalError::corrupt(&self.shown, offset, what)
    }
}

impl Iterator for SnapshotReader {
    type Item = Result<Bytes, WalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let chunk = self.next_chunk().transpose();
        self.ended = !matches!(chunk, Some(Ok(_)));
        chunk
    }
}
