//! Replies and events of the state machine as bytes in their connections' buffers, and what becomes of watches and
//! sessions by them.

use std::sync::Arc;

use trellis_core::ConnectionId;
use trellis_core::zk::{
    Error, Event, EventKind, Identities, OpResult, Permissions, QuotaExcess, ReadResult, Reply, SessionId,
    Stat, Zxid,
};
use trellis_zk_codec as codec;
use trellis_zk_codec::{ErrorCode, KeeperState, Op, OperationResult, ReplyHeader, ResultsEncoder};

use super::hub::Hub;
use super::peer::{Peer, Pending, Then, WatchPaths};
use super::statistics::{Answered, Tally};
use super::watches::{self, Modes};
use crate::connections::Connections;
use crate::limits::MULTI_READ_BYTES_MAX;
use crate::outlet::Touched;

/// What stands for a transaction's number where there is none: in notifications, up to ZooKeeper 3.8, too.
const NO_ZXID: i64 = -1;

/// Encodes each reply and event where it belongs.
pub(crate) struct ZkReplies {
    hub: Arc<Hub>,
    connections: Arc<Connections>,
    /// What has been counted since the last entry.
    tally: Tally,
}

impl ZkReplies {
    pub(crate) fn new(hub: Arc<Hub>, connections: Arc<Connections>) -> Self {
        ZkReplies { hub, connections, tally: Tally::default() }
    }

    /// Encodes the reply to the oldest request of a connection, if that is there.
    pub(crate) fn reply(&mut self, to: ConnectionId, zxid: Zxid, reply: &Reply<'_>, touched: &mut Touched) {
        let Some(peer) = self.hub.peer(to) else { return };
        let Some(pending) = self.next_pending(&peer, zxid) else { return };
        let packets = touched.packets;
        // The real server answers these before it looks at any transaction.
        let zxid = if matches!(pending.op, Op::Auth | Op::Sasl) { 0 } else { zxid };
        match pending.then {
            Then::Begin { with_read_only } => self.begin(&peer, with_read_only, reply, touched),
            Then::SetWatches(paths) => {
                if self.set_watches(&peer, &paths, reply, touched) {
                    add(&peer, header(pending.xid, zxid), codec::Reply::Empty, touched);
                }
            }
            Then::Fail(code) => {
                // The real server knows of no transaction where it has not understood the request.
                let zxid = if code == ErrorCode::Unimplemented { NO_ZXID } else { zxid };
                let header = ReplyHeader { error: Some(code), ..header(pending.xid, zxid) };
                add(&peer, header, codec::Reply::Empty, touched);
            }
            Then::WhoAmI => who_am_i(&peer, header(pending.xid, zxid), touched),
            Then::Sasl => add(&peer, header(pending.xid, zxid), codec::Reply::Token(None), touched),
            // Whatever number it was sent with.
            Then::Reply if pending.op == Op::Ping => {
                add(&peer, header(codec::xid::PING, zxid), codec::Reply::Empty, touched);
            }
            Then::Reply => self.pass_on(&peer, pending.xid, pending.op, zxid, reply, touched),
            Then::Watch(modes, path) => {
                let there = !matches!(reply, Reply::Error(_));
                let wanted =
                    there || (pending.op == Op::Exists && matches!(reply, Reply::Error(Error::NoNode)));
                if !wanted || self.hub.watch(&peer, &path, modes) {
                    self.pass_on(&peer, pending.xid, pending.op, zxid, reply, touched);
                }
            }
            Then::AddWatch(..) | Then::CheckWatches(..) | Then::RemoveWatches(..) => {
                self.change_watches(&peer, &pending, zxid, touched);
            }
        }
        self.tally.send(touched.packets - packets);
        self.tally.measure(touched.last_bytes);
    }

    /// The request that is answered now, and counted as answered.
    fn next_pending(&mut self, peer: &Peer, zxid: Zxid) -> Option<Pending> {
        let mut state = peer.lock();
        let pending = state.pending.pop_front()?;
        let (at, latency_us) = self.tally.answer(pending.begun, || self.hub.heartbeats.now_us());
        let operation = pending.operation();
        state.record.answer(pending.xid, Answered { operation, zxid, at, latency_us });
        Some(pending)
    }

    /// Adds what has been counted to the node's figures.
    pub(crate) fn count(&mut self) {
        if let Some(tally) = self.tally.take() {
            self.hub.statistics().add(&tally);
        }
    }

    /// Tells those who watch what has happened.
    pub(crate) fn event(&mut self, event: Event<'_>, touched: &mut Touched) {
        let kind = match event.kind {
            EventKind::Created => watches::Event::Created,
            EventKind::Deleted => watches::Event::Deleted,
            EventKind::DataChanged => watches::Event::DataChanged,
            EventKind::ChildrenChanged => watches::Event::ChildrenChanged,
        };
        let mut frame = Vec::new();
        let mut told = Vec::new();
        self.hub.watches().fire(kind, event.path, &mut |number| told.push(number));
        if told.is_empty() {
            return;
        }
        notification(event.kind, event.path).encode(NO_ZXID, &mut frame);
        let everybody = event.acl.permits(Permissions::READ, Identities::NONE);
        self.tally.send(told.len() as u64);
        let crowded = self.connections.is_crowded();
        let peers = self.hub.peers();
        for peer in told.iter().filter_map(|number| peers.get(number)) {
            {
                let mut state = peer.lock();
                // Who may not read the znode hears nothing of it; the watch is spent all the same, as in the real server.
                if !everybody && !event.acl.permits(Permissions::READ, state.identities()) {
                    continue;
                }
                if let Some(kept) = &mut state.kept_events {
                    kept.extend_from_slice(&frame);
                    continue;
                }
            }
            if crowded && peer.outgoing.is_behind() && peer.outgoing.close_if_stuck() {
                self.hub.note_burden();
                continue;
            }
            touched.add(&peer.outgoing, false, |out| out.extend_from_slice(&frame));
        }
    }

    /// Encodes a reply. When there is no room for what clients don't read, one that doesn't is hung up on instead: the
    /// protocol has no word for it that all clients know.
    fn pass_on(&self, peer: &Peer, xid: i32, op: Op, zxid: Zxid, reply: &Reply<'_>, touched: &mut Touched) {
        // To the state, a session that is over was never there; its client takes one that has moved for alive.
        let over = matches!(reply, Reply::Error(Error::SessionMoved)) && peer.lock().session_ended;
        let reply = if over { &Reply::Error(Error::SessionExpired) } else { reply };
        let has_room = self.connections.make_room_for_replies();
        let mut refused = false;
        touched.add(&peer.outgoing, true, |out| {
            let start = out.len();
            encode(header(xid, zxid), op, reply, out);
            refused = !has_room && peer.outgoing.is_burdened_by(out.len() - start);
            if refused {
                out.truncate(start);
            }
        });
        if refused {
            self.hub.note_burden();
            peer.outgoing.lock().close_when_sent();
        } else if has_room {
            self.hub.note_room();
        }
    }

    pub(crate) fn quota_exceeded(&mut self, excess: QuotaExcess<'_>) {
        tracing::warn!(
            path = excess.path,
            resource = ?excess.resource,
            found = excess.found,
            limit = excess.limit,
            "a quota is exceeded"
        );
    }

    /// Closes a connection after what is there for it.
    pub(crate) fn hang_up(&mut self, connection: ConnectionId) {
        if let Some(peer) = self.hub.peer(connection) {
            peer.lock().session = None;
            peer.outgoing.lock().close_when_sent();
        }
    }

    pub(crate) fn session_ended(&mut self, session: SessionId, connection: Option<ConnectionId>) {
        self.hub.heartbeats.end(session);
        if let Some(connection) = connection {
            if let Some(peer) = self.hub.peer(connection) {
                peer.lock().session_ended = true;
            }
            self.hang_up(connection);
        }
    }

    /// Tells a client that the log has no room for its command. The real server ends when its disk is full.
    pub(crate) fn refuse(&mut self, to: ConnectionId, touched: &mut Touched) {
        let Some(peer) = self.hub.peer(to) else { return };
        let Some(pending) = self.next_pending(&peer, NO_ZXID) else { return };
        if matches!(pending.then, Then::Begin { .. }) {
            // Nothing to say to a client without a session; it tries again, or elsewhere.
            return peer.outgoing.lock().close_when_sent();
        }
        let header = ReplyHeader { xid: pending.xid, zxid: NO_ZXID, error: Some(ErrorCode::SystemError) };
        self.tally.send(1);
        add(&peer, header, codec::Reply::Empty, touched);
    }

    fn begin(&mut self, peer: &Peer, with_read_only: bool, reply: &Reply<'_>, touched: &mut Touched) {
        let zeros = [0; codec::limits::PASSWORD_BYTES];
        let (session, password, timeout_ms) = match reply {
            Reply::SessionOpened { session, password, timeout_ms } => (*session, password, *timeout_ms),
            _ => (0, &zeros, 0),
        };
        let response = codec::ConnectResponse {
            protocol_version: 0,
            timeout_ms: i32::try_from(timeout_ms).unwrap_or(i32::MAX),
            session,
            password,
            read_only: with_read_only.then_some(false),
        };
        touched.add(&peer.outgoing, true, |out| response.encode(out));
        if session == 0 {
            return peer.outgoing.lock().close_when_sent();
        }
        {
            let mut state = peer.lock();
            (state.session, state.timeout_ms) = (Some(session), timeout_ms);
        }
        self.hub.heartbeats.begin(session, timeout_ms, Arc::clone(&peer.heard));
    }

    fn change_watches(&mut self, peer: &Peer, pending: &Pending, zxid: Zxid, touched: &mut Touched) {
        let watcher = peer.lock().watcher;
        let mut header = header(pending.xid, zxid);
        let mut body = codec::Reply::Empty;
        let found = match &pending.then {
            Then::AddWatch(modes, path) => {
                if !self.hub.watch(peer, path, *modes) {
                    return;
                }
                body = codec::Reply::Code(0);
                true
            }
            Then::CheckWatches(modes, path) => self.hub.watches().has(watcher, path, *modes),
            Then::RemoveWatches(modes, path) => self.hub.watches().remove(watcher, path, *modes),
            _ => true,
        };
        if !found {
            header.error = Some(ErrorCode::NoWatcher);
        }
        add(peer, header, body, touched);
    }

    /// Fires the watches that would have been fired while their client was away, and sets the others. False if they are too
    /// many: the client is hung up on then.
    fn set_watches(&self, peer: &Peer, paths: &WatchPaths, reply: &Reply<'_>, touched: &mut Touched) -> bool {
        let Reply::Watches { data, exist, child } = reply else { return true };
        let lists = [
            (&paths.data, data, Modes::DATA),
            (&paths.exist, exist, Modes::DATA),
            (&paths.child, child, Modes::CHILD),
        ];
        for (paths, missed, modes) in lists {
            for (path, missed) in paths.iter().zip(missed) {
                match missed {
                    Some(kind) => touched.add(&peer.outgoing, false, |out| {
                        notification(*kind, path).encode(NO_ZXID, out);
                    }),
                    None if self.hub.watch(peer, path, modes) => {}
                    None => return false,
                }
            }
        }
        paths.persistent.iter().all(|path| self.hub.watch(peer, path, Modes::PERSISTENT))
            && paths.recursive.iter().all(|path| self.hub.watch(peer, path, Modes::RECURSIVE))
    }
}

fn header(xid: i32, zxid: Zxid) -> ReplyHeader {
    ReplyHeader { xid, zxid, error: None }
}

fn add(peer: &Peer, header: ReplyHeader, reply: codec::Reply<'_>, touched: &mut Touched) {
    touched.add(&peer.outgoing, true, |out| reply.encode(header, out));
}

fn notification(kind: EventKind, path: &str) -> codec::Event<'_> {
    let kind = match kind {
        EventKind::Created => codec::EventKind::NodeCreated,
        EventKind::Deleted => codec::EventKind::NodeDeleted,
        EventKind::DataChanged => codec::EventKind::NodeDataChanged,
        EventKind::ChildrenChanged => codec::EventKind::NodeChildrenChanged,
    };
    codec::Event { kind, state: KeeperState::SyncConnected, path }
}

fn who_am_i(peer: &Peer, header: ReplyHeader, touched: &mut Touched) {
    let identities = peer.lock().who.clone();
    // Of a digest, the user alone is told.
    let user = |scheme: &str, id: &str| match id.split_once(':') {
        Some((user, _)) if scheme == "digest" => user.to_owned(),
        _ => id.to_owned(),
    };
    let users: Vec<String> = identities.iter().map(|(scheme, id)| user(scheme, id)).collect();
    let clients: Vec<codec::ClientInfo<'_>> =
        identities.iter().zip(&users).map(|((scheme, _), user)| codec::ClientInfo { scheme, user }).collect();
    add(peer, header, codec::Reply::Clients(clients.as_slice().into()), touched);
}

fn encode(header: ReplyHeader, op: Op, reply: &Reply<'_>, out: &mut Vec<u8>) {
    let body = match reply {
        Reply::Error(error) => {
            let error = ErrorCode::from_number(error.code());
            return codec::Reply::Empty.encode(ReplyHeader { error, ..header }, out);
        }
        Reply::Created { path, stat: None } => codec::Reply::Path { path },
        Reply::Created { path, stat: Some(stat) } => codec::Reply::PathAndStat { path, stat: to_stat(stat) },
        Reply::DataSet { stat } | Reply::AclSet { stat } | Reply::Exists { stat } => {
            codec::Reply::Stat(to_stat(stat))
        }
        Reply::Data { data, stat } => codec::Reply::Data { data: *data, stat: to_stat(stat) },
        Reply::Children(children) => return codec::encode_children(header, children.names(), None, out),
        Reply::Children2 { children, stat } => {
            return codec::encode_children(header, children.names(), Some(&to_stat(stat)), out);
        }
        Reply::ChildrenNumber(count) => codec::Reply::Count(i32::try_from(*count).unwrap_or(i32::MAX)),
        Reply::Ephemerals(paths) => return codec::encode_children(header, paths, None, out),
        Reply::Acl { acl, stat } => {
            let entries: Vec<_> = acl.entries().collect();
            let entries: Vec<codec::Acl<'_>> = entries
                .iter()
                .map(|entry| codec::Acl {
                    permissions: i32::from_ne_bytes(entry.permissions.0.to_ne_bytes()),
                    scheme: entry.scheme,
                    id: &entry.id,
                })
                .collect();
            codec::Reply::Acl { acl: entries.as_slice().into(), stat: to_stat(stat) }.encode(header, out);
            return;
        }
        Reply::Multi(results) => {
            let mut encoder = ResultsEncoder::begin(header, out);
            results.iter().for_each(|result| encoder.push(&to_result(result)));
            return encoder.end();
        }
        // The real server can't go on with such an operation, and takes the request for one that can't be read.
        Reply::MultiFailed { error: Error::MarshallingError, .. } => {
            let error = Some(ErrorCode::MarshallingError);
            return codec::Reply::Empty.encode(ReplyHeader { error, ..header }, out);
        }
        Reply::MultiFailed { count, failed, error } => {
            let mut encoder = ResultsEncoder::begin(header, out);
            for number in 0..*count {
                encoder.push(&failed_result(number, *failed, *error));
            }
            return encoder.end();
        }
        Reply::MultiRead(results) => return encode_reads(header, results, out),
        // A ping and its like only keep their places.
        Reply::Synced { path } if op == Op::Sync => codec::Reply::Path { path },
        Reply::Synced { .. } | Reply::Deleted | Reply::SessionClosed => codec::Reply::Empty,
        Reply::Checked => codec::Reply::Empty,
        // These are answered where they are awaited.
        Reply::SessionOpened { .. } | Reply::SessionRefused | Reply::Watches { .. } => codec::Reply::Empty,
    };
    body.encode(header, out);
}

/// As many answers as there are, or an error if they are too long.
fn encode_reads(header: ReplyHeader, results: &[ReadResult<'_>], out: &mut Vec<u8>) {
    let start = out.len();
    let mut encoder = ResultsEncoder::begin(header, out);
    for result in results {
        if !push_read(result, &mut encoder) {
            drop(encoder);
            out.truncate(start);
            let error = Some(ErrorCode::MarshallingError);
            return codec::Reply::Empty.encode(ReplyHeader { error, ..header }, out);
        }
    }
    encoder.end();
}

/// Appends an answer. False if there are too many bytes then.
fn push_read(result: &ReadResult<'_>, encoder: &mut ResultsEncoder<'_>) -> bool {
    let mut bytes = encoder.frame_bytes();
    match result {
        ReadResult::Data { data, stat } => {
            encoder.push(&OperationResult::GetData { data: *data, stat: to_stat(stat) });
        }
        ReadResult::Children(children) => encoder.push_children(children.names().take_while(|name| {
            bytes += name.len();
            bytes <= MULTI_READ_BYTES_MAX
        })),
        ReadResult::Error(error) => encoder.push(&to_error(*error)),
    }
    bytes.max(encoder.frame_bytes()) <= MULTI_READ_BYTES_MAX
}

fn to_result<'a>(result: &'a OpResult<'_>) -> OperationResult<'a> {
    match result {
        OpResult::Created { path, stat: None } => OperationResult::Create { path },
        OpResult::Created { path, stat: Some(stat) } => {
            OperationResult::Create2 { path, stat: to_stat(stat) }
        }
        OpResult::Deleted => OperationResult::Delete,
        OpResult::DataSet { stat } | OpResult::AclSet { stat } => {
            OperationResult::SetData { stat: to_stat(stat) }
        }
        OpResult::Checked => OperationResult::Check,
    }
}

/// What a multi that failed says of an operation: nothing before the one that failed, and behind it that it wasn't tried.
fn failed_result(number: usize, failed: usize, error: Error) -> OperationResult<'static> {
    match number.cmp(&failed) {
        std::cmp::Ordering::Less => OperationResult::Undone,
        std::cmp::Ordering::Equal => to_error(error),
        std::cmp::Ordering::Greater => OperationResult::Error(ErrorCode::RuntimeInconsistency),
    }
}

fn to_error(error: Error) -> OperationResult<'static> {
    ErrorCode::from_number(error.code()).map_or(OperationResult::Undone, OperationResult::Error)
}

pub(super) fn to_stat(stat: &Stat) -> codec::Stat {
    codec::Stat {
        czxid: stat.czxid,
        mzxid: stat.mzxid,
        ctime: stat.ctime,
        mtime: stat.mtime,
        version: stat.version,
        cversion: stat.cversion,
        aversion: stat.aversion,
        ephemeral_owner: stat.ephemeral_owner,
        data_length: stat.data_length,
        num_children: stat.num_children,
        pzxid: stat.pzxid,
    }
}
