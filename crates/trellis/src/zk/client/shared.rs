//! What the callers of a session and its keeper thread share, and the way of a request out.
//!
//! There are two locks. Whoever writes holds `writer` and takes `inner` for moments only, so a slow write keeps no
//! answer from its caller. The order is `writer`, then `inner`.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trellis_zk_codec::{KeeperState, Op, Request, xid};

use super::watches::{Wanted, Watches};
use super::{Answer, CallError, Identity, Settings, State};
use crate::limits::INTERRUPT_POLL;

/// A request that has not been answered.
pub(super) struct Pending {
    pub(super) xid: i32,
    pub(super) op: Op,
    pub(super) watch: Option<Wanted>,
    pub(super) request_bytes: usize,
    pub(super) answer: Sender<Result<Answer, CallError>>,
}

/// What changes.
pub(super) struct Inner {
    pub(super) state: State,
    /// Whether the client has no more use for the session.
    pub(super) closing: bool,
    /// What has been sent, in its order, which is that of the answers.
    pub(super) pending: VecDeque<Pending>,
    /// Who waits to hear whether an identity was accepted. Such answers come out of order.
    pub(super) identified: Option<Sender<Result<(), CallError>>>,
    pub(super) identities: Vec<Identity>,
    pub(super) watches: Watches,
    /// The server of the connection, or the last one that was tried.
    pub(super) server: String,
    /// Why there is no connection.
    pub(super) why: String,
    pub(super) session: i64,
    pub(super) password: Vec<u8>,
    /// What the server has granted.
    pub(super) session_timeout: Duration,
    pub(super) last_zxid: i64,
    /// When something was sent last.
    pub(super) sent_at: Instant,
    next_xid: i32,
}

impl Inner {
    /// When the server must hear of this client, if it hears of nothing else.
    pub(super) fn ping_at(&self) -> Instant {
        self.sent_at + self.session_timeout / 3
    }
}

/// What is shared.
pub(super) struct Shared {
    pub(super) settings: Settings,
    inner: Mutex<Inner>,
    /// Is notified when the state changes.
    pub(super) changed: Condvar,
    writer: Mutex<Option<TcpStream>>,
}

impl Shared {
    /// No session yet.
    pub(super) fn new(settings: Settings) -> Shared {
        let inner = Inner {
            state: State::Connecting,
            closing: false,
            pending: VecDeque::new(),
            identified: None,
            identities: Vec::new(),
            watches: Watches::default(),
            server: String::new(),
            why: String::new(),
            session: 0,
            password: Vec::new(),
            session_timeout: settings.session_timeout,
            last_zxid: 0,
            sent_at: Instant::now(),
            next_xid: 1,
        };
        Shared { settings, inner: Mutex::new(inner), changed: Condvar::new(), writer: Mutex::new(None) }
    }

    /// What changes. Everything in it is whole between two statements, so a panic elsewhere does not spoil it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writing side of the connection.
    pub(super) fn writer(&self) -> MutexGuard<'_, Option<TcpStream>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends requests in one piece, if need be once there is a connection again. The answers come in order.
    pub(super) fn submit(
        &self,
        requests: &[Request<'_>],
        deadline: Instant,
    ) -> Result<Receiver<Result<Answer, CallError>>, CallError> {
        let (answer, answers) = channel();
        self.send(deadline, |inner, bytes| {
            for request in requests {
                let xid = inner.next_xid;
                // Numbers below 1 have meanings of their own.
                inner.next_xid = xid.checked_add(1).unwrap_or(1);
                let before = bytes.len();
                request.encode(xid, bytes);
                inner.pending.push_back(Pending {
                    xid,
                    op: request.op(),
                    watch: Wanted::by(request),
                    request_bytes: bytes.len() - before,
                    answer: answer.clone(),
                });
            }
        })?;
        Ok(answers)
    }

    /// Sends an identity.
    pub(super) fn submit_identity(
        &self,
        identity: Identity,
        deadline: Instant,
    ) -> Result<Receiver<Result<(), CallError>>, CallError> {
        let (answer, answers) = channel();
        self.send(deadline, |inner, bytes| {
            encode_identity(&identity, bytes);
            inner.identities.push(identity);
            inner.identified = Some(answer);
        })?;
        Ok(answers)
    }

    /// Takes up the writing side of a new connection, and sends what the server must know before anything else.
    pub(super) fn install(&self, stream: TcpStream, state: State) -> std::io::Result<()> {
        let mut writer = self.writer();
        let mut inner = self.lock();
        let mut bytes = Vec::new();
        inner.identities.iter().for_each(|identity| encode_identity(identity, &mut bytes));
        inner.watches.encode(inner.last_zxid, &mut bytes);
        inner.state = state;
        inner.sent_at = Instant::now();
        drop(inner);
        let outcome = writer.insert(stream).write_all(&bytes);
        self.changed.notify_all();
        outcome
    }

    /// Sends a ping, unless something else was sent a moment ago or is on its way.
    pub(super) fn ping_if_due(&self) {
        let now = Instant::now();
        {
            let mut inner = self.lock();
            if now < inner.ping_at() {
                return;
            }
            inner.sent_at = now;
        }
        let Ok(writer) = self.writer.try_lock() else { return };
        let mut bytes = Vec::new();
        Request::Ping.encode(xid::PING, &mut bytes);
        write(writer.as_ref(), &bytes);
    }

    /// Ends the session for good: nobody waits any longer.
    pub(super) fn end(&self, state: State, why: KeeperState) {
        let mut inner = self.lock();
        inner.state = state;
        let pending = std::mem::take(&mut inner.pending);
        let identified = inner.identified.take();
        drop(inner);
        self.changed.notify_all();
        for pending in pending {
            // Who has given up waiting need not be told.
            let _ = pending.answer.send(Err(CallError::Over(why)));
        }
        if let Some(identified) = identified {
            let _ = identified.send(Err(CallError::Over(why)));
        }
    }

    /// What a caller is told whose answer can't come any more.
    pub(super) fn lost(&self) -> CallError {
        CallError::Lost { server: self.lock().server.clone(), request_bytes: 0 }
    }

    /// Waits for a connection and sends what `make` writes, which is on record by then.
    fn send(&self, deadline: Instant, make: impl FnOnce(&mut Inner, &mut Vec<u8>)) -> Result<(), CallError> {
        loop {
            self.wait_for_connection(deadline)?;
            let writer = self.writer();
            let mut inner = self.lock();
            if !inner.state.is_connected() {
                continue;
            }
            let mut bytes = Vec::new();
            make(&mut inner, &mut bytes);
            inner.sent_at = Instant::now();
            drop(inner);
            write(writer.as_ref(), &bytes);
            return Ok(());
        }
    }

    fn wait_for_connection(&self, deadline: Instant) -> Result<(), CallError> {
        let mut inner = self.lock();
        loop {
            match inner.state {
                State::Connected | State::ConnectedReadOnly => return Ok(()),
                State::Closed | State::AuthFailed => return Err(CallError::Over(KeeperState::Closed)),
                State::Connecting => {}
            }
            if self.settings.interrupt.is_raised() {
                return Err(CallError::Interrupted);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (server, why) = (inner.server.clone(), inner.why.clone());
                return Err(CallError::NotConnected { server, why });
            }
            let waited = self.changed.wait_timeout(inner, left.min(INTERRUPT_POLL));
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Writes; a stream that can't be written to is of no use for reading either, and that is where it is noticed.
fn write(stream: Option<&TcpStream>, bytes: &[u8]) {
    let Some(mut stream) = stream else { return };
    if stream.write_all(bytes).is_err() {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn encode_identity(identity: &Identity, out: &mut Vec<u8>) {
    let credentials = identity.credentials.as_deref();
    Request::Auth { kind: 0, scheme: &identity.scheme, credentials }.encode(xid::AUTH, out);
}
