//! What can change znodes and sessions.

use super::acl::{Acl, Identities};
use super::error::Error;

/// A session's name: chosen by the server at random, never 0, never used again.
pub type SessionId = i64;

/// The running number of a transaction, counted from 1. One that is refused uses one up, too.
pub type Zxid = i64;

/// A session's password.
pub type Password = [u8; 16];

/// A command of ZooKeeper's protocol. Each gets exactly one [`Reply`](super::Reply), except where said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Begins a session, and makes this connection its connection. Replies `SessionOpened`, or `SessionRefused` if
    /// the id is taken, or 0.
    CreateSession {
        /// The new session.
        session: SessionId,
        /// What the client has to show when it comes back.
        password: Password,
        /// After so many milliseconds without a word of its client it is to expire.
        timeout_ms: u32,
    },
    /// Makes this connection the one of a session that exists. The connection that it had is told that it lost the
    /// session, even if the password is wrong. Replies `SessionOpened` or `SessionRefused`. Uses up no zxid.
    AttachSession {
        /// The session.
        session: SessionId,
        /// What the client shows.
        password: &'a [u8],
        /// Replaces the session's timeout.
        timeout_ms: u32,
    },
    /// Ends this connection's session and deletes its ephemeral znodes. Replies `SessionClosed`.
    CloseSession,
    /// Ends a session whose client hasn't been heard of, whoever's connection says so. No reply; does nothing if
    /// there is no such session.
    ExpireSession {
        /// The session.
        session: SessionId,
    },
    /// One operation. Replies what the operation says, or `Error`.
    Op {
        /// What to do.
        op: Op<'a>,
        /// Who asks.
        identities: Identities<'a>,
        /// Whether hard quotas are enforced.
        enforce_quota: bool,
    },
    /// Several operations, all of them or none. Replies `Multi` or `MultiFailed`.
    Multi {
        /// What to do, in this order.
        ops: Vec<Op<'a>>,
        /// Who asks.
        identities: Identities<'a>,
        /// Whether hard quotas are enforced.
        enforce_quota: bool,
    },
    /// A write that the server itself has refused, for it uses up a zxid too. Replies `Error`.
    Refuse {
        /// Why.
        error: Error,
    },
}

/// An operation that changes znodes. Paths come as the client sent them, and are judged here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Makes a znode. Replies `Created`.
    Create {
        /// Its path; for a sequential one without the number.
        path: &'a str,
        /// Its data.
        data: Option<&'a [u8]>,
        /// Its access control list.
        acl: Acl<'a>,
        /// What ends it.
        mode: CreateMode,
        /// Whether the parent's count of creations, as ten digits, is appended to the path.
        sequential: bool,
        /// Whether the reply is to tell the new znode's facts.
        want_stat: bool,
    },
    /// Removes a znode without children. Replies `Deleted`.
    Delete {
        /// Its path.
        path: &'a str,
        /// The version that it must have, or -1.
        version: i32,
    },
    /// Replaces a znode's data. Replies `DataSet`.
    SetData {
        /// Its path.
        path: &'a str,
        /// The new data.
        data: Option<&'a [u8]>,
        /// The version that it must have, or -1.
        version: i32,
    },
    /// Replaces a znode's access control list. Replies `AclSet`.
    SetAcl {
        /// Its path.
        path: &'a str,
        /// The new list.
        acl: Acl<'a>,
        /// The version that its list must have, or -1.
        version: i32,
    },
    /// Makes sure that a znode has a version. Replies `Checked`.
    Check {
        /// Its path.
        path: &'a str,
        /// The version that it must have, or -1.
        version: i32,
    },
    /// Fails, since the server itself has refused it; in a multi, what fails before it comes first.
    Refuse {
        /// Why.
        error: Error,
    },
}

/// What ends a znode, besides a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateMode {
    /// Nothing.
    Persistent,
    /// The end of the session that made it. It can't have children.
    Ephemeral,
    /// The loss of its last child; it is removed about a minute later.
    Container,
    /// Its age, while it has no children.
    Ttl {
        /// Milliseconds since its data was last set: 1 to 2^40 - 1, anything else is refused.
        ttl_ms: i64,
    },
}
