//! Opening a log: everything is read and judged first, and only a log that is sound is then changed. What counts
//! as sound is the table at the head of the crate.

mod files;
mod replay;
mod scan;
mod tail;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use files::Survey;
use replay::Replayed;
use tail::Tail;

use crate::disk::{replace, zero_fill};
use crate::format::manifest::{self, Manifest};
use crate::wal::Spares;
use crate::{Disk, LogId, Options, Wal, WalError};

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
    /// Why they were no good.
    pub reason: &'static str,
}

impl fmt::Display for TornTail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TornTail { file, offset, bytes, frames, reason } = self;
        write!(out, "cut {bytes} bytes off {file} at byte {offset} ({frames} records seen in them): {reason}")
    }
}

/// See [`Wal::open`].
pub(crate) fn open(disk: Arc<dyn Disk>, options: Options) -> Result<(Wal, Recovered), WalError> {
    options.check()?;
    let survey = Survey::read(disk.as_ref())?;
    let manifest = survey.manifest.unwrap_or(Manifest::EMPTY);
    survey.check_leftovers(disk.as_ref(), manifest)?;
    let replayed = replay::replay(disk.as_ref(), manifest)?;

    // Nothing was changed so far. From here on the log is known to be sound.
    if survey.manifest.is_none() {
        replace(disk.as_ref(), manifest::NAME, &manifest.encode())?;
    }
    let tail = repair(&replayed)?;
    let mut spares = Spares::new();
    survey.tidy(disk.as_ref(), &options, manifest, &mut spares)?;

    let Replayed { segments, index, vote, end, .. } = replayed;
    let created = segments.is_empty();
    let mut wal = Wal {
        disk,
        options,
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
    };
    Ok((wal, recovered))
}

/// Cuts the torn tail off, and makes sure that everything that was read is on the disk.
///
/// After the mere end of a process, what was read may be in the page cache only. And the zeros must be safe
/// before anything is appended: else records that were cut could come back behind it.
fn repair(replayed: &Replayed) -> Result<Option<TornTail>, WalError> {
    let Some(segment) = replayed.segments.last() else { return Ok(None) };
    let shown = &segment.file.shown;
    if let Some(Tail { zero_to, size, .. }) = replayed.tail {
        let file = segment.file.file.as_ref();
        zero_fill(file, replayed.end, zero_to).map_err(WalError::io("clearing the tail of", shown))?;
        zero_fill(file, size, segment.capacity.max(size)).map_err(WalError::io("filling", shown))?;
    }
    segment.file.sync().map_err(WalError::io("syncing", shown))?;
    Ok(replayed.tail.as_ref().map(|tail| TornTail {
        file: shown.clone(),
        offset: replayed.end,
        bytes: tail.bytes,
        frames: tail.frames,
        reason: tail.reason,
    }))
}
