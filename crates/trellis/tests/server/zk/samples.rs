//! One request of each kind, for tests that damage requests.

use trellis_zk_codec::{
    Acl, AddWatchMode, Create, CreateMode, List, Operation, ReadOperation, Request, WatcherKind,
};

const CREATE: Create<'static> =
    Create { path: "/sample", data: Some(b"data"), acl: List::EMPTY, mode: CreateMode::Persistent };

/// All kinds but those that begin or end something: `auth`, `sasl` and `closeSession`.
pub(crate) fn requests() -> Vec<Request<'static>> {
    const OPEN: &[Acl<'static>] = &[Acl::OPEN];
    const PATHS: &[&str] = &["/a", "/b"];
    const OPERATIONS: &[Operation<'static>] = &[
        Operation::Create(CREATE),
        Operation::CreateTtl { create: CREATE, ttl_ms: 1000 },
        Operation::SetData { path: "/sample", data: None, version: -1 },
        Operation::Check { path: "/sample", version: 1 },
        Operation::Delete { path: "/sample", version: -1 },
    ];
    const READS: &[ReadOperation<'static>] =
        &[ReadOperation::GetData { path: "/" }, ReadOperation::GetChildren { path: "/" }];
    let (create, paths) = (Create { acl: List::from(OPEN), ..CREATE }, List::from(PATHS));
    let (path, version) = ("/sample", -1);
    vec![
        Request::Create(create),
        Request::Create2(create),
        Request::CreateContainer(create),
        Request::CreateTtl { create, ttl_ms: 1000 },
        Request::Exists { path, watch: true },
        Request::GetData { path, watch: true },
        Request::SetData { path, data: Some(b"more"), version },
        Request::GetAcl { path },
        Request::SetAcl { path, acl: List::from(OPEN), version },
        Request::GetChildren { path, watch: true },
        Request::GetChildren2 { path, watch: false },
        Request::Sync { path },
        Request::Check { path, version },
        Request::Multi(OPERATIONS.into()),
        Request::MultiRead(READS.into()),
        Request::Reconfig { joining: Some("a"), leaving: None, members: Some("b"), config: 1 },
        Request::AddWatch { path, mode: AddWatchMode::Persistent },
        Request::CheckWatches { path, kind: WatcherKind::Any },
        Request::RemoveWatches { path, kind: WatcherKind::Any },
        Request::SetWatches { zxid: 0, data: paths, exist: paths, child: paths },
        Request::SetWatches2 {
            zxid: 0,
            data: paths,
            exist: paths,
            child: paths,
            persistent: paths,
            persistent_recursive: paths,
        },
        Request::GetEphemerals { prefix: "/" },
        Request::GetAllChildrenNumber { path },
        Request::Delete { path, version },
        Request::WhoAmI,
        Request::Ping,
    ]
}
