//! The way out of the state machine on this node: each protocol makes bytes of its replies, and here they are sent, one
//! write a connection.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use trellis_core::{ConnectionId, Outbox, tube, zk};
use trellis_replica::Deliver;

use crate::connections::Connections;
use crate::limits::{INLINE_WRITES_MAX, LATER_WRITES_AT_ONCE, REPLY_BYTES_GATHERED_MAX};
use crate::outgoing::Outgoing;
use crate::tube::TubeReplies;
use crate::zk::ZkReplies;

/// Takes what the state machine gives out.
pub(crate) struct Outlet {
    pub(crate) connections: Arc<Connections>,
    pub(crate) tube: TubeReplies,
    pub(crate) zk: ZkReplies,
    pub(crate) touched: Touched,
}

/// Connections that there is something for.
pub(crate) struct Touched {
    /// Those with replies, which are not to wait for the others.
    answered: Vec<Arc<Outgoing>>,
    /// Those with news, some of which may have been answered as well.
    told: Vec<Arc<Outgoing>>,
    /// Bytes of memory that was taken for it.
    gathered: usize,
    /// Replies and events that were ever added, and the bytes of the last one, for statistics.
    pub(crate) packets: u64,
    pub(crate) last_bytes: usize,
    later: UnboundedSender<Arc<Outgoing>>,
}

/// Connections that are written to later. When one event goes to thousands, others get their turns in between.
pub(crate) struct Later(UnboundedReceiver<Arc<Outgoing>>);

impl Later {
    pub(crate) async fn run(mut self) {
        let mut some = Vec::new();
        while self.0.recv_many(&mut some, LATER_WRITES_AT_ONCE).await > 0 {
            some.drain(..).for_each(|outgoing| outgoing.complete());
            tokio::task::yield_now().await;
        }
    }
}

impl Touched {
    pub(crate) fn new() -> (Touched, Later) {
        let (later, receiver) = unbounded_channel();
        let touched =
            Touched { answered: Vec::new(), told: Vec::new(), gathered: 0, packets: 0, last_bytes: 0, later };
        (touched, Later(receiver))
    }

    /// Appends to what there is for a connection; `awaited` if a request awaits it.
    pub(crate) fn add(&mut self, outgoing: &Arc<Outgoing>, awaited: bool, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = 0;
        let first = outgoing.add(awaited, |out| {
            let (length, capacity) = (out.len(), out.capacity());
            encode(out);
            // An answer that was refused when it was there has left its room behind.
            bytes = out.len().saturating_sub(length).max(out.capacity().saturating_sub(capacity));
        });
        if first {
            let touched = if awaited { &mut self.answered } else { &mut self.told };
            touched.push(Arc::clone(outgoing));
        }
        self.packets += 1;
        self.last_bytes = bytes;
        self.gathered += bytes;
        if self.gathered >= REPLY_BYTES_GATHERED_MAX {
            self.send();
        }
    }

    fn send(&mut self) {
        self.gathered = 0;
        for (number, outgoing) in self.answered.drain(..).chain(self.told.drain(..)).enumerate() {
            if number < INLINE_WRITES_MAX {
                outgoing.complete();
                continue;
            }
            outgoing.postpone();
            if let Err(unsent) = self.later.send(outgoing) {
                unsent.0.complete();
            }
        }
    }
}

impl Outbox for Outlet {
    fn tube(&mut self, to: ConnectionId, reply: tube::Reply<'_>) {
        self.tube.reply(to, &reply, &mut self.touched);
    }

    fn zk(&mut self, to: ConnectionId, zxid: zk::Zxid, reply: zk::Reply<'_>) {
        self.zk.reply(to, zxid, &reply, &mut self.touched);
    }

    fn zk_event(&mut self, event: zk::Event<'_>) {
        self.zk.event(event, &mut self.touched);
    }

    fn zk_quota_exceeded(&mut self, excess: zk::QuotaExcess<'_>) {
        self.zk.quota_exceeded(excess);
    }

    fn zk_connection_lost(&mut self, _session: zk::SessionId, connection: ConnectionId) {
        self.zk.hang_up(connection);
    }

    fn zk_session_ended(&mut self, session: zk::SessionId, connection: Option<ConnectionId>) {
        self.zk.session_ended(session, connection);
    }
}

impl Deliver for Outlet {
    fn flush(&mut self) {
        self.touched.send();
        self.zk.count();
        self.connections.make_room_for_replies();
    }

    fn refuse(&mut self, to: ConnectionId) {
        self.tube.refuse(to, &mut self.touched);
    }

    fn refuse_zk(&mut self, to: ConnectionId) {
        self.zk.refuse(to, &mut self.touched);
    }
}
