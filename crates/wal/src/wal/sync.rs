//! Writing the buffered frames, and syncing them, here or on another thread.

use std::sync::Arc;

use super::{SegmentFile, Wal};
use crate::format::frame;
use crate::limits::APPEND_BUFFER_BYTES_MAX;
use crate::{Position, WalError};

/// A sync that is still to be run; see [`Wal::begin_sync`].
#[must_use = "nothing is synced before it is run"]
pub struct PendingSync {
    file: Arc<SegmentFile>,
    up_to: Position,
}

/// A sync that was run; see [`Wal::finish_sync`].
#[must_use = "the log has to be told"]
pub struct SyncDone {
    up_to: Position,
    result: Result<(), WalError>,
}

impl PendingSync {
    /// The place up to which all records are safe when the sync has succeeded.
    #[must_use]
    pub fn position(&self) -> Position {
        self.up_to
    }

    /// Syncs, on whatever thread this is called.
    pub fn run(self) -> SyncDone {
        let result = self.file.sync().map_err(WalError::io("syncing", &self.file.shown));
        SyncDone { up_to: self.up_to, result }
    }
}

impl Wal {
    /// Writes all appended records, with one write. They survive the end of the process then, but not of the
    /// machine.
    ///
    /// # Errors
    /// [`WalError::Io`] and [`WalError::Stopped`].
    pub fn flush(&mut self) -> Result<(), WalError> {
        self.check_alive()?;
        if self.buffer.is_empty() {
            return Ok(());
        }
        let end = self.end();
        let room = usize::try_from(self.current().capacity - end).unwrap_or(usize::MAX);
        let frames = self.buffer.len();
        self.buffer.resize(frames + room.min(frame::HEADER_BYTES), 0);
        let file = &self.current().file;
        let result =
            file.file.write_at(self.written, &self.buffer).map_err(WalError::io("writing", &file.shown));
        self.buffer.truncate(frames);
        self.fatal(result)?;
        self.written = end;
        self.buffer.clear();
        self.buffer.shrink_to(APPEND_BUFFER_BYTES_MAX);
        Ok(())
    }

    /// Writes all appended records and waits until they are safe on the disk. Costs nothing if they are.
    ///
    /// # Errors
    /// [`WalError::Io`] and [`WalError::Stopped`].
    pub fn sync(&mut self) -> Result<(), WalError> {
        self.flush()?;
        if self.durable == self.written {
            return Ok(());
        }
        let done = self.pending_sync().run();
        self.finish_sync(done)
    }

    /// Writes all appended records and returns the sync that makes them safe, to be run on another thread while
    /// this one goes on.
    ///
    /// # Errors
    /// [`WalError::Io`] and [`WalError::Stopped`].
    pub fn begin_sync(&mut self) -> Result<PendingSync, WalError> {
        self.flush()?;
        Ok(self.pending_sync())
    }

    fn pending_sync(&self) -> PendingSync {
        let up_to = Position { segment: self.current().number, offset: self.written };
        PendingSync { file: Arc::clone(&self.current().file), up_to }
    }

    /// Takes note of a sync that was run: [`Wal::durable`] moves on, or the log stops.
    ///
    /// # Errors
    /// The sync's own, and [`WalError::Stopped`].
    pub fn finish_sync(&mut self, done: SyncDone) -> Result<(), WalError> {
        self.check_alive()?;
        self.fatal(done.result)?;
        // A segment is synced before the next one is begun, so a sync of an older one is no news.
        if done.up_to.segment == self.current().number {
            self.durable = self.durable.max(done.up_to.offset);
        }
        Ok(())
    }

    /// Bounds the memory that appended records take.
    pub(super) fn write_if_large(&mut self) -> Result<(), WalError> {
        if self.buffer.len() > APPEND_BUFFER_BYTES_MAX { self.flush() } else { Ok(()) }
    }
}
