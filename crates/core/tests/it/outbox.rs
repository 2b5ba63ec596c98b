//! An outbox that keeps everything as lines.

use trellis_core::{ConnectionId, Outbox, tube::Reply};

/// What has come out, as `connection: reply`.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) Vec<String>);

impl Outbox for Lines {
    fn tube(&mut self, to: ConnectionId, reply: Reply<'_>) {
        self.0.push(line(to, &reply));
    }
}

/// One line of an outbox.
pub(crate) fn line(to: ConnectionId, reply: &Reply<'_>) -> String {
    format!("{}/{}: {reply:?}", to.node(), to.number())
}
