//! Opening a log: everything is read and judged first, and only a log that is sound is then changed. What counts
//! as sound is the table at the head of the crate.

mod files;
mod manifest;
mod replay;
mod scan;
mod tail;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;

pub use manifest::DamagedCopy;

use files::Survey;
use replay::Replayed;
use tail::Tail;

use crate::disk::{read_up_to, zero_fill};
use crate::format::manifest::Manifest;
use crate::limits::SCAN_BYTES;
use crate::wal::{ManifestFile, Spares};
use crate::{Disk, DiskFile, LogId, Options, Wal, WalError};

/// What was found when a log was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// There was no log, so that an empty one was made. A server that finds other data beside it should ask why.
    pub created: bool,
    /// The vote saved last.
    pub vote: Option<Vec<u8>>,
    /// The last purged entry.
    pub last_purged: Option<LogId>,
    /// The index of the first entry held; if none is, that of the next one.
    pub first_index: u64,
    /// The last entry, or the last purged one if none is held.
    pub last: Option<LogId>,
    /// What a crash left unfinished at the end, and was cut off.
    pub tail: Option<TornTail>,
    /// The copy of the manifest that was damaged, and was made again from the other one.
    pub damaged_copy: Option<DamagedCopy>,
}

/// The end of a log that a crash left unfinished, and that was cut off. No sync of it had succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file, with its directory.
    pub file: String,
    /// Where the cut was made.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
    /// How many records could be told apart in them.
    pub frames: u64,
}

impl fmt::Display for TornTail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TornTail { file, offset, bytes, frames } = self;
        let why = "a crash left the last write unfinished";
        write!(out, "cut {bytes} bytes off {file} at byte {offset} ({frames} records seen in them): {why}")
    }
}

/// See [`Wal::open`].
pub(crate) fn open(disk: Arc<dyn Disk>, options: Options) -> Result<(Wal, Recovered), WalError> {
    options.check()?;
    let mut survey = Survey::read(disk.as_ref())?;
    let found = survey.manifest.as_ref();
    let manifest = found.map_or(Manifest::EMPTY, |found| found.file.manifest());
    survey.check_leftovers(disk.as_ref(), manifest)?;
    let replayed = replay::replay(disk.as_ref(), manifest)?;

    // Nothing was changed so far. From here on the log is known to be sound. The manifest comes first: no file that an
    // older one names may be reused before this one is sure to last.
    if let Some(found) = found {
        found.file.settle(found.copy)?;
    }
    let tail = repair(&replayed)?;
    let mut spares = Spares::new();
    survey.tidy(disk.as_ref(), &options, manifest, &mut spares)?;
    let (manifest, damaged_copy) = match survey.manifest.take() {
        Some(found) => (found.file, found.damaged),
        None => (ManifestFile::create(disk.as_ref())?, None),
    };

    let Replayed { segments, index, vote, end, .. } = replayed;
    let created = segments.is_empty();
    let mut wal = Wal {
        disk,
        options,
        manifest,
        segments: VecDeque::from(segments),
        index,
        buffer: Vec::new(),
        written: end,
        durable: end,
        vote,
        spares,
        failed: None,
    };
    if created {
        wal.rotate(0)?;
    }
    let recovered = Recovered {
        created,
        vote: wal.vote.clone(),
        last_purged: wal.last_purged(),
        first_index: wal.first_index(),
        last: wal.last(),
        tail,
        damaged_copy,
    };
    Ok((wal, recovered))
}

/// Cuts the torn tail off, and makes sure that everything that was read is on the disk.
///
/// After the mere end of a process, what was read may be in the page cache only, and if it ended because a sync
/// had failed, the cache takes it for clean and no sync writes it any more. So what is not known to be synced is
/// written again. And the zeros must be safe before anything is appended: else records that were cut could come
/// back behind it.
fn repair(replayed: &Replayed) -> Result<Option<TornTail>, WalError> {
    let Some(segment) = replayed.segments.last() else { return Ok(None) };
    let shown = &segment.file.shown;
    let file = segment.file.file.as_ref();
    rewrite(file, replayed.proved, replayed.end).map_err(WalError::io("writing again", shown))?;
    if let Some(Tail { zero_to, .. }) = replayed.tail {
        zero_fill(file, replayed.end, zero_to).map_err(WalError::io("clearing the tail of", shown))?;
    }
    segment.file.sync().map_err(WalError::io("syncing", shown))?;
    Ok(replayed.tail.as_ref().map(|tail| TornTail {
        file: shown.clone(),
        offset: replayed.end,
        bytes: tail.bytes,
        frames: tail.frames,
    }))
}

/// Writes the bytes from `start` to `end` once more as they are.
fn rewrite(file: &dyn DiskFile, start: u64, end: u64) -> io::Result<()> {
    let mut offset = start;
    while offset < end {
        let left = usize::try_from(end - offset).unwrap_or(usize::MAX);
        let bytes = read_up_to(file, offset, left.min(SCAN_BYTES))?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_at(offset, &bytes)?;
        offset += bytes.len() as u64;
    }
    Ok(())
}
