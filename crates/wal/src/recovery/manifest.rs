//! Reading the manifest's file: which of its two copies counts, and whether one has to be made again.

use std::fmt;

use crate::disk::read_up_to;
use crate::format::head::HeadError;
use crate::format::manifest::{self, COPIES, COPY_BYTES, Manifest};
use crate::wal::ManifestFile;
use crate::{Disk, WalError};

/// A copy of the manifest that could not be read, and was made again from the other one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedCopy {
    /// The file, with its directory.
    pub file: String,
    /// Where the copy begins, in bytes.
    pub offset: u64,
    /// What was wrong with it.
    pub what: &'static str,
}

impl fmt::Display for DamagedCopy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DamagedCopy { file, offset, what } = self;
        write!(
            out,
            "the copy at byte {offset} of {file} was damaged ({what}) and has been made again from the other one: a loss \
             of power in the middle of a write leaves this; if there was none, check the disk"
        )
    }
}

/// The manifest as it was read. Nothing is changed yet.
pub(super) struct FoundManifest {
    pub(super) file: ManifestFile,
    /// The copy that counts.
    pub(super) copy: usize,
    /// The other one, if it can't be read.
    pub(super) damaged: Option<DamagedCopy>,
}

/// Reads the manifest.
pub(super) fn read(disk: &dyn Disk) -> Result<FoundManifest, WalError> {
    let shown = disk.describe(manifest::NAME);
    let file = disk.open(manifest::NAME).map_err(WalError::io("opening", &shown))?;
    let made = (COPIES * COPY_BYTES) as u64;
    let size = file.size().map_err(WalError::io("measuring", &shown))?;
    let bytes = read_up_to(file.as_ref(), 0, COPIES * COPY_BYTES).map_err(WalError::io("reading", &shown))?;
    let (first, second) = bytes.split_at(bytes.len().min(COPY_BYTES));
    // Before the size, which another version may have another one of.
    let copies = [decode(first, &shown)?, decode(second, &shown)?];
    if size != made {
        let what = format!("it has {size} bytes, but was made with {made}");
        return Err(WalError::corrupt(shown, size.min(made), what));
    }
    let (manifest, copy) = choose(copies).map_err(|what| WalError::corrupt(&shown, 0, what))?;
    let damaged = (0..COPIES).zip(copies).find_map(|(copy, read)| {
        let offset = (copy * COPY_BYTES) as u64;
        read.err().map(|what| DamagedCopy { file: shown.clone(), offset, what })
    });
    Ok(FoundManifest { file: ManifestFile::found(file, shown, manifest), copy, damaged })
}

/// Reads a copy. One that is sound and of another version is an error for the whole file; one that is damaged need
/// not be, so that what is wrong with it is returned.
fn decode(copy: &[u8], shown: &str) -> Result<Result<Manifest, &'static str>, WalError> {
    match Manifest::decode(copy) {
        Ok(manifest) => Ok(Ok(manifest)),
        Err(HeadError::Damaged(what)) => Ok(Err(what)),
        Err(version @ HeadError::Version(_)) => Err(version.of_file(shown, manifest::VERSION)),
    }
}

/// The manifest that counts, and the copy that it is in.
fn choose(copies: [Result<Manifest, &'static str>; COPIES]) -> Result<(Manifest, usize), String> {
    match copies {
        [Ok(one), Ok(two)] if one.sequence == two.sequence && one != two => {
            Err("its two copies name different segments under the same sequence number".to_owned())
        }
        [Ok(one), Ok(two)] => Ok(if one.sequence >= two.sequence { (one, 0) } else { (two, 1) }),
        [Ok(one), Err(_)] => Ok((one, 0)),
        [Err(_), Ok(two)] => Ok((two, 1)),
        [Err(one), Err(two)] => {
            Err(format!("{one}; and its copy at byte {COPY_BYTES} is damaged, too: {two}"))
        }
    }
}
