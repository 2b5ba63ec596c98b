//! Writing a snapshot, on whatever thread the caller likes.

use std::sync::Arc;

use super::format::{Totals, encode_chunk, encode_head, encode_trailer};
use super::{name_of, temporary_name_of};
use crate::limits::{
    SNAPSHOT_BUFFER_BYTES, SNAPSHOT_CHUNK_BYTES_MAX, SNAPSHOT_META_BYTES_MAX, SNAPSHOT_SYNC_BYTES,
};
use crate::{Disk, DiskFile, WalError};

/// A snapshot that is being written. Without [`finish`](SnapshotWriter::finish), nothing of it stays.
pub struct SnapshotWriter {
    disk: Arc<dyn Disk>,
    file: Arc<dyn DiskFile>,
    number: u64,
    /// Follows at `written`.
    buffer: Vec<u8>,
    written: u64,
    synced: u64,
    totals: Totals,
    finished: bool,
}

impl SnapshotWriter {
    /// Begins snapshot `number` with a description of at most
    /// [`SNAPSHOT_META_BYTES_MAX`] bytes. Numbers are the caller's, the
    /// largest being the latest; a complete snapshot of the same number is replaced at the end.
    ///
    /// # Errors
    /// [`WalError::TooLarge`] and [`WalError::Io`].
    pub fn create(disk: Arc<dyn Disk>, number: u64, meta: &[u8]) -> Result<SnapshotWriter, WalError> {
        check_size("a snapshot's description", meta.len(), SNAPSHOT_META_BYTES_MAX)?;
        let name = temporary_name_of(number);
        let file = disk.create(&name).map_err(WalError::io("creating", disk.describe(&name)))?;
        let buffer = encode_head(number, meta);
        let totals = Totals::default();
        Ok(SnapshotWriter { disk, file, number, buffer, written: 0, synced: 0, totals, finished: false })
    }

    /// Appends a chunk of at most [`SNAPSHOT_CHUNK_BYTES_MAX`] bytes.
    /// Chunks are read back as they were written, neither split nor joined.
    ///
    /// # Errors
    /// [`WalError::TooLarge`], which changes nothing, and [`WalError::Io`], after which the writer is to be
    /// dropped.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), WalError> {
        check_size("a snapshot's chunk", chunk.len(), SNAPSHOT_CHUNK_BYTES_MAX)?;
        encode_chunk(&mut self.buffer, self.number, self.totals.chunks, chunk);
        self.totals.add(chunk);
        if self.buffer.len() < SNAPSHOT_BUFFER_BYTES {
            return Ok(());
        }
        self.flush()?;
        if self.written - self.synced >= SNAPSHOT_SYNC_BYTES { self.sync() } else { Ok(()) }
    }

    /// Completes the snapshot: it is safe on the disk and can be read when this returns. Returns its size in
    /// bytes.
    ///
    /// # Errors
    /// [`WalError::Io`]; the snapshot then does not exist, but for a failure of the very last step, the
    /// directory's sync, after which it may.
    pub fn finish(mut self) -> Result<u64, WalError> {
        encode_trailer(&mut self.buffer, self.number, &self.totals);
        self.flush()?;
        self.sync()?;
        let name = name_of(self.number);
        self.disk
            .rename(&temporary_name_of(self.number), &name)
            .map_err(WalError::io("naming", self.disk.describe(&name)))?;
        self.finished = true;
        self.disk.sync_dir().map_err(WalError::io("syncing the directory of", self.disk.describe(&name)))?;
        Ok(self.written)
    }

    fn flush(&mut self) -> Result<(), WalError> {
        self.file.write_at(self.written, &self.buffer).map_err(WalError::io("writing", self.shown()))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.buffer.shrink_to(2 * SNAPSHOT_BUFFER_BYTES);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), WalError> {
        self.file.sync_data().map_err(WalError::io("syncing", self.shown()))?;
        self.synced = self.written;
        Ok(())
    }

    fn shown(&self) -> String {
        self.disk.describe(&temporary_name_of(self.number))
    }
}

impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        if !self.finished {
            // If even this fails, the file is removed at the next start.
            let _ = self.disk.remove(&temporary_name_of(self.number));
        }
    }
}

fn check_size(what: &'static str, bytes: usize, max: usize) -> Result<(), WalError> {
    if bytes > max { Err(WalError::TooLarge { what, bytes, max }) } else { Ok(()) }
}
