//! Which files there are, and what becomes of those that are not part of the log: remains of a file that was
//! being made, spares, and segments that a crash left outside the manifest.

use crate::disk::read_up_to;
use crate::format::head::HeadError;
use crate::format::manifest::{self, Manifest};
use crate::format::segment::{self, HEADER_BYTES, SegmentHeader};
use crate::recovery::manifest::{self as found, FoundManifest};
use crate::recovery::scan::Window;
use crate::recovery::tail;
use crate::wal::{MAKING_NAME, MAKING_SPARE_NAME, PREPARED_NAME, Spares};
use crate::{Disk, Options, WalError};

/// The files that are removed when a log is opened.
const TEMPORARY: [&str; 3] = [MAKING_NAME, MAKING_SPARE_NAME, PREPARED_NAME];

/// The log's files.
pub(super) struct Survey {
    pub(super) manifest: Option<FoundManifest>,
    /// In order; the spares are among them.
    segments: Vec<u64>,
    temporary: Vec<String>,
}

impl Survey {
    pub(super) fn read(disk: &dyn Disk) -> Result<Survey, WalError> {
        let names =
            disk.list().map_err(WalError::io("listing the directory of", disk.describe(manifest::NAME)))?;
        let mut survey = Survey { manifest: None, segments: Vec::new(), temporary: Vec::new() };
        for name in names {
            if name == manifest::NAME {
                survey.manifest = Some(found::read(disk)?);
            } else if let Some(number) = segment::number_of(&name) {
                survey.segments.push(number);
            } else if TEMPORARY.contains(&&*name) {
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

    /// The segments that are there, if any.
    fn in_words(&self) -> Option<String> {
        match &self.segments[..] {
            [] => None,
            [only] => Some(segment::name(*only)),
            [first, .., last] => {
                let (first, last) = (segment::name(*first), segment::name(*last));
                Some(format!("{first} to {last} ({} files)", self.segments.len()))
            }
        }
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
        // Those that may be spares already come first, so that none gets a name that another one has.
        let behind = self.segments.iter().filter(|number| **number > manifest.last);
        let before = self.segments.iter().filter(|number| **number < manifest.first);
        for number in behind.chain(before) {
            let name = segment::name(*number);
            let file = disk.open(&name).map_err(WalError::io("opening", disk.describe(&name)))?;
            spares.recycle(disk, options, manifest.last, *number, file)?;
        }
        // Also for what a process did that ended before it came to its own sync.
        disk.sync_dir().map_err(WalError::io("syncing the directory of", disk.describe(manifest::NAME)))
    }
}

/// A file behind the last segment is a spare, whatever it holds, or a segment that a crash kept from being put to use,
/// which has no record: one with records was in use.
fn check_unused(disk: &dyn Disk, number: u64, last: u64) -> Result<(), WalError> {
    let name = segment::name(number);
    let shown = disk.describe(&name);
    let file = disk.open(&name).map_err(WalError::io("opening", &shown))?;
    let bytes = read_up_to(file.as_ref(), 0, HEADER_BYTES).map_err(WalError::io("reading", &shown))?;
    let header = match SegmentHeader::decode(&bytes) {
        Ok(header) if header.number == number => header,
        // Zeros, or the header of the segment that it was before.
        Ok(_) | Err(HeadError::Damaged(_)) => return Ok(()),
        Err(version) => return Err(version.of_file(shown, segment::VERSION)),
    };
    let size = file.size().map_err(WalError::io("measuring", &shown))?;
    let mut window = Window::new(file.as_ref(), size);
    let record = tail::search(&mut window, header.salt, HEADER_BYTES as u64, |_, _| false)
        .map_err(WalError::io("reading", &shown))?;
    let Some(record) = record else { return Ok(()) };
    let what = format!("the manifest ends with segment {last}, so this one should not hold records");
    Err(WalError::corrupt(shown, record, what))
}
