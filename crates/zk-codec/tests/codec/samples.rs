//! One of every request and reply, made of given parts.

use trellis_zk_codec::{
    Acl, AddWatchMode, ClientInfo, Create, CreateMode, ErrorCode, List, Op, Operation, OperationResult,
    ReadOperation, Reply, Request, Stat, WatcherKind,
};

/// What samples are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) path: &'a str,
    pub(crate) data: Option<&'a [u8]>,
    pub(crate) number: i32,
    pub(crate) long: i64,
    pub(crate) flag: bool,
    pub(crate) mode: CreateMode,
    pub(crate) code: ErrorCode,
    pub(crate) acl: &'a [Acl<'a>],
    pub(crate) paths: &'a [&'a str],
    pub(crate) stat: Stat,
}

impl<'a> Parts<'a> {
    fn create(&self) -> Create<'a> {
        Create { path: self.path, data: self.data, acl: List::from(self.acl), mode: self.mode }
    }
}

/// One of every operation of a multi.
pub(crate) fn operations<'a>(parts: &Parts<'a>) -> Vec<Operation<'a>> {
    let Parts { path, data, number: version, long, .. } = *parts;
    let create = parts.create();
    vec![
        Operation::Create(create),
        Operation::Create2(create),
        Operation::CreateContainer(create),
        Operation::CreateTtl { create, ttl_ms: long },
        Operation::Delete { path, version },
        Operation::SetData { path, data, version },
        Operation::Check { path, version },
        Operation::Modeless { op: Op::Create, flags: 7 },
        Operation::Modeless { op: Op::CreateTtl, flags: -1 },
    ]
}

/// One of every operation of a multi of reads.
pub(crate) fn reads<'a>(parts: &Parts<'a>) -> Vec<ReadOperation<'a>> {
    let path = parts.path;
    vec![ReadOperation::GetData { path }, ReadOperation::GetChildren { path }]
}

/// One of every result of a multi.
pub(crate) fn results<'a>(parts: &Parts<'a>) -> Vec<OperationResult<'a>> {
    let Parts { path, data, stat, code, .. } = *parts;
    vec![
        OperationResult::Create { path },
        OperationResult::Create2 { path, stat },
        OperationResult::Delete,
        OperationResult::SetData { stat },
        OperationResult::Check,
        OperationResult::GetData { data, stat },
        OperationResult::GetChildren { children: List::from(parts.paths) },
        OperationResult::Error(code),
        OperationResult::Undone,
    ]
}

/// One of every request.
pub(crate) fn requests<'a>(
    parts: &Parts<'a>,
    operations: &'a [Operation<'a>],
    reads: &'a [ReadOperation<'a>],
) -> Vec<Request<'a>> {
    let Parts { path, data, number, long, flag: watch, .. } = *parts;
    let (create, acl, paths) = (parts.create(), List::from(parts.acl), List::from(parts.paths));
    let (text, token) = (data.and(Some(path)), data.unwrap_or_default());
    vec![
        Request::Create(create),
        Request::Create2(create),
        Request::CreateContainer(create),
        Request::CreateTtl { create, ttl_ms: long },
        Request::Delete { path, version: number },
        Request::Exists { path, watch },
        Request::GetData { path, watch },
        Request::SetData { path, data, version: number },
        Request::GetAcl { path },
        Request::SetAcl { path, acl, version: number },
        Request::GetChildren { path, watch },
        Request::GetChildren2 { path, watch },
        Request::Sync { path },
        Request::Ping,
        Request::Check { path, version: number },
        Request::Multi(operations.into()),
        Request::MultiRead(reads.into()),
        Request::Reconfig { joining: text, leaving: None, members: text, config: long },
        Request::CheckWatches { path, kind: WatcherKind::Children },
        Request::RemoveWatches { path, kind: WatcherKind::Any },
        Request::Auth { kind: number, scheme: path, credentials: data },
        Request::SetWatches { zxid: long, data: paths, exist: List::EMPTY, child: paths },
        Request::SetWatches2 {
            zxid: long,
            data: List::EMPTY,
            exist: paths,
            child: paths,
            persistent: paths,
            persistent_recursive: List::EMPTY,
        },
        Request::Sasl { token },
        Request::GetEphemerals { prefix: path },
        Request::GetAllChildrenNumber { path },
        Request::AddWatch { path, mode: AddWatchMode::PersistentRecursive },
        Request::WhoAmI,
        Request::CloseSession,
    ]
}

/// One of every reply, with a request that is answered so.
pub(crate) fn replies<'a>(
    parts: &Parts<'a>,
    results: &'a [OperationResult<'a>],
    clients: &'a [ClientInfo<'a>],
) -> Vec<(Op, Reply<'a>)> {
    let Parts { path, data, number, stat, .. } = *parts;
    let children = List::from(parts.paths);
    vec![
        (Op::Delete, Reply::Empty),
        (Op::Create, Reply::Path { path }),
        (Op::CreateTtl, Reply::PathAndStat { path, stat }),
        (Op::Exists, Reply::Stat(stat)),
        (Op::GetData, Reply::Data { data, stat }),
        (Op::GetAcl, Reply::Acl { acl: List::from(parts.acl), stat }),
        (Op::GetChildren, Reply::Children { children }),
        (Op::GetChildren2, Reply::ChildrenAndStat { children, stat }),
        (Op::GetAllChildrenNumber, Reply::Count(number)),
        (Op::Multi, Reply::Results(results.into())),
        (Op::AddWatch, Reply::Code(number)),
        (Op::Sasl, Reply::Token(data)),
        (Op::WhoAmI, Reply::Clients(clients.into())),
    ]
}
