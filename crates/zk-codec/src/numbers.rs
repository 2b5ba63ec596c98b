//! What the protocol has numbers for: operations, create modes, kinds of watches and events. Error codes have a
//! file of their own.

use crate::numbered::numbered;

numbered! {
    /// An operation. `op as usize` is below [`Op::COUNT`], for counting.
    #[expect(missing_docs, reason = "the variants are the protocol's words")]
    pub enum Op {
        Create = 1,
        Delete = 2,
        Exists = 3,
        GetData = 4,
        SetData = 5,
        GetAcl = 6,
        SetAcl = 7,
        GetChildren = 8,
        Sync = 9,
        Ping = 11,
        GetChildren2 = 12,
        Check = 13,
        Multi = 14,
        Create2 = 15,
        Reconfig = 16,
        CheckWatches = 17,
        RemoveWatches = 18,
        CreateContainer = 19,
        CreateTtl = 21,
        MultiRead = 22,
        Auth = 100,
        SetWatches = 101,
        Sasl = 102,
        GetEphemerals = 103,
        GetAllChildrenNumber = 104,
        SetWatches2 = 105,
        AddWatch = 106,
        WhoAmI = 107,
        CloseSession = -11,
    }
}

impl Op {
    /// How many operations there are.
    pub const COUNT: usize = Self::ALL.len();
}

numbered! {
    /// What a new node is to be: the `flags` of a create.
    pub enum CreateMode {
        /// It stays until it is deleted.
        Persistent = 0,
        /// It goes with its session.
        Ephemeral = 1,
        /// As [`Self::Persistent`], with a number behind its name.
        PersistentSequential = 2,
        /// As [`Self::Ephemeral`], with a number behind its name.
        EphemeralSequential = 3,
        /// It goes some time after its last child.
        Container = 4,
        /// It goes when it has had no child and no change for a time.
        Ttl = 5,
        /// As [`Self::Ttl`], with a number behind its name.
        TtlSequential = 6,
    }
}

impl CreateMode {
    /// Whether the server puts a number behind the name.
    pub const fn is_sequential(self) -> bool {
        matches!(self, Self::PersistentSequential | Self::EphemeralSequential | Self::TtlSequential)
    }

    /// Whether the node goes with its session.
    pub const fn is_ephemeral(self) -> bool {
        matches!(self, Self::Ephemeral | Self::EphemeralSequential)
    }

    /// Whether the node has a time to live.
    pub const fn is_ttl(self) -> bool {
        matches!(self, Self::Ttl | Self::TtlSequential)
    }
}

numbered! {
    /// How long a watch of `addWatch` reaches. It stays until it is removed.
    pub enum AddWatchMode {
        /// A node and its children's coming and going.
        Persistent = 0,
        /// A node and all below it.
        PersistentRecursive = 1,
    }
}

numbered! {
    /// Which watches `checkWatches` and `removeWatches` mean. The two numbers more that 3.9 has are refused, as
    /// by 3.8.
    pub enum WatcherKind {
        /// Those of `getChildren`.
        Children = 1,
        /// Those of `getData` and `exists`.
        Data = 2,
        /// All.
        Any = 3,
    }
}

numbered! {
    /// What an event says has happened.
    #[expect(missing_docs, reason = "the variants are the protocol's words")]
    pub enum EventKind {
        None = -1,
        NodeCreated = 1,
        NodeDeleted = 2,
        NodeDataChanged = 3,
        NodeChildrenChanged = 4,
        DataWatchRemoved = 5,
        ChildWatchRemoved = 6,
        PersistentWatchRemoved = 7,
    }
}

numbered! {
    /// The state of a client's connection. Servers say `SyncConnected`; the others are for clients to tell their
    /// own callers.
    #[expect(missing_docs, reason = "the variants are the protocol's words")]
    pub enum KeeperState {
        Unknown = -1,
        Disconnected = 0,
        NoSyncConnected = 1,
        SyncConnected = 3,
        AuthFailed = 4,
        ConnectedReadOnly = 5,
        SaslAuthenticated = 6,
        Expired = -112,
        Closed = 7,
    }
}
