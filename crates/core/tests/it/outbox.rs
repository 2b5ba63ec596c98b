//! An outbox that keeps everything as lines.

use trellis_core::tube::Reply;
use trellis_core::zk::{self, Event, QuotaExcess, SessionId, Zxid};
use trellis_core::{ConnectionId, Outbox};

/// What has come out, as `connection: reply`.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) Vec<String>);

impl Outbox for Lines {
    fn tube(&mut self, to: ConnectionId, reply: Reply<'_>) {
        self.0.push(line(to, &reply));
    }

    fn zk(&mut self, to: ConnectionId, zxid: Zxid, reply: zk::Reply<'_>) {
        self.0.push(format!("{}/{}: {zxid} {reply:?}", to.node(), to.number()));
    }

    fn zk_event(&mut self, event: Event<'_>) {
        self.0.push(format!("event: {} {:?} {:?}", event.zxid, event.kind, event.path));
    }

    fn zk_quota_exceeded(&mut self, excess: QuotaExcess<'_>) {
        self.0.push(format!("{excess:?}"));
    }

    fn zk_connection_lost(&mut self, session: SessionId, connection: ConnectionId) {
        self.0.push(format!("{}/{}: lost {session}", connection.node(), connection.number()));
    }

    fn zk_session_ended(&mut self, session: SessionId, connection: Option<ConnectionId>) {
        self.0.push(format!("ended: {session} {connection:?}"));
    }
}

/// One line of an outbox.
pub(crate) fn line(to: ConnectionId, reply: &Reply<'_>) -> String {
    format!("{}/{}: {reply:?}", to.node(), to.number())
}
