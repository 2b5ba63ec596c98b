//! One client of ZooKeeper's protocol: its handshake, and its requests in their order.
//!
//! A question is answered at once if nothing of the client is under way, and else at its place behind the writes
//! before it, so that a session's requests are carried out in the order in which they were made.

mod lists;

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Context;

use trellis_core::zk::{Command, Error, KeptIdentities, Query};
use trellis_replica::Replica;
use trellis_zk_codec::{ConnectRequest, ErrorCode, FourLetterWord, Op, Request, RequestError, take_frame};

use self::lists::Gathering;
use super::auth::{self, Identity};
use super::hub::Hub;
use super::listing::Listing;
use super::patience::Patience;
use super::peer::{Peer, Pending, Then};
use super::statistics::{Begun, Kind, Moment};
use super::translate::{Change, Step, is_write, step};
use super::words::Answer;
use crate::connection::Protocol;
use crate::connections::Connections;
use crate::limits::{
    FRAME_BYTES_LOOKED_AT_AHEAD_MAX, IDENTITY_BYTES_MAX, PLACED_QUERIES_MAX, REQUESTS_LOOKED_AT_AHEAD,
};
use crate::outgoing::Outgoing;

/// The requests of one connection.
pub(crate) struct Client {
    peer: Arc<Peer>,
    outgoing: Arc<Outgoing>,
    hub: Arc<Hub>,
    replica: Replica,
    connections: Arc<Connections>,
    address: SocketAddr,
    /// Who the client says it is, as commands carry it.
    identities: KeptIdentities,
    stage: Stage,
    patience: Patience,
    /// Questions under way that wait for writes before them.
    placed: u32,
    /// Something was answered that is not sent yet.
    unsent: bool,
    /// The next request waits for its turn: until nothing of the client is under way, and perhaps for others.
    held: bool,
    /// A long list that is being gathered; no request is taken meanwhile.
    listing: Option<Listing>,
    /// What an operator who has said a word is told; there are no requests then.
    answer: Option<Answer>,
    /// When something was last read.
    now: Moment,
    /// Requests taken since the node's figures were last brought up to date.
    taken: u32,
    /// Bytes that were there at last and could not be taken.
    untaken: usize,
    /// The memory that they take up.
    kept: usize,
}

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has come yet.
    New,
    /// The session is being created or attached.
    Beginning,
    Open,
    /// The connection ends with its last reply.
    Quit,
}

impl Client {
    pub(crate) fn open(
        outgoing: Arc<Outgoing>,
        address: SocketAddr,
        replica: Replica,
        hub: Arc<Hub>,
        connections: Arc<Connections>,
    ) -> Self {
        let id = connections.add(Arc::clone(&outgoing));
        let watcher = hub.watches().add_client(id.number());
        let peer = Arc::new(Peer::new(id, Arc::clone(&outgoing), watcher, address, hub.heartbeats.now()));
        hub.add(&peer, address.ip());
        let identities = peer.lock().add_identities([]);
        Client {
            peer,
            outgoing,
            hub,
            replica,
            connections,
            address,
            identities,
            stage: Stage::New,
            patience: Patience::begin(),
            placed: 0,
            unsent: false,
            held: false,
            listing: None,
            answer: None,
            now: 0,
            taken: 0,
            untaken: 0,
            kept: 0,
        }
    }

    /// Whether another request may be taken now.
    fn may_go_on(&mut self, context: &mut Context<'_>) -> bool {
        let queue = self.outgoing.lock();
        if self.stage == Stage::Quit || queue.is_closing() {
            return false;
        }
        let nothing_awaited = queue.awaiting == 0;
        let room = queue.has_room();
        drop(queue);
        if nothing_awaited {
            self.placed = 0;
            self.held = false;
            if self.stage == Stage::Beginning {
                self.stage = Stage::Open;
            }
        }
        let waits = self.stage == Stage::Beginning || self.held || self.placed >= PLACED_QUERIES_MAX;
        !waits && room && self.replica.poll_room(context).is_ready()
    }

    /// Takes one frame off `input`; false if it is not complete, or its turn has not come.
    fn take_one(&mut self, input: &mut &[u8], context: &Context<'_>) -> bool {
        if self.stage == Stage::New {
            if input.len() < 4 {
                return false;
            }
            if let Some(word) = FourLetterWord::detect(input) {
                self.answer_word(word);
                return true;
            }
        }
        let before = *input;
        match take_frame(input, self.hub.settings.frame_bytes_max) {
            Ok(None) => return false,
            Ok(Some(frame)) if self.stage == Stage::New => self.begin(frame),
            Ok(Some(frame)) => {
                if !self.frame(frame, context) {
                    self.held = true;
                    *input = before;
                    return false;
                }
            }
            Err(error) => {
                tracing::debug!(%error, address = %self.address, "a client is hung up on");
                self.stage = Stage::Quit;
            }
        }
        true
    }

    fn answer_word(&mut self, word: FourLetterWord) {
        self.hub.statistics().receive(1, 0);
        self.peer.lock().record.received += 1;
        self.answer = Some(Answer::new(word, &self.peer, &self.hub, &self.replica));
    }

    /// Goes on with the answer to a word; what comes behind the word has no meaning. True if there was a word.
    fn go_on_answer(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> bool {
        let Some(answer) = &mut self.answer else { return false };
        *input = &[];
        if answer.go_on(context).is_ready() {
            self.answer = None;
            self.stage = Stage::Quit;
            self.outgoing.lock().close_when_sent();
        }
        true
    }

    fn begin(&mut self, frame: &[u8]) {
        self.stage = Stage::Quit;
        let Ok(request) = ConnectRequest::decode(frame) else { return };
        let (zxid, _) = self.replica.zk_facts();
        if request.last_zxid_seen > zxid {
            tracing::warn!(
                address = %self.address,
                seen = request.last_zxid_seen,
                zxid,
                "a client has seen a later state than this server has: it is hung up on"
            );
            return;
        }
        let timeout_ms = self.hub.settings.session_timeout_ms(request.timeout_ms);
        let command = if request.session == 0 {
            let Some((session, password)) = auth::new_session(self.peer.id.node()) else { return };
            Command::CreateSession { session, password, timeout_ms }
        } else {
            Command::AttachSession { session: request.session, password: request.password, timeout_ms }
        };
        self.stage = Stage::Beginning;
        self.patience.end();
        self.hub.statistics().totals.sessions_wanted += 1;
        // A ping has no number of its own that could be confused with a request's.
        self.expect(0, Op::Ping, Kind::Write, Then::Begin { with_read_only: request.read_only.is_some() });
        self.replica.submit_zk(self.peer.id, &command);
    }

    /// Takes a frame; false if its turn has not come.
    fn frame(&mut self, frame: &[u8], context: &Context<'_>) -> bool {
        match Request::decode(frame) {
            Ok((xid, request)) => return self.request(xid, &request, context),
            Err(error) => self.reject(error),
        }
        true
    }

    fn request(&mut self, xid: i32, request: &Request<'_>, context: &Context<'_>) -> bool {
        let op = request.op();
        tracing::trace!(connection = self.peer.id.number(), ?op, "a request");
        // Their answers may be long, so there is one at a time of each client; how long shows when its turn has come.
        if matches!(op, Op::GetChildren | Op::GetChildren2 | Op::MultiRead)
            && self.outgoing.lock().awaiting > 0
        {
            return false;
        }
        if let Request::GetChildren { path, watch } | Request::GetChildren2 { path, watch } = *request {
            match self.begin_listing(xid, op, (path, watch), context) {
                Gathering::NotNeeded => {}
                Gathering::Begun => return true,
                Gathering::NotYet => return false,
            }
        }
        match step(request) {
            Step::Query(query, then) => self.query(xid, op, &query, then),
            Step::Command(change) => self.change(xid, op, &change),
            Step::Close => {
                self.expect(xid, op, Kind::Write, Then::Reply);
                self.replica.submit_zk(self.peer.id, &Command::CloseSession);
            }
            Step::Auth { scheme, credentials } => self.authenticate(xid, scheme, credentials),
        }
        true
    }

    fn query(&mut self, xid: i32, op: Op, query: &Query<'_>, then: Then) {
        let at_once = self.outgoing.lock().awaiting == 0;
        self.expect(xid, op, if at_once { Kind::AtOnce } else { Kind::Read }, then);
        let identities = self.identities.get();
        if at_once {
            self.replica.answer_zk(self.peer.id, identities, query);
            self.unsent = true;
        } else {
            self.replica.query_zk(self.peer.id, identities, query.clone());
            self.placed += 1;
        }
    }

    fn change(&mut self, xid: i32, op: Op, change: &Change<'_>) {
        if op != Op::Delete && !self.replica.has_space() {
            // What is left of the log is for what makes room.
            return self.query(xid, op, &Query::Sync { path: "".into() }, Then::Fail(ErrorCode::SystemError));
        }
        self.expect(xid, op, Kind::Write, Then::Reply);
        let (replica, id) = (&self.replica, self.peer.id);
        change.submit(self.identities.get(), self.hub.settings.enforce_quota, |command| {
            replica.submit_zk(id, command);
        });
    }

    fn authenticate(&mut self, xid: i32, scheme: &str, credentials: Option<&[u8]>) {
        let place = Query::Sync { path: "".into() };
        let super_digest = self.hub.settings.super_digest.as_deref();
        let identities = auth::identities(scheme, credentials, self.address.ip(), super_digest);
        if identities.is_some_and(|identities| self.identify(identities)) {
            return self.query(xid, Op::Auth, &place, Then::Reply);
        }
        self.hub.statistics().totals.authentications_failed += 1;
        tracing::info!(scheme, address = %self.address, "a client cannot be authenticated: it is hung up on");
        self.query(xid, Op::Auth, &place, Then::Fail(ErrorCode::AuthFailed));
        self.stage = Stage::Quit;
    }

    /// Adds to who the client is, unless that would be too many.
    fn identify(&mut self, identities: Vec<Identity>) -> bool {
        self.identities = self.peer.lock().add_identities(identities);
        self.identities.get().bytes().len() <= IDENTITY_BYTES_MAX
    }

    /// A frame that is no request.
    fn reject(&mut self, error: RequestError) {
        if let Some((xid, code)) = error.answer() {
            match (&error, Error::from_code(code.number())) {
                (
                    RequestError::Malformed { op, .. } | RequestError::BadArgument { op, .. },
                    Some(refusal),
                ) if is_write(*op) => {
                    self.change(xid, *op, &Change::Refuse(refusal));
                }
                _ => self.query(xid, Op::Ping, &Query::Sync { path: "".into() }, Then::Fail(code)),
            }
        }
        if error.hangs_up() {
            self.stage = Stage::Quit;
        }
    }

    fn expect(&mut self, xid: i32, op: Op, kind: Kind, then: Then) {
        let begun = Begun { at: self.now, kind };
        {
            let mut state = self.peer.lock();
            state.record.received += 1;
            state.pending.push_back(Pending { xid, op, begun, then });
        }
        self.outgoing.lock().expect();
        self.taken += 1;
    }

    /// Adds what was taken to the node's figures, before the answers are counted.
    fn count(&mut self, bytes: usize) {
        let taken = std::mem::take(&mut self.taken);
        if bytes > 0 || taken > 0 {
            let mut statistics = self.hub.statistics();
            statistics.receive(taken.into(), bytes as u64);
            statistics.outstanding += i64::from(taken);
        }
    }

    /// Brings the znodes near that several questions sent ahead are about.
    fn prefetch(&self, mut input: &[u8]) {
        let mut paths = [""; REQUESTS_LOOKED_AT_AHEAD];
        let mut count = 0;
        for path in &mut paths {
            let Ok(Some(frame)) = take_frame(&mut input, FRAME_BYTES_LOOKED_AT_AHEAD_MAX) else { break };
            let Ok((_, Request::GetData { path: asked, .. } | Request::Exists { path: asked, .. })) =
                Request::decode(frame)
            else {
                break;
            };
            *path = asked;
            count += 1;
            if count == 1 && input.is_empty() {
                return;
            }
        }
        self.replica.zk_prefetch(&paths[..count]);
    }

    fn send(&mut self) {
        if std::mem::take(&mut self.unsent) {
            self.replica.flush();
        }
    }
}

impl Protocol for Client {
    fn take(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> bool {
        let answered = self.stage != Stage::New || self.answer.is_some();
        if self.patience.is_over(answered, &self.outgoing, context) {
            tracing::debug!(address = %self.address, "a client is hung up on: it has begun no session");
            self.stage = Stage::Quit;
        }
        let before = input.len();
        let news = before > self.untaken;
        if news {
            self.now = self.hub.heartbeats.now_us();
        }
        if news && self.stage == Stage::Open {
            self.prefetch(input);
        }
        let stopped = loop {
            if self.go_on_answer(input, context) {
                break false;
            }
            if self.go_on_listing(context) || !self.may_go_on(context) {
                break true;
            }
            if !self.take_one(input, context) {
                break self.held;
            }
        };
        // A part of a request is no sign of life, as in the real server. But whoever has to wait for the server is not to be taken
        // for silent.
        if input.len() < before || news && stopped {
            self.peer.hear(self.now / 1000);
        }
        self.count(before - input.len());
        self.send();
        self.untaken = input.len();
        stopped
    }

    fn may_keep(&mut self, bytes: usize) -> bool {
        let before = std::mem::replace(&mut self.kept, bytes);
        bytes == before || self.hub.keep(&self.peer, before, bytes)
    }

    fn half_close(&mut self, _waits: bool) {
        self.stage = Stage::Quit;
    }

    fn has_answer(&self) -> bool {
        self.listing.is_some() || self.answer.is_some()
    }

    fn has_quit(&self) -> bool {
        self.stage == Stage::Quit
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        tracing::debug!(connection = self.peer.id.number(), "a client has gone");
        if let Some(listing) = &self.listing {
            self.replica.listing_end(listing.id());
        }
        self.hub.keep(&self.peer, self.kept, 0);
        self.hub.remove(&self.peer, self.address.ip());
        self.connections.remove(self.peer.id);
    }
}
