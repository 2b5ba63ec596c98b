//! The change to a new segment, and the giving back of old ones. Each step lasts before the next begins, so
//! that a crash between any two leaves a log that opens.
//!
//! Neither needs space on the disk if a spare is ready: it has its blocks and its name, and the manifest is changed in
//! place. Without a spare, what needs space comes first, since only that may fail without stopping the log.

use std::sync::Arc;

use super::segment::{Segment, SegmentFile};
use super::{RESERVED_BYTES, RemovedFiles, Wal, spare};
use crate::format::frame;
use crate::format::manifest::{self, Manifest};
use crate::format::segment::{self, HEADER_BYTES, SegmentHeader};
use crate::{DiskFile, WalError};

/// An oversize segment is a multiple of this, in bytes.
const OVERSIZE_ALIGNMENT: u64 = 4096;

/// The file of a segment that is made when no spare is ready, until it has its name.
pub(crate) const MAKING_NAME: &str = "segment.tmp";

impl Wal {
    /// Goes on in a new segment that has room for a frame of `frame_bytes`.
    pub(crate) fn rotate(&mut self, frame_bytes: u64) -> Result<(), WalError> {
        let needed = HEADER_BYTES as u64 + frame_bytes + RESERVED_BYTES;
        let capacity = needed.next_multiple_of(OVERSIZE_ALIGNMENT).max(self.options.segment_bytes);
        let spare = if capacity == self.options.segment_bytes { self.spares.take() } else { None };
        let file = match spare {
            Some(file) => file,
            None => self.make_segment(capacity)?,
        };
        // A complete segment is a synced one: with that, whatever is wrong with it later is damage.
        self.sync()?;
        let begun = self.begin_segment(file, capacity);
        self.fatal(begun)
    }

    /// Makes a file for the next segment. If a spare has the name, for which the segment is too large, it is lost.
    fn make_segment(&mut self, capacity: u64) -> Result<Arc<dyn DiskFile>, WalError> {
        let file = spare::make_file(self.disk.as_ref(), MAKING_NAME, capacity)?;
        self.name_file(MAKING_NAME, self.manifest.manifest().last + 1, capacity)?;
        self.spares.take();
        Ok(file)
    }

    /// Puts a file to use that has the name of the next segment.
    fn begin_segment(&mut self, file: Arc<dyn DiskFile>, capacity: u64) -> Result<(), WalError> {
        let Manifest { first, last, .. } = self.manifest.manifest();
        let number = last + 1;
        let previous_end = self.end();
        let salt = segment::salt(self.options.salt_seed, number);
        let header = SegmentHeader {
            number,
            salt,
            capacity,
            previous_end,
            next_index: self.index.next(),
            purged: self.index.purged(),
            vote: self.vote.clone(),
        };
        let shown = self.disk.describe(&segment::name(number));

        // The end mark goes with the header: a recycled file holds old frames.
        let mut head = header.encode();
        head.resize(HEADER_BYTES + frame::HEADER_BYTES, 0);
        file.write_at(0, &head).map_err(WalError::io("writing the header of", &shown))?;
        file.sync_data().map_err(WalError::io("syncing the header of", &shown))?;
        self.manifest.change(first, number)?;

        if let Some(segment) = self.segments.back_mut() {
            segment.end = previous_end;
        }
        let file = SegmentFile::new(shown, file);
        let end = HEADER_BYTES as u64;
        self.segments.push_back(Segment { number, salt, capacity, end, file });
        self.index.add_part();
        self.written = end;
        self.durable = end;
        Ok(())
    }

    /// Gives back the segments at the front that hold nothing that is needed.
    pub(super) fn drop_segments(&mut self) -> Result<RemovedFiles, WalError> {
        let count = self.index.droppable();
        if count == 0 {
            return Ok(RemovedFiles(Vec::new()));
        }
        // The purge point must be safe before the entries below it are gone.
        self.sync()?;
        let dropped = self.give_back(count);
        self.fatal(dropped)
    }

    fn give_back(&mut self, count: usize) -> Result<RemovedFiles, WalError> {
        let last = self.current().number;
        self.manifest.change(self.segments[count].number, last)?;
        self.index.drop_parts(count);
        let mut removed = Vec::new();
        for segment in self.segments.drain(..count) {
            let file = Arc::clone(&segment.file.file);
            removed.extend(self.spares.recycle(
                self.disk.as_ref(),
                &self.options,
                last,
                segment.number,
                file,
            )?);
        }
        self.disk
            .sync_dir()
            .map_err(WalError::io("syncing the directory of", self.disk.describe(manifest::NAME)))?;
        Ok(RemovedFiles(removed))
    }
}
