//! Requests as types.

mod decode;
mod encode;

pub use decode::RequestError;
pub(crate) use encode::{write_path_and_number, write_set_data};

use crate::acl::Acl;
use crate::list::List;
use crate::multi::{Operation, ReadOperation};
use crate::numbers::{AddWatchMode, CreateMode, Op, WatcherKind};

/// One request of a client.
///
/// A server reads requests with [`Request::decode`]; a client writes them with [`Request::encode`]. Paths are as
/// they were sent, and may be no paths at all; a null one is read as an empty one where the real server takes it. A `version` of -1 fits every version; `watch` asks to be told of
/// the next change.
///
/// ```
/// use trellis_zk_codec::{Request, take_frame};
///
/// let request = Request::GetData { path: "/a", watch: true };
/// let mut out = Vec::new();
/// request.encode(7, &mut out);
/// assert_eq!(out, b"\0\0\0\x0f\0\0\0\x07\0\0\0\x04\0\0\0\x02/a\x01");
///
/// let frame = take_frame(&mut out.as_slice(), 100)?.unwrap();
/// assert_eq!(Request::decode(frame), Ok((7, request)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants and fields are the protocol's words")]
pub enum Request<'a> {
    /// Answered with [`Reply::Path`](crate::Reply::Path).
    Create(Create<'a>),
    /// As [`Self::Create`], answered with [`Reply::PathAndStat`](crate::Reply::PathAndStat).
    Create2(Create<'a>),
    /// As [`Self::Create2`].
    CreateContainer(Create<'a>),
    /// As [`Self::Create2`].
    CreateTtl {
        create: Create<'a>,
        ttl_ms: i64,
    },
    Delete {
        path: &'a str,
        version: i32,
    },
    Exists {
        path: &'a str,
        watch: bool,
    },
    GetData {
        path: &'a str,
        watch: bool,
    },
    SetData {
        path: &'a str,
        data: Option<&'a [u8]>,
        version: i32,
    },
    GetAcl {
        path: &'a str,
    },
    SetAcl {
        path: &'a str,
        acl: List<'a, Acl<'a>>,
        version: i32,
    },
    GetChildren {
        path: &'a str,
        watch: bool,
    },
    /// As [`Self::GetChildren`], answered with the stat, too.
    GetChildren2 {
        path: &'a str,
        watch: bool,
    },
    Sync {
        path: &'a str,
    },
    Ping,
    Check {
        path: &'a str,
        version: i32,
    },
    /// All or nothing.
    Multi(List<'a, Operation<'a>>),
    /// Each for itself.
    MultiRead(List<'a, ReadOperation<'a>>),
    /// Changes the members: some, by `joining` and `leaving`, or all, by `members`.
    Reconfig {
        joining: Option<&'a str>,
        leaving: Option<&'a str>,
        members: Option<&'a str>,
        config: i64,
    },
    CheckWatches {
        path: &'a str,
        kind: WatcherKind,
    },
    RemoveWatches {
        path: &'a str,
        kind: WatcherKind,
    },
    /// Adds an identity to the connection. Clients send 0 as `kind`, which means nothing.
    Auth {
        kind: i32,
        scheme: &'a str,
        credentials: Option<&'a [u8]>,
    },
    /// Sets watches again after a reconnection, and asks for the events since `zxid`.
    SetWatches {
        zxid: i64,
        data: List<'a, &'a str>,
        exist: List<'a, &'a str>,
        child: List<'a, &'a str>,
    },
    /// As [`Self::SetWatches`], with those of `addWatch`.
    SetWatches2 {
        zxid: i64,
        data: List<'a, &'a str>,
        exist: List<'a, &'a str>,
        child: List<'a, &'a str>,
        persistent: List<'a, &'a str>,
        persistent_recursive: List<'a, &'a str>,
    },
    Sasl {
        token: &'a [u8],
    },
    /// Lists the session's ephemeral nodes below `prefix`; all, if it is empty or null.
    GetEphemerals {
        prefix: &'a str,
    },
    GetAllChildrenNumber {
        path: &'a str,
    },
    AddWatch {
        path: &'a str,
        mode: AddWatchMode,
    },
    WhoAmI,
    CloseSession,
}

/// What all ways of creating a node have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Create<'a> {
    /// The node; a sequential one gets a number behind it.
    pub path: &'a str,
    /// Its data. Null is not the same as empty: it is given back as null.
    pub data: Option<&'a [u8]>,
    /// Who may do what with it.
    pub acl: List<'a, Acl<'a>>,
    /// What it is to be. Any mode may come with any operation.
    pub mode: CreateMode,
}

impl Request<'_> {
    /// The kind of this request.
    pub fn op(&self) -> Op {
        match self {
            Self::Create(_) => Op::Create,
            Self::Create2(_) => Op::Create2,
            Self::CreateContainer(_) => Op::CreateContainer,
            Self::CreateTtl { .. } => Op::CreateTtl,
            Self::Delete { .. } => Op::Delete,
            Self::Exists { .. } => Op::Exists,
            Self::GetData { .. } => Op::GetData,
            Self::SetData { .. } => Op::SetData,
            Self::GetAcl { .. } => Op::GetAcl,
            Self::SetAcl { .. } => Op::SetAcl,
            Self::GetChildren { .. } => Op::GetChildren,
            Self::GetChildren2 { .. } => Op::GetChildren2,
            Self::Sync { .. } => Op::Sync,
            Self::Ping => Op::Ping,
            Self::Check { .. } => Op::Check,
            Self::Multi(_) => Op::Multi,
            Self::MultiRead(_) => Op::MultiRead,
            Self::Reconfig { .. } => Op::Reconfig,
            Self::CheckWatches { .. } => Op::CheckWatches,
            Self::RemoveWatches { .. } => Op::RemoveWatches,
            Self::Auth { .. } => Op::Auth,
            Self::SetWatches { .. } => Op::SetWatches,
            Self::SetWatches2 { .. } => Op::SetWatches2,
            Self::Sasl { .. } => Op::Sasl,
            Self::GetEphemerals { .. } => Op::GetEphemerals,
            Self::GetAllChildrenNumber { .. } => Op::GetAllChildrenNumber,
            Self::AddWatch { .. } => Op::AddWatch,
            Self::WhoAmI => Op::WhoAmI,
            Self::CloseSession => Op::CloseSession,
        }
    }
}
