//! Requests of the protocol as what the state machine understands.

use std::borrow::Cow;
use std::ops::Range;

use trellis_core::zk::{Acl, Command, CreateMode, Error, Identities, MultiRead, Op, Permissions, Query};
use trellis_zk_codec as codec;
use trellis_zk_codec::{AddWatchMode, ErrorCode, List, Operation, ReadOperation, Request, WatcherKind};

use super::peer::{Then, WatchPaths};
use super::watches::Modes;

/// A time to live that is refused, of operations that have none.
const NO_TTL: i64 = -1;

/// What becomes of a request.
pub(super) enum Step<'a> {
    /// A question, for this node's state, and what to do with the answer.
    Query(Query<'a>, Then),
    /// A command, for the log.
    Command(Change<'a>),
    /// The client says who it is.
    Auth { scheme: &'a str, credentials: Option<&'a [u8]> },
    /// The client ends its session.
    Close,
}

/// A request that changes something.
pub(super) enum Change<'a> {
    /// One operation.
    One(Operation<'a>, bool),
    SetAcl {
        path: &'a str,
        acl: List<'a, codec::Acl<'a>>,
        version: i32,
    },
    /// Several, all or none.
    Many(List<'a, Operation<'a>>),
    /// Nothing that this server does.
    Refuse(Error),
}

pub(super) fn step<'a>(request: &Request<'a>) -> Step<'a> {
    let query = |query| Step::Query(query, Then::Reply);
    let watched = |query, watch: bool, modes, path: &str| {
        Step::Query(query, if watch { Then::Watch(modes, path.into()) } else { Then::Reply })
    };
    let placed = |then| Step::Query(Query::Sync { path: Cow::Borrowed("") }, then);
    let change = |operation, want_stat| Step::Command(Change::One(operation, want_stat));
    let at = Cow::Borrowed;
    match *request {
        Request::Create(create) => change(Operation::Create(create), false),
        Request::Create2(create) => change(Operation::Create2(create), true),
        Request::CreateContainer(create) => change(Operation::CreateContainer(create), true),
        // The real server comes to an end by such a request with a negative time.
        Request::CreateTtl { create, .. } if !create.mode.is_ttl() => {
            Step::Command(Change::Refuse(Error::BadArguments))
        }
        Request::CreateTtl { create, ttl_ms } => change(Operation::CreateTtl { create, ttl_ms }, true),
        Request::Delete { path, version } => change(Operation::Delete { path, version }, false),
        Request::SetData { path, data, version } => change(Operation::SetData { path, data, version }, true),
        Request::Check { path, version } => change(Operation::Check { path, version }, false),
        Request::SetAcl { path, acl, version } => Step::Command(Change::SetAcl { path, acl, version }),
        Request::Multi(operations) => Step::Command(Change::Many(operations)),
        Request::Reconfig { .. } => Step::Command(Change::Refuse(Error::ReconfigDisabled)),
        Request::Exists { path, watch } => {
            watched(Query::Exists { path: at(path) }, watch, Modes::DATA, path)
        }
        Request::GetData { path, watch } => {
            watched(Query::GetData { path: at(path) }, watch, Modes::DATA, path)
        }
        Request::GetChildren { path, watch } => {
            watched(Query::GetChildren { path: at(path) }, watch, Modes::CHILD, path)
        }
        Request::GetChildren2 { path, watch } => {
            watched(Query::GetChildren2 { path: at(path) }, watch, Modes::CHILD, path)
        }
        Request::GetAcl { path } => query(Query::GetAcl { path: at(path) }),
        Request::GetAllChildrenNumber { path } => query(Query::GetAllChildrenNumber { path: at(path) }),
        Request::GetEphemerals { prefix } => query(Query::GetEphemerals { prefix: at(prefix) }),
        Request::Sync { path } => query(Query::Sync { path: at(path) }),
        Request::MultiRead(reads) => query(Query::MultiRead { reads: reads.iter().map(read).collect() }),
        Request::Ping => placed(Then::Reply),
        Request::AddWatch { path, mode } => {
            let modes = match mode {
                AddWatchMode::Persistent => Modes::PERSISTENT,
                AddWatchMode::PersistentRecursive => Modes::RECURSIVE,
            };
            placed(Then::AddWatch(modes, path.into()))
        }
        // The real server stumbles over what has no slash.
        Request::CheckWatches { path, .. } if !path.is_empty() && !path.contains('/') => {
            placed(Then::Fail(ErrorCode::MarshallingError))
        }
        Request::CheckWatches { path, kind } => placed(Then::CheckWatches(modes(kind), path.into())),
        Request::RemoveWatches { path, kind } => placed(Then::RemoveWatches(modes(kind), path.into())),
        Request::SetWatches { zxid, data, exist, child } => {
            set_watches(zxid, [data, exist, child, List::EMPTY, List::EMPTY])
        }
        Request::SetWatches2 { zxid, data, exist, child, persistent, persistent_recursive } => {
            set_watches(zxid, [data, exist, child, persistent, persistent_recursive])
        }
        Request::WhoAmI => placed(Then::WhoAmI),
        Request::Sasl { .. } => placed(Then::Sasl),
        Request::Auth { scheme, credentials, .. } => Step::Auth { scheme, credentials },
        Request::CloseSession => Step::Close,
    }
}

/// Whether a request that cannot be read uses up a transaction: those that change something do, but for `reconfig`.
pub(super) fn is_write(op: codec::Op) -> bool {
    use codec::Op as O;
    matches!(
        op,
        O::Create
            | O::Create2
            | O::CreateContainer
            | O::CreateTtl
            | O::Delete
            | O::SetData
            | O::SetAcl
            | O::Check
            | O::Multi
    )
}

fn read(read: ReadOperation<'_>) -> MultiRead<'_> {
    match read {
        ReadOperation::GetData { path } => MultiRead::GetData { path: Cow::Borrowed(path) },
        ReadOperation::GetChildren { path } => MultiRead::GetChildren { path: Cow::Borrowed(path) },
    }
}

fn modes(kind: WatcherKind) -> Modes {
    match kind {
        WatcherKind::Data => Modes::ALL_DATA,
        WatcherKind::Children => Modes::ALL_CHILD,
        WatcherKind::Any => Modes::ANY,
    }
}

fn set_watches<'a>(zxid: i64, lists: [List<'a, &'a str>; 5]) -> Step<'a> {
    let borrowed = |list: List<'a, &'a str>| list.iter().map(Cow::Borrowed).collect();
    let query = Query::SetWatches {
        zxid,
        data: borrowed(lists[0]),
        exist: borrowed(lists[1]),
        child: borrowed(lists[2]),
    };
    let [data, exist, child, persistent, recursive] =
        lists.map(|list| list.iter().map(Into::into).collect::<Vec<Box<str>>>());
    let paths = WatchPaths { data, exist, child, persistent, recursive };
    Step::Query(query, Then::SetWatches(Box::new(paths)))
}

impl<'a> Change<'a> {
    /// Gives the command to `submit`. It borrows what is encoded here for the length of the call.
    pub(super) fn submit(
        &self,
        identities: Identities<'_>,
        enforce_quota: bool,
        submit: impl FnOnce(&Command<'_>),
    ) {
        let mut lists = AclLists::default();
        match *self {
            Change::One(operation, want_stat) => {
                let list = lists.add(acl_of(&operation));
                let op = one(operation, lists.get(&list), want_stat);
                submit(&Command::Op { op, identities, enforce_quota });
            }
            Change::SetAcl { path, acl, version } => {
                let list = lists.add(Some(acl));
                let op = Op::SetAcl { path, acl: lists.get(&list), version };
                submit(&Command::Op { op, identities, enforce_quota });
            }
            Change::Many(operations) => {
                let ranges: Vec<_> =
                    operations.iter().map(|operation| lists.add(acl_of(&operation))).collect();
                let ops = operations.iter().zip(&ranges);
                let ops = ops.map(|(operation, list)| part(operation, lists.get(list)));
                submit(&Command::Multi { ops: ops.collect(), identities, enforce_quota });
            }
            Change::Refuse(error) => submit(&Command::Refuse { error }),
        }
    }
}

fn acl_of<'a>(operation: &Operation<'a>) -> Option<List<'a, codec::Acl<'a>>> {
    match *operation {
        Operation::Create(create) | Operation::Create2(create) | Operation::CreateContainer(create) => {
            Some(create.acl)
        }
        Operation::CreateTtl { create, .. } => Some(create.acl),
        Operation::Delete { .. }
        | Operation::SetData { .. }
        | Operation::Check { .. }
        | Operation::Modeless { .. } => None,
    }
}

/// An operation by itself. Whether it makes a container or a node with a time to live is for the operation to say, and
/// the rest for its flags.
fn one<'a>(operation: Operation<'a>, acl: Acl<'a>, want_stat: bool) -> Op<'a> {
    match operation {
        Operation::Create(plain) | Operation::Create2(plain) => {
            let mode = match mode(plain.mode, NO_TTL) {
                CreateMode::Container => CreateMode::Persistent,
                mode => mode,
            };
            create(plain, acl, mode, want_stat)
        }
        Operation::CreateContainer(plain) => {
            let mode = match mode(plain.mode, NO_TTL) {
                mode @ CreateMode::Ttl { .. } => mode,
                _ => CreateMode::Container,
            };
            create(plain, acl, mode, want_stat)
        }
        Operation::CreateTtl { create: plain, ttl_ms } => {
            create(plain, acl, mode(plain.mode, ttl_ms), want_stat)
        }
        other => part(other, acl),
    }
}

/// An operation of a multi. There the flags alone say what is made, and whether the znode's facts are told: of
/// containers and of nodes with a time to live, whose operation must be `createTTL`.
fn part<'a>(operation: Operation<'a>, acl: Acl<'a>) -> Op<'a> {
    match operation {
        Operation::Create(plain) | Operation::Create2(plain) | Operation::CreateContainer(plain) => {
            match mode(plain.mode, NO_TTL) {
                CreateMode::Ttl { .. } => Op::Refuse { error: Error::MarshallingError },
                mode => create(plain, acl, mode, mode == CreateMode::Container),
            }
        }
        Operation::CreateTtl { create: plain, ttl_ms } => {
            let mode = mode(plain.mode, ttl_ms);
            let want_stat = matches!(mode, CreateMode::Container | CreateMode::Ttl { .. });
            create(plain, acl, mode, want_stat)
        }
        Operation::Delete { path, version } => Op::Delete { path, version },
        Operation::SetData { path, data, version } => Op::SetData { path, data, version },
        Operation::Check { path, version } => Op::Check { path, version },
        Operation::Modeless { .. } => Op::Refuse { error: Error::BadArguments },
    }
}

fn create<'a>(create: codec::Create<'a>, acl: Acl<'a>, mode: CreateMode, want_stat: bool) -> Op<'a> {
    let codec::Create { path, data, .. } = create;
    Op::Create { path, data, acl, mode, sequential: create.mode.is_sequential(), want_stat }
}

/// What flags mean.
fn mode(mode: codec::CreateMode, ttl_ms: i64) -> CreateMode {
    use codec::CreateMode as M;
    match mode {
        M::Persistent | M::PersistentSequential => CreateMode::Persistent,
        M::Ephemeral | M::EphemeralSequential => CreateMode::Ephemeral,
        M::Container => CreateMode::Container,
        M::Ttl | M::TtlSequential => CreateMode::Ttl { ttl_ms },
    }
}

/// Access control lists in the state machine's encoding, one behind the other.
#[derive(Default)]
struct AclLists(Vec<u8>);

/// Where a list lies; `None` for the one that lets everybody do everything, which is almost always meant.
type AclList = Option<Range<usize>>;

impl AclLists {
    fn add(&mut self, list: Option<List<'_, codec::Acl<'_>>>) -> AclList {
        let list = list?;
        if list.len() == 1 && list.iter().next() == Some(codec::Acl::OPEN) {
            return None;
        }
        let start = self.0.len();
        let entries = list.iter().map(|entry| {
            (Permissions(u32::from_ne_bytes(entry.permissions.to_ne_bytes())), entry.scheme, entry.id)
        });
        self.0.extend_from_slice(&Acl::encode(entries));
        Some(start..self.0.len())
    }

    fn get(&self, list: &AclList) -> Acl<'_> {
        let bytes = list.as_ref().map(|range| &self.0[range.clone()]);
        bytes.map_or(Acl::OPEN, |bytes| Acl::decode(bytes).expect("it has just been encoded"))
    }
}
