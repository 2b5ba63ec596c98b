//! A small blocking client of ZooKeeper's protocol: a session that a thread keeps alive, over one connection at a
//! time. What requests mean, and how failures are worded, is up to its callers.
//!
//! ```text
//! call ──request──▶ socket ──reply──▶ keeper thread ──answer──▶ call
//!                      └────event──▶      │  └──happening──▶ listener
//!                                         └─ pings, reconnects, sets watches again
//! ```

mod connection;
mod error;
mod keeper;
mod shared;
mod watches;

use std::net::Shutdown;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use trellis_zk_codec::{ErrorCode, EventKind, KeeperState, Op, Reply, ReplyHeader, Request, WatcherKind};

pub(super) use self::error::{CallError, ConnectError};
use self::shared::Shared;
use super::interrupt::Interrupt;
use crate::address::Address;
use crate::limits::{INTERRUPT_POLL, PIPELINE_REQUESTS_MAX};

/// With whom and how to connect.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The servers, of which the first that answers is taken.
    pub(super) servers: Vec<Address>,
    /// The longest wait for a connection, and for a reply.
    pub(super) timeout: Duration,
    /// For how long the session is to live without a sign of this client.
    pub(super) session_timeout: Duration,
    /// Whether a server that only answers reads will do.
    pub(super) read_only: bool,
    /// Who this client claims to be.
    pub(super) identities: Vec<Identity>,
    /// What ends every wait.
    pub(super) interrupt: Interrupt,
}

/// Who somebody claims to be, with the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The kind of identity, such as `digest`.
    pub(super) scheme: String,
    /// For `digest`, user:password.
    pub(super) credentials: Option<Vec<u8>>,
}

/// Something that no call has asked for: an event of a watch, or a new state of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    /// What has happened to a node; [`EventKind::None`] if the state has changed.
    pub(super) kind: EventKind,
    /// The state of the connection.
    pub(super) state: KeeperState,
    /// The node, as the server names it.
    pub(super) path: Option<String>,
}

/// Is told of everything that happens, before any reply that came after it is given to its caller. It must not wait
/// for the client.
pub(super) type Listener = Box<dyn FnMut(Happening) + Send>;

/// How things stand with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is no connection; one is looked for.
    Connecting,
    /// Calls are answered.
    Connected,
    /// Calls are answered, but nothing can be changed.
    ConnectedReadOnly,
    /// The session is over: closed, or expired.
    Closed,
    /// The server did not believe who this client claims to be.
    AuthFailed,
}

impl State {
    /// Whether calls are answered now.
    pub(super) fn is_connected(self) -> bool {
        matches!(self, State::Connected | State::ConnectedReadOnly)
    }

    /// Whether calls may come to something, now or later.
    pub(super) fn is_alive(self) -> bool {
        !matches!(self, State::Closed | State::AuthFailed)
    }
}

/// What a server has answered.
#[derive(Debug)]
pub(super) struct Answer {
    op: Op,
    frame: Vec<u8>,
}

impl Answer {
    /// The answer, read.
    pub(super) fn reply(&self) -> Result<Reply<'_>, CallError> {
        let (_, body) = ReplyHeader::decode(&self.frame)?;
        Ok(Reply::decode(self.op, body)?)
    }
}

/// A session.
pub(super) struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// Begins a session with the first server that grants one.
    pub(super) fn connect(settings: Settings, mut listener: Listener) -> Result<Client, ConnectError> {
        let identities = settings.identities.clone();
        let shared = Arc::new(Shared::new(settings));
        let connection = keeper::connect_once(&shared).map_err(ConnectError::Unreachable)?;
        let client = Client { shared: Arc::clone(&shared) };
        let keep = move || keeper::keep(&shared, &mut listener, connection);
        std::thread::Builder::new().name("session".to_owned()).spawn(keep).map_err(ConnectError::Thread)?;
        for identity in identities {
            client.authenticate(identity).map_err(ConnectError::Refused)?;
        }
        Ok(client)
    }

    /// Sends a request and waits for its answer.
    pub(super) fn call(&self, request: &Request<'_>) -> Result<Answer, CallError> {
        let deadline = self.deadline();
        let answers = self.shared.submit(std::slice::from_ref(request), deadline)?;
        self.wait(&answers, deadline)?
    }

    /// Makes many calls without waiting for each answer, and hands the answers on in order. The first failure of a
    /// call or of `each` ends it.
    pub(super) fn call_all<E: From<CallError>>(
        &self,
        requests: &[Request<'_>],
        mut each: impl FnMut(Result<Answer, ErrorCode>) -> Result<(), E>,
    ) -> Result<(), E> {
        for requests in requests.chunks(PIPELINE_REQUESTS_MAX) {
            let answers = self.shared.submit(requests, self.deadline())?;
            for _ in requests {
                let answer = match self.wait(&answers, self.deadline())? {
                    Ok(answer) => Ok(answer),
                    Err(CallError::Refused(code)) => Err(code),
                    Err(error) => return Err(error.into()),
                };
                each(answer)?;
            }
        }
        Ok(())
    }

    /// Claims to be somebody, also after each reconnection.
    pub(super) fn authenticate(&self, identity: Identity) -> Result<(), CallError> {
        let deadline = self.deadline();
        let answer = self.shared.submit_identity(identity, deadline)?;
        self.wait(&answer, deadline)?
    }

    /// Takes away watches that the server has taken away, and tells of it as an event of each kind.
    pub(super) fn forget_watches(&self, path: &str, kind: WatcherKind) -> Vec<Happening> {
        let removed = self.shared.lock().watches.remove(path, kind);
        let happening =
            |kind| Happening { kind, state: KeeperState::SyncConnected, path: Some(path.to_owned()) };
        removed.into_iter().map(happening).collect()
    }

    /// How things stand.
    pub(super) fn state(&self) -> State {
        self.shared.lock().state
    }

    /// The settings for another session like this one.
    pub(super) fn settings(&self) -> Settings {
        let identities = self.shared.lock().identities.clone();
        Settings { identities, ..self.shared.settings.clone() }
    }

    /// Ends the session. If the server can't be told, it finds out when the session's time is over.
    pub(super) fn close(self) {
        self.shared.lock().closing = true;
        let deadline = self.deadline();
        if self.state().is_connected()
            && let Ok(answer) = self.shared.submit(&[Request::CloseSession], deadline)
        {
            // Whatever the answer is, this client has done what it could.
            let _ = self.wait(&answer, deadline);
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.shared.settings.timeout
    }

    /// Waits for an answer, the deadline or the user's impatience.
    fn wait<T>(&self, answers: &Receiver<T>, deadline: Instant) -> Result<T, CallError> {
        let settings = &self.shared.settings;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match answers.recv_timeout(left.min(INTERRUPT_POLL)) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(self.shared.lost()),
                Err(RecvTimeoutError::Timeout) if settings.interrupt.is_raised() => {
                    return Err(CallError::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    let server = self.shared.lock().server.clone();
                    return Err(CallError::Late { server, timeout: settings.timeout });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Drop for Client {
    /// Ends the connection, but not the session: that lives on until its time is over, unless it was closed. The
    /// thread ends by itself, and is not waited for, as it may be about to connect.
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(stream) = &*self.shared.writer() {
            // It may be broken already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
