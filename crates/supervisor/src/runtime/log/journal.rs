//! The newest output of one program, for those who ask for it, and those who follow it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::config::Log;
use crate::limits::{LOG_FOLLOWED_BLOCKS_MAX, LOG_RECENT_BYTES_MAX};

/// One program's output.
#[derive(Debug)]
pub(super) struct Journal {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// What the file says about it now.
    settings: Arc<Log>,
    /// Whole lines; it grows with what comes.
    recent: VecDeque<u8>,
    followers: Option<broadcast::Sender<Arc<[u8]>>>,
}

impl Journal {
    pub(super) fn new(settings: Log) -> Journal {
        let inner = Inner { settings: Arc::new(settings), recent: VecDeque::new(), followers: None };
        Journal { inner: Mutex::new(inner) }
    }

    /// What holds from now on, for running processes, too.
    pub(super) fn change(&self, settings: &Log) {
        let mut inner = self.lock();
        if *inner.settings != *settings {
            inner.settings = Arc::new(settings.clone());
        }
    }

    pub(super) fn settings(&self) -> Arc<Log> {
        Arc::clone(&self.lock().settings)
    }

    /// Notes lines that were written.
    pub(super) fn note(&self, lines: &[u8]) {
        let inner = &mut *self.lock();
        inner.recent.extend(lines);
        if let Some(excess) =
            inner.recent.len().checked_sub(LOG_RECENT_BYTES_MAX).filter(|excess| *excess > 0)
        {
            let end = inner.recent.iter().skip(excess).position(|byte| *byte == b'\n');
            inner.recent.drain(..end.map_or(inner.recent.len(), |end| excess + end + 1));
        }
        if let Some(followers) = &inner.followers
            && followers.send(lines.into()).is_err()
        {
            inner.followers = None;
        }
    }

    /// The newest lines, so many at most, and what comes after them.
    pub(super) fn read(&self, lines_max: usize) -> (Vec<u8>, broadcast::Receiver<Arc<[u8]>>) {
        let inner = &mut *self.lock();
        let recent = inner.recent.make_contiguous();
        let ends =
            recent.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place);
        let begin = ends.map(|place| place + 1).nth(lines_max).unwrap_or(0);
        let newest = recent[begin..].to_vec();
        let followers = inner.followers.get_or_insert_with(|| broadcast::channel(LOG_FOLLOWED_BLOCKS_MAX).0);
        (newest, followers.subscribe())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogTarget;

    #[test]
    fn the_newest_lines_are_kept() {
        let journal = Journal::new(Log { target: LogTarget::Standard, prefix: String::new() });
        let newest = |lines| String::from_utf8(journal.read(lines).0).expect("text");
        assert_eq!(newest(10), "");
        journal.note(b"one\ntwo\n");
        assert_eq!((newest(0).as_str(), newest(1).as_str(), newest(2).as_str()), ("", "two\n", "one\ntwo\n"));
        let long = [vec![b'x'; LOG_RECENT_BYTES_MAX - 6], vec![b'\n']].concat();
        journal.note(&long);
        assert!(newest(9).starts_with("two\nxxx"));
        journal.note(b"end\n");
        assert_eq!(newest(9), format!("{}end\n", String::from_utf8(long).expect("text")));
    }
}
