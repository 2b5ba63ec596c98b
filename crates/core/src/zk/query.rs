//! What can be asked of znodes and sessions without changing them. Queries never enter the log: the node that holds
//! the connection answers them, at their place among the connection's commands.

use std::borrow::Cow;

use super::command::Zxid;

/// A question. Each gets exactly one [`Reply`](super::Reply).
///
/// Who asks is said beside it, to [`State::query_zk`](crate::State::query_zk). Watches are the server's: it keeps
/// them, and hears from the outbox what fires them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query<'a> {
    /// Replies `Data` or `Error`.
    GetData {
        /// The znode's path.
        path: Cow<'a, str>,
    },
    /// Replies `Exists` or `Error`. Needs no permission.
    Exists {
        /// The znode's path.
        path: Cow<'a, str>,
    },
    /// Replies `Children` or `Error`.
    GetChildren {
        /// The znode's path.
        path: Cow<'a, str>,
    },
    /// Replies `Children2` or `Error`.
    GetChildren2 {
        /// The znode's path.
        path: Cow<'a, str>,
    },
    /// How many znodes are below one. Replies `ChildrenNumber` or `Error`.
    GetAllChildrenNumber {
        /// The znode's path.
        path: Cow<'a, str>,
    },
    /// The ephemeral znodes of the asking session. Replies `Ephemerals`.
    GetEphemerals {
        /// What their paths must begin with; blank or `/` means any.
        prefix: Cow<'a, str>,
    },
    /// Replies `Acl` or `Error`.
    GetAcl {
        /// The znode's path.
        path: Cow<'a, str>,
    },
    /// Several questions at once. Replies `MultiRead`.
    MultiRead {
        /// The questions.
        reads: Vec<MultiRead<'a>>,
    },
    /// Replies `Synced`.
    Sync {
        /// Comes back in the reply.
        path: Cow<'a, str>,
    },
    /// Which event each watch of a client that was away would have fired meanwhile. Replies `Watches`.
    SetWatches {
        /// The last transaction that the client has seen.
        zxid: Zxid,
        /// Paths of watches for changes of data.
        data: Vec<Cow<'a, str>>,
        /// Paths of watches for creation.
        exist: Vec<Cow<'a, str>>,
        /// Paths of watches for changes among children.
        child: Vec<Cow<'a, str>>,
    },
}

/// One of several questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MultiRead<'a> {
    /// As [`Query::GetData`].
    GetData {
        /// The znode's path.
        path: Cow<'a, str>,
    },
    /// As [`Query::GetChildren`].
    GetChildren {
        /// The znode's path.
        path: Cow<'a, str>,
    },
}

impl Query<'_> {
    /// The same question, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Query<'static> {
        match self {
            Query::GetData { path } => Query::GetData { path: owned(path) },
            Query::Exists { path } => Query::Exists { path: owned(path) },
            Query::GetChildren { path } => Query::GetChildren { path: owned(path) },
            Query::GetChildren2 { path } => Query::GetChildren2 { path: owned(path) },
            Query::GetAllChildrenNumber { path } => Query::GetAllChildrenNumber { path: owned(path) },
            Query::GetEphemerals { prefix } => Query::GetEphemerals { prefix: owned(prefix) },
            Query::GetAcl { path } => Query::GetAcl { path: owned(path) },
            Query::MultiRead { reads } => {
                Query::MultiRead { reads: reads.into_iter().map(MultiRead::into_owned).collect() }
            }
            Query::Sync { path } => Query::Sync { path: owned(path) },
            Query::SetWatches { zxid, data, exist, child } => {
                let all = |paths: Vec<Cow<'_, str>>| paths.into_iter().map(owned).collect();
                Query::SetWatches { zxid, data: all(data), exist: all(exist), child: all(child) }
            }
        }
    }
}

impl MultiRead<'_> {
    fn into_owned(self) -> MultiRead<'static> {
        match self {
            MultiRead::GetData { path } => MultiRead::GetData { path: owned(path) },
            MultiRead::GetChildren { path } => MultiRead::GetChildren { path: owned(path) },
        }
    }
}

fn owned(path: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(path.into_owned())
}
