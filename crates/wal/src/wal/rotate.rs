//! The change to a new segment, and the giving back of old ones. Each step lasts before the next begins, so
//! that a crash between any two leaves a log that opens.
//!
//! Neither needs space on the disk if a spare is ready: the spare has its blocks, the manifest is changed in place, and
//! a new name has room in the directory. Where a file must be made, or the directory has to grow for a name, the lack
//! of space shows before anything is changed that counts: only that may fail without stopping the log.

use std::sync::Arc;

use super::segment::{Segment, SegmentFile};
use super::{RESERVED_BYTES, Wal, spare};
use crate::error::is_lack_of_space;
use crate::format::frame;
use crate::format::manifest;
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
        let spare = self.spares.first_ready().filter(|_| capacity == self.options.segment_bytes);
        let (name, file) = match &spare {
            Some((slot, file)) => (spare::name(*slot), Arc::clone(file)),
            None => (MAKING_NAME.to_owned(), spare::make_file(self.disk.as_ref(), MAKING_NAME, capacity)?),
        };
        // A complete segment is a synced one: with that, whatever is wrong with it later is damage.
        self.sync()?;
        let header = self.next_header(capacity);
        let final_name = segment::name(header.number);
        let shown = self.disk.describe(&final_name);
        let written = write_header(file.as_ref(), &header, &shown);
        self.fatal(written)?;
        if let Err(source) = self.disk.rename(&name, &final_name) {
            if !is_lack_of_space(&source) {
                return self.fatal(Err(WalError::io("naming", shown)(source)));
            }
            // The directory has no room for the name. The spare stays one, as its header says nothing yet.
            if spare.is_none() {
                let _ = self.disk.remove(&name);
            }
            return Err(WalError::NoSpace { action: "naming", file: shown, bytes: capacity, source });
        }
        if let Some((slot, _)) = spare {
            self.spares.free(slot);
        }
        let begun = self.begin_segment(&header, SegmentFile::new(shown, file));
        self.fatal(begun)
    }

    /// The head of the segment that comes next.
    fn next_header(&self, capacity: u64) -> SegmentHeader {
        let number = self.manifest.manifest().last + 1;
        SegmentHeader {
            number,
            salt: segment::salt(self.options.salt_seed, number),
            capacity,
            previous_end: self.end(),
            next_index: self.index.next(),
            purged: self.index.purged(),
            vote: self.vote.clone(),
        }
    }

    /// Puts a file to use that has its header and its name.
    fn begin_segment(&mut self, header: &SegmentHeader, file: Arc<SegmentFile>) -> Result<(), WalError> {
        let SegmentHeader { number, salt, capacity, previous_end, .. } = *header;
        self.disk.sync_dir().map_err(WalError::io("syncing the directory of", &file.shown))?;
        self.manifest.change(self.manifest.manifest().first, number)?;

        if let Some(segment) = self.segments.back_mut() {
            segment.end = previous_end;
        }
        let end = HEADER_BYTES as u64;
        self.segments.push_back(Segment { number, salt, capacity, end, file });
        self.index.add_part();
        self.written = end;
        self.durable = end;
        Ok(())
    }

    /// Gives back the segments at the front that hold nothing that is needed.
    pub(super) fn drop_segments(&mut self) -> Result<(), WalError> {
        let count = self.index.droppable();
        if count == 0 {
            return Ok(());
        }
        // The purge point must be safe before the entries below it are gone.
        self.sync()?;
        let dropped = self.give_back(count);
        self.fatal(dropped)
    }

    fn give_back(&mut self, count: usize) -> Result<(), WalError> {
        self.manifest.change(self.segments[count].number, self.current().number)?;
        self.index.drop_parts(count);
        for segment in self.segments.drain(..count) {
            let name = segment::name(segment.number);
            let file = Arc::clone(&segment.file.file);
            self.spares.recycle(self.disk.as_ref(), &self.options, &name, file)?;
        }
        self.disk
            .sync_dir()
            .map_err(WalError::io("syncing the directory of", self.disk.describe(manifest::NAME)))
    }
}

/// Writes the header, and an end mark behind it: a recycled file holds old frames.
fn write_header(file: &dyn DiskFile, header: &SegmentHeader, shown: &str) -> Result<(), WalError> {
    let mut head = header.encode();
    head.resize(HEADER_BYTES + frame::HEADER_BYTES, 0);
    file.write_at(0, &head).map_err(WalError::io("writing the header of", shown))?;
    file.sync_data().map_err(WalError::io("syncing the header of", shown))
}
