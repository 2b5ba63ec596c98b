//! The one way in and the one way out of the state machine, as types.

use crate::{tube, zk};

/// A node of the cluster. A single server is node 1.
pub type NodeId = u16;

/// A client's connection, named by the node that holds it and that node's running number.
///
/// Packed in 64 bits: 16 of the node, 48 of the number, so that it sorts by node first. A node's numbers start
/// again at 1 when the node starts again, after [`Command::CloseNode`] has closed its old connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// The largest number a connection can have.
    pub const NUMBER_MAX: u64 = (1 << 48) - 1;

    /// Names connection `number` of `node`. Bits of `number` above [`Self::NUMBER_MAX`] are dropped.
    #[must_use]
    pub const fn new(node: NodeId, number: u64) -> Self {
        ConnectionId((node as u64) << 48 | number & Self::NUMBER_MAX)
    }

    /// The node that holds the connection.
    #[must_use]
    pub const fn node(self) -> NodeId {
        (self.0 >> 48) as NodeId
    }

    /// The node's running number for the connection.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 & Self::NUMBER_MAX
    }

    /// The packed form, as the log keeps it.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The reverse of [`Self::to_bits`]; every value is valid.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        ConnectionId(bits)
    }
}

/// Everything that can change the state, of every protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Nothing but the passing of time: fires what is due.
    Tick,
    /// A node has started, or has been given up: closes all connections that it held.
    CloseNode {
        /// The node whose connections end.
        node: NodeId,
    },
    /// A command of the work queue.
    Tube {
        /// Who asks.
        connection: ConnectionId,
        /// What is asked.
        command: tube::Command<'a>,
    },
    /// A command of ZooKeeper's protocol.
    Zk {
        /// Who asks.
        connection: ConnectionId,
        /// What is asked.
        command: zk::Command<'a>,
    },
}

/// Receives the consequences of commands, in the order in which they were produced.
///
/// The implementation sees every connection's consequences on every node, and drops those of connections that
/// are not its own. It must not block and cannot fail: what cannot be delivered is the connection's trouble.
pub trait Outbox {
    /// A reply to `to`, or a job or a time-out for a reservation it was waiting for.
    fn tube(&mut self, to: ConnectionId, reply: tube::Reply<'_>);

    /// A reply of ZooKeeper's protocol to `to`, and the last transaction when it was given.
    fn zk(&mut self, to: ConnectionId, zxid: zk::Zxid, reply: zk::Reply<'_>);

    /// Something has happened to a znode. Comes before the reply to the command that has caused it.
    fn zk_event(&mut self, event: zk::Event<'_>);

    /// A quota is exceeded, and the write that has done so was carried out nevertheless. Comes before its reply.
    fn zk_quota_exceeded(&mut self, excess: zk::QuotaExcess<'_>);

    /// A session has another connection now; this one had it and is to be closed.
    fn zk_connection_lost(&mut self, session: zk::SessionId, connection: ConnectionId);

    /// A session is over, closed or expired. The connection that it had, if it had one, is to be closed.
    fn zk_session_ended(&mut self, session: zk::SessionId, connection: Option<ConnectionId>);
}
