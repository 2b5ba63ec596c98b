//! How much of requests is kept until their rest has come, of all clients together.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::limits::{FRAME_BYTES_OF_CLIENT_GRANTED, FRAME_BYTES_UNFINISHED_TOTAL_MAX, FRAMES_UNFINISHED_MIN};

/// The memory of unfinished requests.
pub(super) struct Unfinished {
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl Unfinished {
    /// Of requests that may have so many bytes each.
    pub(super) fn new(frame_bytes_max: u32) -> Self {
        let some = FRAMES_UNFINISHED_MIN * frame_bytes_max as usize;
        Unfinished { bytes: AtomicUsize::new(0), bytes_max: some.max(FRAME_BYTES_UNFINISHED_TOTAL_MAX) }
    }

    /// Notes that a client has `to` bytes instead of `from`. False if that is too much.
    pub(super) fn change(&self, from: usize, to: usize) -> bool {
        // The order keeps it from falling below nothing.
        let all = self.bytes.fetch_add(to, Relaxed) + to - from;
        self.bytes.fetch_sub(from, Relaxed);
        to <= from || to <= FRAME_BYTES_OF_CLIENT_GRANTED || all <= self.bytes_max
    }

    /// What all clients may have.
    pub(super) fn bytes_max(&self) -> usize {
        self.bytes_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whoever_adds_much_to_too_much_is_refused() {
        let max = FRAME_BYTES_UNFINISHED_TOTAL_MAX;
        let unfinished = Unfinished::new(1 << 20);
        assert!(unfinished.change(0, max));
        assert!(!unfinished.change(0, FRAME_BYTES_OF_CLIENT_GRANTED + 1));
        assert!(unfinished.change(FRAME_BYTES_OF_CLIENT_GRANTED + 1, FRAME_BYTES_OF_CLIENT_GRANTED));
        assert!(unfinished.change(0, FRAME_BYTES_OF_CLIENT_GRANTED), "so much is everybody's");
        assert!(unfinished.change(max, max - 1), "this is less than before");
        assert!(unfinished.change(max - 1, 0));
        assert!(unfinished.change(0, max / 2));
    }

    #[test]
    fn a_few_of_the_largest_requests_fit() {
        let unfinished = Unfinished::new(1 << 29);
        assert!((0..FRAMES_UNFINISHED_MIN).all(|_| unfinished.change(0, 1 << 29)));
        assert!(!unfinished.change(0, 1 << 29));
    }
}
