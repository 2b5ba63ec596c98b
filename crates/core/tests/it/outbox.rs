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
        self.0.push(zk_line(to, zxid, &format!("{reply:?}")));
    }

    fn zk_event(&mut self, event: Event<'_>) {
        self.0.push(event_line(&event));
    }

    fn zk_quota_exceeded(&mut self, excess: QuotaExcess<'_>) {
        self.0.push(excess_line(&excess));
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

/// Likewise, of ZooKeeper's protocol.
pub(crate) fn zk_line(to: ConnectionId, zxid: Zxid, reply: &str) -> String {
    format!("{}/{}: {zxid} {reply}", to.node(), to.number())
}

/// Likewise, for those who watch.
pub(crate) fn event_line(event: &Event<'_>) -> String {
    format!("event: {} {:?} {:?} {:?}", event.zxid, event.kind, event.path, event.acl)
}

/// Likewise, for those who set quotas.
pub(crate) fn excess_line(excess: &QuotaExcess<'_>) -> String {
    format!("quota: {excess:?}")
}
