//! What can go wrong with the log and with snapshots, in words that an operator can act on.

use std::io;

/// What to do about data that is lost.
const RESTORE: &str = "Nothing was changed. Check the disk, then restore the whole directory from a copy, or move it \
                       away to begin with an empty one";

/// Why an operation on the log, on a snapshot or on their directory failed.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// The operating system refused an operation. Once it was a write or a sync of the log, the log takes no
    /// more calls.
    #[error("{action} {file} failed: {source}")]
    Io {
        /// What was tried, as a phrase that the file's name completes.
        action: &'static str,
        /// The file, with its directory.
        file: String,
        /// What the system answered.
        source: io::Error,
    },

    /// A file for more records could not be made because the disk, or somebody's share of it, is full. Nothing was
    /// changed: the log holds what it held, and takes records that fit in [`space_left`](crate::Wal::space_left).
    #[error(
        "the log cannot have another file: {action} {file} ({bytes} bytes) failed: {source}; free some disk space"
    )]
    NoSpace {
        /// What was tried, as a phrase that the file's name completes.
        action: &'static str,
        /// The file that could not be made.
        file: String,
        /// How large it had to be.
        bytes: u64,
        /// What the system answered.
        source: io::Error,
    },

    /// A file for more records could not be made for another reason, such as a limit on open files. As with
    /// [`WalError::NoSpace`], nothing was changed.
    #[error("the log cannot have another file: {action} {file} ({bytes} bytes) failed: {source}")]
    NoFile {
        /// What was tried, as a phrase that the file's name completes.
        action: &'static str,
        /// The file that could not be made.
        file: String,
        /// How large it had to be.
        bytes: u64,
        /// What the system answered.
        source: io::Error,
    },

    /// An earlier write or sync failed. What the page cache holds since then can't be trusted, so nothing more
    /// is written; opening the log again reads what is really on the disk.
    #[error("the log stopped at its first failure and takes nothing more until it is opened again: {first}")]
    Stopped {
        /// The first failure.
        first: String,
    },

    /// Data that was safely on the disk is not what was written. Nothing was changed.
    #[error("{file} is damaged at byte {offset}: {what}. {RESTORE}")]
    Corrupt {
        /// The damaged file, with its directory.
        file: String,
        /// Where in the file the damage was noticed.
        offset: u64,
        /// What is wrong there.
        what: String,
    },

    /// A file that belongs to the log is not there. Nothing was changed.
    #[error("{file} is missing, although {although}. {RESTORE}")]
    Missing {
        /// The file, with its directory.
        file: String,
        /// What shows that it must be there.
        although: String,
    },

    /// The file that was last appended to has lost its end, which no crash does: a file has all of its bytes before
    /// it is put to use. Nothing was changed.
    ///
    /// What was in the rest is not known, so it takes a person to decide that the log goes on without it.
    #[error(
        "{file} has only {bytes} of its {made} bytes, and records that were safe may be lost with the rest. {RESTORE}. To \
         go on with what is left instead, fill the file up with zeros: `truncate -s {made} {file}`"
    )]
    Shortened {
        /// The file, with its directory.
        file: String,
        /// Its size in bytes.
        bytes: u64,
        /// The size that it was made with.
        made: u64,
    },

    /// A file was written in a format that this version does not know.
    #[error(
        "{file} has format version {version}, but this program knows {known} at most: use a newer release"
    )]
    UnknownVersion {
        /// The file, with its directory.
        file: String,
        /// The version that it names.
        version: u32,
        /// The newest version known.
        known: u32,
    },

    /// A file was written in a format that this version does not read any more. Nothing was changed.
    #[error(
        "{file} has format version {version}, an older format that this program, which reads version {known}, does not \
         read any more. Nothing was changed. Go on with the release that wrote it, or move the whole directory away to \
         begin with an empty one"
    )]
    OldVersion {
        /// The file, with its directory.
        file: String,
        /// The version that it names.
        version: u32,
        /// The version that is read.
        known: u32,
    },

    /// Another process holds the directory.
    #[error("{directory} is in use by another server: stop that one first, or choose another directory")]
    Locked {
        /// The directory.
        directory: String,
    },

    /// An option is out of its range.
    #[error("segment_bytes is {bytes}, but must be a multiple of 4096 between {min} and {max}")]
    SegmentBytes {
        /// What was asked for.
        bytes: u64,
        /// The smallest size allowed.
        min: u64,
        /// The largest size allowed.
        max: u64,
    },

    /// A record, vote, chunk or description is larger than its limit. Nothing was changed.
    #[error("{what} of {bytes} bytes is larger than the limit of {max}")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },

    /// An entry does not follow the last one. Nothing was changed.
    #[error("entry {index} can't follow: the next index is {expected}")]
    NotNext {
        /// The index that was given.
        index: u64,
        /// The index that the next entry must have.
        expected: u64,
    },

    /// A truncation would cut entries that are already purged. Nothing was changed.
    #[error("the log can't be truncated to end before entry {from}: it is purged up to {purged}")]
    Purged {
        /// The first index that was to be cut.
        from: u64,
        /// The last purged index.
        purged: u64,
    },
}

impl WalError {
    /// Whether all that is wrong is that the log cannot have another file, which may be over in a while.
    #[must_use]
    pub fn lacks_file(&self) -> bool {
        matches!(self, WalError::NoSpace { .. } | WalError::NoFile { .. })
    }

    /// Completes the error of what makes a file of `bytes` bytes. That the directory is gone is not to be waited out:
    /// the log is gone with it.
    pub(crate) fn file(
        action: &'static str,
        file: impl Into<String>,
        bytes: u64,
    ) -> impl FnOnce(io::Error) -> WalError {
        let file = file.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                WalError::NoSpace { action, file, bytes, source }
            }
            io::ErrorKind::NotFound => WalError::Io { action, file, source },
            _ => WalError::NoFile { action, file, bytes, source },
        }
    }

    /// Completes an I/O error with what was tried on which file: `map_err(WalError::io("writing", name))`.
    pub(crate) fn io(action: &'static str, file: impl Into<String>) -> impl FnOnce(io::Error) -> WalError {
        let file = file.into();
        move |source| WalError::Io { action, file, source }
    }

    /// Damage at `offset` of `file`.
    pub(crate) fn corrupt(file: impl Into<String>, offset: u64, what: impl Into<String>) -> WalError {
        WalError::Corrupt { file: file.into(), offset, what: what.into() }
    }
}
