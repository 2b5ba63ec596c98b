//! A client as replies and events reach it: what is known of its connection on the way out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use trellis_core::ConnectionId;
use trellis_core::zk::{Identities, KeptIdentities, SessionId};
use trellis_zk_codec::{ErrorCode, Op};

use super::auth::Identity;
use super::statistics::{Begun, Record};
use super::watches::{Client, Modes};
use crate::outgoing::Outgoing;

/// One connection.
pub(crate) struct Peer {
    pub(crate) id: ConnectionId,
    pub(crate) outgoing: Arc<Outgoing>,
    /// Where the client is.
    pub(super) address: SocketAddr,
    /// When the connection was opened.
    pub(super) opened: SystemTime,
    /// The time of its last word, for whoever looks whether its session has expired.
    pub(super) heard: Arc<AtomicU64>,
    state: Mutex<PeerState>,
}

/// What changes from request to request.
pub(crate) struct PeerState {
    /// The requests that await their replies, in their order.
    pub(super) pending: VecDeque<Pending>,
    /// Who the client says it is: schemes and ids, the address first.
    pub(super) who: Vec<Identity>,
    /// The same as commands carry it.
    identities: KeptIdentities,
    pub(super) session: Option<SessionId>,
    /// The session that it had is over.
    pub(super) session_ended: bool,
    /// The time-out of its session, in milliseconds.
    pub(super) timeout_ms: u32,
    pub(super) record: Record,
    /// Its place in the watch table.
    pub(super) watcher: Client,
    /// Events behind a list that is being gathered.
    pub(super) kept_events: Option<Vec<u8>>,
}

/// A request that awaits its reply.
pub(crate) struct Pending {
    pub(super) xid: i32,
    pub(super) op: Op,
    pub(super) begun: Begun,
    pub(super) then: Then,
}

/// What is to be done when the reply comes.
pub(crate) enum Then {
    /// The connection's beginning is answered, by a response with or without the byte that old clients don't know.
    Begin {
        with_read_only: bool,
    },
    /// The reply is passed on.
    Reply,
    /// The reply is passed on, and the znode is watched if it can be read.
    Watch(Modes, Box<str>),
    /// Watches are set, asked for, or removed; the state machine only kept the place.
    AddWatch(Modes, Box<str>),
    CheckWatches(Modes, Box<str>),
    RemoveWatches(Modes, Box<str>),
    /// Watches of a client that was away are set again, or fired.
    SetWatches(Box<WatchPaths>),
    /// The client is told who it is.
    WhoAmI,
    /// The request is refused.
    Fail(ErrorCode),
    /// There is nothing to say to a SASL client.
    Sasl,
}

/// The paths of `setWatches`, by kind.
pub(crate) struct WatchPaths {
    pub(super) data: Vec<Box<str>>,
    pub(super) exist: Vec<Box<str>>,
    pub(super) child: Vec<Box<str>>,
    pub(super) persistent: Vec<Box<str>>,
    pub(super) recursive: Vec<Box<str>>,
}

impl Peer {
    pub(super) fn new(
        id: ConnectionId,
        outgoing: Arc<Outgoing>,
        watcher: Client,
        address: SocketAddr,
        now: u64,
    ) -> Self {
        let mut state = PeerState {
            pending: VecDeque::new(),
            who: Vec::new(),
            identities: KeptIdentities::default(),
            session: None,
            session_ended: false,
            timeout_ms: 0,
            record: Record::default(),
            watcher,
            kept_events: None,
        };
        state.add_identities([("ip", address.ip().to_string())]);
        let heard = Arc::new(AtomicU64::new(now));
        Peer { id, outgoing, address, opened: SystemTime::now(), heard, state: Mutex::new(state) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, PeerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the client was last heard, in milliseconds.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Relaxed)
    }

    /// Notes that the client has been heard at `now`, in milliseconds.
    pub(super) fn hear(&self, now: u64) {
        self.heard.store(now, Relaxed);
    }
}

impl Pending {
    /// The request's name in statistics, as in the real server's.
    pub(super) fn operation(&self) -> &'static str {
        match self.op {
            _ if matches!(self.then, Then::Begin { .. }) => "SESS",
            Op::Ping => "PING",
            Op::Multi => "MULT",
            Op::MultiRead => "MLTR",
            Op::Create | Op::Create2 | Op::CreateTtl | Op::CreateContainer => "CREA",
            Op::Delete => "DELE",
            Op::SetData => "SETD",
            Op::Reconfig => "RECO",
            Op::SetAcl => "SETA",
            Op::CloseSession => "CLOS",
            Op::Sync => "SYNC",
            Op::Check => "CHEC",
            Op::Exists => "EXIS",
            Op::GetData => "GETD",
            Op::SetWatches => "SETW",
            Op::SetWatches2 => "STW2",
            Op::AddWatch => "ADDW",
            Op::GetAcl => "GETA",
            Op::GetChildren | Op::GetChildren2 => "GETC",
            Op::GetAllChildrenNumber => "GETACN",
            Op::CheckWatches => "CHKW",
            Op::RemoveWatches => "REMW",
            Op::WhoAmI => "HOMI",
            Op::GetEphemerals => "GETE",
            // The real server answers these elsewhere, and has no names for them.
            Op::Auth => "AUTH",
            Op::Sasl => "SASL",
        }
    }
}

impl PeerState {
    /// The client is known to be somebody, too. Gives all its identities as commands carry them.
    pub(super) fn add_identities(
        &mut self,
        identities: impl IntoIterator<Item = Identity>,
    ) -> KeptIdentities {
        for identity in identities {
            if !self.who.contains(&identity) {
                self.who.push(identity);
            }
        }
        self.identities = KeptIdentities::new(self.who.iter().map(|(scheme, id)| (*scheme, id.as_str())));
        self.identities.clone()
    }

    /// Who the client is.
    pub(super) fn identities(&self) -> Identities<'_> {
        self.identities.get()
    }
}
