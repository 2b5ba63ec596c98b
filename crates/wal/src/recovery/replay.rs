//! Reading the segments that the manifest names, from the first to the last, and following what their records
//! say. Changes nothing on the disk.

use std::sync::Arc;

use super::scan::Window;
use super::tail::{self, Tail};
use crate::disk::read_up_to;
use crate::format::frame::{Header, Kind};
use crate::format::manifest::{self, Manifest};
use crate::format::segment::{self, HEADER_BYTES, SegmentHeader};
use crate::index::Index;
use crate::limits::VOTE_BYTES_MAX;
use crate::wal::{Segment, SegmentFile};
use crate::{Disk, DiskFile, WalError};

/// A log as it was read.
#[derive(Default)]
pub(super) struct Replayed {
    pub(super) segments: Vec<Segment>,
    pub(super) index: Index,
    pub(super) vote: Option<Vec<u8>>,
    /// Where the sound frames of the last segment end.
    pub(super) end: u64,
    /// Up to where the frames of the last segment themselves say that they were synced.
    pub(super) proved: u64,
    pub(super) tail: Option<Tail>,
}

/// A segment whose header was read.
struct Opened {
    header: SegmentHeader,
    file: Arc<dyn DiskFile>,
    size: u64,
    shown: String,
}

/// Reads the log.
pub(super) fn replay(disk: &dyn Disk, manifest: Manifest) -> Result<Replayed, WalError> {
    let mut replayed = Replayed::default();
    let mut next = match manifest.last {
        0 => return Ok(replayed),
        _ => open_segment(disk, manifest.first, manifest)?,
    };
    replayed.index = Index::new(next.header.purged, next.header.next_index);
    replayed.vote.clone_from(&next.header.vote);
    for number in manifest.first..=manifest.last {
        let opened = next;
        if number == manifest.last {
            replayed.last_segment(opened)?;
            break;
        }
        next = open_segment(disk, number + 1, manifest)?;
        replayed.complete_segment(opened, &next)?;
    }
    replayed.check_first(disk, manifest)?;
    Ok(replayed)
}

fn open_segment(disk: &dyn Disk, number: u64, manifest: Manifest) -> Result<Opened, WalError> {
    let name = segment::name(number);
    let shown = disk.describe(&name);
    let file = match disk.open(&name) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let Manifest { first, last, .. } = manifest;
            let although = format!("the manifest names segments {first} to {last}");
            return Err(WalError::Missing { file: shown, although });
        }
        Err(error) => return Err(WalError::io("opening", shown)(error)),
    };
    let size = file.size().map_err(WalError::io("measuring", &shown))?;
    let bytes = read_up_to(file.as_ref(), 0, HEADER_BYTES).map_err(WalError::io("reading", &shown))?;
    let header = SegmentHeader::decode(&bytes).map_err(|error| error.of_file(&shown, segment::VERSION))?;
    if header.number != number {
        let what = format!("it is segment {}, not {number}", header.number);
        return Err(WalError::corrupt(shown, 0, what));
    }
    let made = header.capacity;
    if size < made && number == manifest.last {
        return Err(WalError::Shortened { file: shown, bytes: size, made });
    }
    if size != made {
        let what = format!("it has {size} bytes, but was made with {made}");
        return Err(WalError::corrupt(shown, size.min(made), what));
    }
    Ok(Opened { header, file, size, shown })
}

impl Replayed {
    /// Reads a segment that must be sound up to the end that the `next` one names, and whose outcome must be what
    /// the next one starts from.
    fn complete_segment(&mut self, opened: Opened, next: &Opened) -> Result<(), WalError> {
        let end = next.header.previous_end;
        if !(HEADER_BYTES as u64..=opened.size).contains(&end) {
            let what = format!("it says that the segment before ends at byte {end}, which can't be");
            return Err(WalError::corrupt(&next.shown, 40, what));
        }
        let stopped = self.frames(&opened, end)?;
        if stopped != end {
            let what =
                "the record here is not the one that was written; it was synced before the next segment";
            return Err(WalError::corrupt(opened.shown, stopped, what));
        }
        let SegmentHeader { next_index, purged, vote, .. } = &next.header;
        if (*next_index, *purged, vote) != (self.index.next(), self.index.purged(), &self.vote) {
            let what = "it does not go on where the segment before ends";
            return Err(WalError::corrupt(&next.shown, 0, what));
        }
        self.add(opened, end);
        Ok(())
    }

    /// Reads the segment that was appended to last.
    fn last_segment(&mut self, opened: Opened) -> Result<(), WalError> {
        let end = self.frames(&opened, opened.size)?;
        let mut window = Window::new(opened.file.as_ref(), opened.size);
        self.tail = tail::judge(&mut window, opened.header.salt, end, &opened.shown)?;
        self.end = end;
        self.add(opened, end);
        Ok(())
    }

    fn add(&mut self, opened: Opened, end: u64) {
        let SegmentHeader { number, salt, capacity, .. } = opened.header;
        let file = SegmentFile::new(opened.shown, opened.file);
        self.segments.push(Segment { number, salt, capacity, end, file });
    }

    /// Follows the sound frames up to `limit`. Returns where they end.
    fn frames(&mut self, opened: &Opened, limit: u64) -> Result<u64, WalError> {
        self.index.add_part();
        let mut window = Window::new(opened.file.as_ref(), limit);
        let mut offset = HEADER_BYTES as u64;
        self.proved = offset;
        loop {
            let frame = window.frame(opened.header.salt, offset);
            let Some((header, payload)) = frame.map_err(WalError::io("reading", &opened.shown))? else {
                return Ok(offset);
            };
            let followed = self.follow(&header, payload, offset);
            followed.map_err(|what| WalError::corrupt(&opened.shown, offset, what))?;
            self.proved = self.proved.max(header.durable.min(offset));
            offset += header.frame_bytes() as u64;
        }
    }

    /// Does what a record says. An error means that it can't follow the ones before.
    fn follow(&mut self, header: &Header, payload: &[u8], offset: u64) -> Result<(), String> {
        let id = header.id;
        let next = self.index.next();
        let purged = self.index.purged();
        match header.kind() {
            Some(Kind::Entry) => {
                if let Some(next) = next.filter(|next| *next != id.index) {
                    return Err(format!("entry {} is here, where entry {next} must be", id.index));
                }
                self.index
                    .push(id, u32::try_from(offset).map_err(|_| "the segment is too large".to_owned())?);
            }
            Some(Kind::Vote) if payload.len() <= VOTE_BYTES_MAX => self.vote = Some(payload.to_vec()),
            Some(Kind::Vote) => return Err(format!("a vote of {} bytes is too large", payload.len())),
            Some(Kind::Truncate) => {
                let from = id.index;
                if next.is_none_or(|next| from > next) || purged.is_some_and(|purged| from <= purged.index) {
                    return Err(format!("entries from {from} on are voided here, which are not in the log"));
                }
                self.index.truncate(from);
            }
            Some(Kind::Purged) => {
                if purged.is_some_and(|purged| id.index <= purged.index) {
                    return Err(format!("entries up to {} are purged here a second time", id.index));
                }
                self.index.purge(id);
            }
            None => return Err("a record of an unknown kind is here".to_owned()),
        }
        Ok(())
    }

    /// All entries behind the purge point must be there.
    fn check_first(&self, disk: &dyn Disk, manifest: Manifest) -> Result<(), WalError> {
        let complete = match self.index.purged() {
            // Without a purge, nothing was ever given back.
            None => manifest.first == 1,
            Some(_) => self.index.first_placed().or(self.index.next()) <= Some(self.index.first()),
        };
        if complete {
            return Ok(());
        }
        let what = format!("it begins with segment {}, but entries before that are needed", manifest.first);
        Err(WalError::corrupt(disk.describe(manifest::NAME), manifest::FIRST_AT, what))
    }
}
