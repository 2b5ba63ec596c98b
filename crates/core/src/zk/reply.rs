//! What is answered, and what happens to znodes besides.

use std::borrow::Cow;

use super::acl::{Acl, ShownAcl};
use super::command::{Password, SessionId, Zxid};
use super::error::Error;
use super::listing::Children;

/// An answer to one connection.
#[derive(Clone, Debug)]
pub enum Reply<'a> {
    /// The connection has a session now.
    SessionOpened {
        /// The session.
        session: SessionId,
        /// Its password.
        password: Password,
        /// Its timeout in milliseconds.
        timeout_ms: u32,
    },
    /// The session to be attached is unknown or has another password, or the one to be created is there already.
    SessionRefused,
    /// Done; the session's end follows.
    SessionClosed,
    /// A znode was made.
    Created {
        /// Its path, with its number if it is sequential.
        path: &'a str,
        /// Its facts, if they were wanted.
        stat: Option<Stat>,
    },
    /// Done.
    Deleted,
    /// Done.
    DataSet {
        /// The znode's facts now.
        stat: Stat,
    },
    /// Done.
    AclSet {
        /// The znode's facts now.
        stat: Stat,
    },
    /// The znode has the version.
    Checked,
    /// All operations were carried out.
    Multi(&'a [OpResult<'a>]),
    /// No operation was carried out. Those before the one that failed would have been, those behind it were not
    /// looked at.
    MultiFailed {
        /// How many operations there are.
        count: usize,
        /// Which failed, from 0.
        failed: usize,
        /// Why.
        error: Error,
    },
    /// What was asked for was not done, and nothing has changed.
    Error(Error),
    /// A znode's data.
    Data {
        /// Its data.
        data: Option<&'a [u8]>,
        /// Its facts.
        stat: Stat,
    },
    /// A znode is there.
    Exists {
        /// Its facts.
        stat: Stat,
    },
    /// A znode's children, in the order in which they were made.
    Children(Children<'a>),
    /// Likewise, and the znode's facts.
    Children2 {
        /// The children.
        children: Children<'a>,
        /// The znode's facts.
        stat: Stat,
    },
    /// How many znodes are below one.
    ChildrenNumber(u32),
    /// The paths of a session's ephemeral znodes, in the order in which they were made.
    Ephemerals(Vec<String>),
    /// A znode's access control list.
    Acl {
        /// The list, masked for those who may not administer the znode.
        acl: ShownAcl<'a>,
        /// The znode's facts.
        stat: Stat,
    },
    /// The answers to several questions, in their order.
    MultiRead(Vec<ReadResult<'a>>),
    /// Everything before has been carried out.
    Synced {
        /// What the query said.
        path: &'a str,
    },
    /// What each watch of the query has missed, in its order.
    Watches {
        /// Of the watches for changes of data.
        data: Vec<Option<EventKind>>,
        /// Of the watches for creation.
        exist: Vec<Option<EventKind>>,
        /// Of the watches for changes among children.
        child: Vec<Option<EventKind>>,
    },
}

/// What one operation of several has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpResult<'a> {
    /// See [`Reply::Created`].
    Created {
        /// The znode's path.
        path: Cow<'a, str>,
        /// Its facts after this operation, if they were wanted.
        stat: Option<Stat>,
    },
    /// See [`Reply::Deleted`].
    Deleted,
    /// See [`Reply::DataSet`].
    DataSet {
        /// The znode's facts after this operation.
        stat: Stat,
    },
    /// See [`Reply::AclSet`].
    AclSet {
        /// The znode's facts after this operation.
        stat: Stat,
    },
    /// See [`Reply::Checked`].
    Checked,
}

/// The answer to one of several questions.
#[derive(Clone, Debug)]
pub enum ReadResult<'a> {
    /// See [`Reply::Data`].
    Data {
        /// The znode's data.
        data: Option<&'a [u8]>,
        /// Its facts.
        stat: Stat,
    },
    /// See [`Reply::Children`].
    Children(Children<'a>),
    /// See [`Reply::Error`].
    Error(Error),
}

/// A znode's facts; names and meanings are ZooKeeper's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// The transaction that made it.
    pub czxid: Zxid,
    /// The transaction that last set its data.
    pub mzxid: Zxid,
    /// When it was made, in milliseconds since 1970.
    pub ctime: i64,
    /// When its data was last set, in milliseconds since 1970.
    pub mtime: i64,
    /// How often its data was set.
    pub version: i32,
    /// How often a child was made or removed.
    pub cversion: i32,
    /// How often its access control list was set.
    pub aversion: i32,
    /// The session that it ends with, or 0; 0 also for containers and those with a TTL.
    pub ephemeral_owner: SessionId,
    /// The length of its data in bytes.
    pub data_length: i32,
    /// How many children it has.
    pub num_children: i32,
    /// The transaction that last made or removed a child.
    pub pzxid: Zxid,
}

/// Something that has happened to a znode, for those who watch it and may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What.
    pub kind: EventKind,
    /// To which znode.
    pub path: &'a str,
    /// In which transaction.
    pub zxid: Zxid,
    /// The znode's access control list: only whom it permits to read is told. [`Acl::permits`] knows.
    pub acl: Acl<'a>,
}

/// What can happen to a znode. A creation or a deletion is always followed by the parent's `ChildrenChanged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// It was made.
    Created,
    /// It was removed.
    Deleted,
    /// Its data was set.
    DataChanged,
    /// A child was made or removed.
    ChildrenChanged,
}

/// A quota that is exceeded although it is one, because it is soft or not enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaExcess<'a> {
    /// The znode that the quota is for.
    pub path: &'a str,
    /// Of what there is too much.
    pub resource: QuotaResource,
    /// How much there is.
    pub found: i64,
    /// How much there may be.
    pub limit: i64,
    /// Whether the quota is a hard one.
    pub hard: bool,
}

/// What a quota limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaResource {
    /// How many znodes there are.
    Znodes,
    /// The bytes of their data.
    Bytes,
}
