//! The change to a new segment, and the giving back of old ones. Each step lasts before the next begins, so
//! that a crash between any two leaves a log that opens. What needs space on the disk comes first, since only
//! that may fail without stopping the log.

use std::sync::Arc;

use super::manifest::NewManifest;
use super::segment::{Segment, SegmentFile};
use super::{RESERVED_BYTES, Wal, spare};
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
        let last = self.segments.back().map_or(0, |segment| segment.number);
        let first = self.segments.front().map_or(1, |segment| segment.number);
        let manifest = NewManifest::prepare(self.disk.as_ref(), Manifest { first, last: last + 1 })?;
        let needed = HEADER_BYTES as u64 + frame_bytes + RESERVED_BYTES;
        let capacity = needed.next_multiple_of(OVERSIZE_ALIGNMENT).max(self.options.segment_bytes);
        let spare = if capacity == self.options.segment_bytes { self.spares.take() } else { None };
        let (name, file) = match spare {
            Some(spare) => spare,
            None => {
                let file = spare::make_file(self.disk.as_ref(), MAKING_NAME, capacity)?;
                (MAKING_NAME.to_owned(), file)
            }
        };
        // A complete segment is a synced one: with that, whatever is wrong with it later is damage.
        self.sync()?;
        let begun = self.begin_segment(last + 1, &name, file, capacity, manifest);
        self.fatal(begun)
    }

    /// Puts the file `name` to use as segment `number`.
    fn begin_segment(
        &mut self,
        number: u64,
        name: &str,
        file: Arc<dyn DiskFile>,
        capacity: u64,
        manifest: NewManifest,
    ) -> Result<(), WalError> {
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
        let final_name = segment::name(number);
        let shown = self.disk.describe(&final_name);

        // The end mark goes with the header: a recycled file holds old frames.
        let mut head = header.encode();
        head.resize(HEADER_BYTES + frame::HEADER_BYTES, 0);
        file.write_at(0, &head).map_err(WalError::io("writing the header of", &shown))?;
        file.sync_data().map_err(WalError::io("syncing the header of", &shown))?;
        self.disk.rename(name, &final_name).map_err(WalError::io("naming", &shown))?;
        self.disk.sync_dir().map_err(WalError::io("syncing the directory of", &shown))?;
        manifest.put_to_use(self.disk.as_ref())?;

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
    pub(super) fn drop_segments(&mut self) -> Result<(), WalError> {
        let count = self.index.droppable();
        if count == 0 {
            return Ok(());
        }
        let manifest = Manifest { first: self.segments[count].number, last: self.current().number };
        let manifest = NewManifest::prepare(self.disk.as_ref(), manifest)?;
        // The purge point must be safe before the entries below it are gone.
        self.sync()?;
        let dropped = self.give_back(count, manifest);
        self.fatal(dropped)
    }

    fn give_back(&mut self, count: usize, manifest: NewManifest) -> Result<(), WalError> {
        manifest.put_to_use(self.disk.as_ref())?;
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
