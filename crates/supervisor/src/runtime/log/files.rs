//! The files of all logs, and which of them cannot be written: that is told once, and it is tried again after a pause. One
//! that fails holds up no other.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use super::file::{LogFile, Place};
use crate::limits::LOG_PAUSE;

/// The files that are open, and those that fail.
#[derive(Default)]
pub(super) struct Files {
    open: HashMap<PathBuf, LogFile>,
    failing: HashMap<PathBuf, Failure>,
}

/// A file that could not be written the last time, which was told.
struct Failure {
    lost_bytes: usize,
    /// When it is tried again.
    again: Instant,
}

impl Files {
    /// Appends whole lines to a file, or loses those for which there is no room.
    pub(super) fn append(&mut self, place: &Place, lines: &[u8], now: Instant) {
        if let Some(failure) = self.failing.get_mut(&place.path).filter(|failure| now < failure.again) {
            failure.lost_bytes += lines.len();
            return;
        }
        let mut left = lines;
        match self.try_append(place, &mut left) {
            Ok(()) => self.succeeded(place),
            Err(error) => self.failed(place, left.len(), now, &error),
        }
    }

    /// Opens all files again when they are next used: somebody may have moved them.
    pub(super) fn reopen(&mut self) {
        self.open.clear();
    }

    fn try_append(&mut self, place: &Place, lines: &mut &[u8]) -> io::Result<()> {
        if !self.open.contains_key(&place.path) {
            self.open.insert(place.path.clone(), LogFile::open(&place.path)?);
        }
        match self.open.get_mut(&place.path) {
            Some(file) => file.append(lines, place),
            None => Ok(()),
        }
    }

    fn succeeded(&mut self, place: &Place) {
        if self.failing.is_empty() {
            return;
        }
        if let Some(Failure { lost_bytes, .. }) = self.failing.remove(&place.path) {
            tracing::info!(file = %place.path.display(), lost_bytes, "a log is written again");
        }
    }

    fn failed(&mut self, place: &Place, lost_bytes: usize, now: Instant, error: &io::Error) {
        // Whatever is wrong with it, it may be another file by then.
        self.open.remove(&place.path);
        let again = now + LOG_PAUSE;
        if let Some(failure) = self.failing.get_mut(&place.path) {
            failure.lost_bytes += lost_bytes;
            failure.again = again;
            return;
        }
        tracing::error!(file = %place.path.display(), %error, "a log cannot be written, and output is lost");
        self.failing.insert(place.path.clone(), Failure { lost_bytes, again });
    }
}
