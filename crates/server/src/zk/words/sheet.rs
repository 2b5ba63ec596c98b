//! Where an answer is written: given to the connection in pieces.

use std::fmt::{Display, Write};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::limits::{WORD_PIECE_BYTES, WORD_PIECE_ITEMS};
use crate::outgoing::Outgoing;

/// The part of an answer that is not given away yet.
pub(super) struct Sheet {
    outgoing: Arc<Outgoing>,
    text: String,
    items: usize,
}

impl Sheet {
    pub(super) fn new(outgoing: Arc<Outgoing>) -> Self {
        Sheet { outgoing, text: String::new(), items: 0 }
    }

    pub(super) fn text(&mut self, text: impl Display) {
        // Writing to a string does not fail.
        let _ = write!(self.text, "{text}");
    }

    pub(super) fn line(&mut self, line: impl Display) {
        self.text(line);
        self.text.push('\n');
    }

    /// Counts something that was looked at. False if a pause is to be made before the next.
    pub(super) fn has_room(&mut self) -> bool {
        self.items += 1;
        self.items < WORD_PIECE_ITEMS && self.text.len() < WORD_PIECE_BYTES
    }

    /// Waits until others have had a turn. If there is much, gives it away and waits until the client has taken it; a short
    /// answer stays in one piece, since some clients read but once.
    pub(super) async fn pause(&mut self) {
        self.items = 0;
        tokio::task::yield_now().await;
        if self.text.len() < WORD_PIECE_BYTES {
            return;
        }
        self.give();
        // The connection's task sends what is left and comes back then.
        let sent = || self.outgoing.lock().unsent() == 0;
        poll_fn(|_| if sent() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Gives away the rest.
    pub(super) fn finish(&mut self) {
        self.give();
    }

    fn give(&mut self) {
        if !self.text.is_empty() {
            self.outgoing.lock().answer(|out| out.extend_from_slice(self.text.as_bytes()));
            self.outgoing.send();
            self.text.clear();
        }
    }
}
