//! The messages on their way to a thread that writes them. Whoever has a message never waits; what finds no room is left
//! out, and counted. Nothing here knows what they say.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The bytes of messages that wait, at most: far more than there are unless nobody reads them.
pub(super) const MESSAGES_BYTES_MAX: usize = 1 << 20;

/// One thing to write.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A message.
    Message(Vec<u8>),
    /// So many messages are left out here.
    LeftOut(u64),
}

/// The queue.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something has come, or everything is written.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Those that have found no room since the last that has.
    left_out: u64,
    /// The thread has an entry that is not yet written.
    writing: bool,
}

impl State {
    fn is_written(&self) -> bool {
        self.entries.is_empty() && self.left_out == 0 && !self.writing
    }

    /// Marks the gap, if there is one.
    fn close_gap(&mut self) {
        if self.left_out > 0 {
            let left_out = std::mem::take(&mut self.left_out);
            self.entries.push_back(Entry::LeftOut(left_out));
        }
    }
}

impl Queue {
    /// Hands a message over, or leaves it out.
    pub(super) fn push(&self, message: &[u8]) {
        let mut state = self.lock();
        if state.bytes + message.len() > MESSAGES_BYTES_MAX {
            state.left_out += 1;
        } else {
            state.close_gap();
            state.bytes += message.len();
            state.entries.push_back(Entry::Message(message.to_vec()));
        }
        drop(state);
        self.changed.notify_all();
    }

    /// The next entry, as soon as there is one; the one before is written.
    pub(super) fn next(&self) -> Entry {
        let mut state = self.lock();
        state.writing = false;
        if state.is_written() {
            self.changed.notify_all();
        }
        loop {
            if state.entries.is_empty() {
                state.close_gap();
            }
            if let Some(entry) = state.entries.pop_front() {
                if let Entry::Message(message) = &entry {
                    state.bytes -= message.len();
                }
                state.writing = true;
                return entry;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until everything is written, at most so long; whether it is.
    pub(super) fn flush(&self, timeout: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, |state| !state.is_written());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_written()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted_in_its_place() {
        let queue = Queue::default();
        let half = vec![b'x'; MESSAGES_BYTES_MAX / 2];
        queue.push(&half);
        queue.push(&half);
        (0..3).for_each(|_| queue.push(b"too many"));
        assert_eq!(queue.next(), Entry::Message(half.clone()));
        queue.push(b"fits");
        assert_eq!(queue.next(), Entry::Message(half));
        assert_eq!(queue.next(), Entry::LeftOut(3));
        assert_eq!(queue.next(), Entry::Message(b"fits".to_vec()));
        // Larger than the queue; what is left out last is told, too.
        queue.push(&vec![b'x'; MESSAGES_BYTES_MAX + 1]);
        assert_eq!(queue.next(), Entry::LeftOut(1));
    }

    #[test]
    fn the_end_waits_for_what_is_not_written() {
        let queue = Queue::default();
        assert!(queue.flush(Duration::ZERO));
        queue.push(b"one");
        assert!(!queue.flush(Duration::from_millis(1)));
        assert_eq!(queue.next(), Entry::Message(b"one".to_vec()));
        assert!(!queue.flush(Duration::from_millis(1)), "it was taken, and may not be written");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                queue.push(b"two");
                assert_eq!(queue.next(), Entry::Message(b"two".to_vec()));
                queue.push(b"the last");
                queue.next();
                // It waits for one more, which says that all before is written.
                assert_eq!(queue.next(), Entry::Message(b"end".to_vec()));
            });
            while !queue.flush(Duration::from_secs(30)) {}
            queue.push(b"end");
        });
    }
}
