//! The change to a new segment, and the giving back of old ones. Each step lasts before the next begins, so
//! that a crash between any two leaves a log that opens.

use super::segment::{Segment, SegmentFile};
use super::{Wal, spare};
use crate::WalError;
use crate::disk::replace;
use crate::format::frame;
use crate::format::manifest::{self, Manifest};
use crate::format::segment::{self, HEADER_BYTES, SegmentHeader};

/// An oversize segment is a multiple of this, in bytes.
const OVERSIZE_ALIGNMENT: u64 = 4096;

/// The file of a segment that is made when no spare is ready, until it has its name.
pub(crate) const MAKING_NAME: &str = "segment.tmp";

impl Wal {
    /// Goes on in a new segment that has room for a frame of `frame_bytes`.
    ///
    /// Only the making of a file can fail without harm; it comes first.
    pub(crate) fn rotate(&mut self, frame_bytes: u64) -> Result<(), WalError> {
        let needed = (HEADER_BYTES as u64 + frame_bytes).next_multiple_of(OVERSIZE_ALIGNMENT);
        let capacity = needed.max(self.options.segment_bytes);
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
        let begun = self.begin_segment(&name, file, capacity);
        self.fatal(begun)
    }

    /// Puts the file `name` to use as the next segment.
    fn begin_segment(
        &mut self,
        name: &str,
        file: std::sync::Arc<dyn crate::DiskFile>,
        capacity: u64,
    ) -> Result<(), WalError> {
        let previous = self.segments.back().map(|segment| (segment.number, self.end()));
        let (last, previous_end) = previous.unwrap_or((0, 0));
        let number = last + 1;
        let header = SegmentHeader {
            number,
            salt: segment::salt(self.options.salt_seed, number),
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
        let first = self.segments.front().map_or(number, |segment| segment.number);
        replace(self.disk.as_ref(), manifest::NAME, &Manifest { first, last: number }.encode())?;

        if let Some(segment) = self.segments.back_mut() {
            segment.end = previous_end;
        }
        let file = SegmentFile::new(shown, file);
        self.segments.push_back(Segment {
            number,
            salt: header.salt,
            capacity,
            end: HEADER_BYTES as u64,
            file,
        });
        self.index.add_part();
        self.written = HEADER_BYTES as u64;
        self.durable = HEADER_BYTES as u64;
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
        let manifest = Manifest { first: self.segments[count].number, last: self.current().number };
        replace(self.disk.as_ref(), manifest::NAME, &manifest.encode())?;
        self.index.drop_parts(count);
        for segment in self.segments.drain(..count) {
            let name = segment::name(segment.number);
            let file = std::sync::Arc::clone(&segment.file.file);
            self.spares.recycle(self.disk.as_ref(), &self.options, &name, file)?;
        }
        self.disk
            .sync_dir()
            .map_err(WalError::io("syncing the directory of", self.disk.describe(manifest::NAME)))
    }
}
