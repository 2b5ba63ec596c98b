//! Which files there are, and what becomes of those that are not part of the log: remains of a file that was
//! being made, spares, and segments that a crash left outside the manifest.

use crate::disk::read_up_to;
use crate::format::manifest::{self, Manifest};
use crate::format::segment::{self, HEADER_BYTES, SegmentHeader};
use crate::limits::SPARES_MAX;
use crate::recovery::manifest::{self as found, FoundManifest};
use crate::recovery::scan::Window;
use crate::recovery::tail;
use crate::wal::{MAKING_NAME, PREPARED_NAME, Spares, spare_name, spare_slot};
use crate::{Disk, Options, WalError};

/// The log's files.
pub(super) struct Survey {
    pub(super) manifest: Option<FoundManifest>,
    segments: Vec<u64>,
    spares: Vec<usize>,
    temporary: Vec<String>,
}

impl Survey {
    pub(super) fn read(disk: &dyn Disk) -> Result<Survey, WalError> {
        let names =
            disk.list().map_err(WalError::io("listing the directory of", disk.describe(manifest::NAME)))?;
        let mut survey =
            Survey { manifest: None, segments: Vec::new(), spares: Vec::new(), temporary: Vec::new() };
        let being_made: Vec<String> = (0..SPARES_MAX)
            .map(|slot| format!("{}.tmp", spare_name(slot)))
            .chain([MAKING_NAME.to_owned(), PREPARED_NAME.to_owned()])
            .collect();
        for name in names {
            if name == manifest::NAME {
                survey.manifest = Some(found::read(disk)?);
            } else if let Some(number) = segment::number_of(&name) {
                survey.segments.push(number);
            } else if let Some(slot) = spare_slot(&name) {
                survey.spares.push(slot);
            } else if being_made.contains(&name) {
                survey.temporary.push(name);
            }
        }
        survey.segments.sort_unstable();
        Ok(survey)
    }

    /// Makes sure that the files outside the manifest are what a crash leaves behind, and no lost part of the log.
    pub(super) fn check_leftovers(&self, disk: &dyn Disk, manifest: Manifest) -> Result<(), WalError> {
        if self.manifest.is_none()
            && let Some(there) = self.in_words()
        {
            let although = format!("there are files of a log: {there}");
            return Err(WalError::Missing { file: disk.describe(manifest::NAME), although });
        }
        for number in self.segments.iter().filter(|number| **number > manifest.last) {
            check_unused(disk, *number, manifest.last)?;
        }
        Ok(())
    }

    /// The segments and spares that are there, if any.
    fn in_words(&self) -> Option<String> {
        let segments = match &self.segments[..] {
            [] => None,
            [only] => Some(segment::name(*only)),
            [first, .., last] => {
                let (first, last) = (segment::name(*first), segment::name(*last));
                Some(format!("{first} to {last} ({} files)", self.segments.len()))
            }
        };
        let spares = self.spares.iter().map(|slot| spare_name(*slot));
        let all: Vec<String> = segments.into_iter().chain(spares).collect();
        (!all.is_empty()).then(|| all.join(" and "))
    }

    /// Removes or reuses the files that are not part of the log.
    pub(super) fn tidy(
        &self,
        disk: &dyn Disk,
        options: &Options,
        manifest: Manifest,
        spares: &mut Spares,
    ) -> Result<(), WalError> {
        for name in &self.temporary {
            disk.remove(name).map_err(WalError::io("removing", disk.describe(name)))?;
        }
        for slot in &self.spares {
            let name = spare_name(*slot);
            let file = disk.open(&name).map_err(WalError::io("opening", disk.describe(&name)))?;
            let size = file.size().map_err(WalError::io("measuring", disk.describe(&name)))?;
            if size == options.segment_bytes {
                spares.adopt(*slot, file);
            } else {
                disk.remove(&name).map_err(WalError::io("removing", disk.describe(&name)))?;
            }
        }
        let unused = |number: &&u64| !(manifest.first..=manifest.last).contains(*number);
        for number in self.segments.iter().filter(unused) {
            let name = segment::name(*number);
            let file = disk.open(&name).map_err(WalError::io("opening", disk.describe(&name)))?;
            spares.recycle(disk, options, &name, file)?;
        }
        // Also for what a process did that ended before it came to its own sync.
        disk.sync_dir().map_err(WalError::io("syncing the directory of", disk.describe(manifest::NAME)))
    }
}

/// A segment that the manifest does not name yet can only be the next one, and has no record.
fn check_unused(disk: &dyn Disk, number: u64, last: u64) -> Result<(), WalError> {
    let name = segment::name(number);
    let shown = disk.describe(&name);
    let file = disk.open(&name).map_err(WalError::io("opening", &shown))?;
    let bytes = read_up_to(file.as_ref(), 0, HEADER_BYTES).map_err(WalError::io("reading", &shown))?;
    let header = SegmentHeader::decode(&bytes).map_err(|error| error.of_file(&shown, segment::VERSION))?;
    let size = file.size().map_err(WalError::io("measuring", &shown))?;
    let mut window = Window::new(file.as_ref(), size);
    let record = tail::search(&mut window, header.salt, HEADER_BYTES as u64, |_, _| false)
        .map_err(WalError::io("reading", &shown))?;
    if number == last + 1 && header.number == number && record.is_none() {
        return Ok(());
    }
    let what = format!("the manifest ends with segment {last}, so this one should not hold records");
    Err(WalError::corrupt(shown, record.unwrap_or(0), what))
}
