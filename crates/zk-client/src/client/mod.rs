//! The handle of a session. Its operations have a file of their own.

mod call;
mod inner;
mod multi;
mod operations;
pub(crate) mod shared;

use std::fmt;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use trellis_zk_codec::{EventKind, Request, WatcherKind};

pub(crate) use self::call::Timer;
use self::call::Until;
pub use self::call::{Call, WatchedCall};
use self::inner::{Follower, Inner, Watcher};
pub use self::operations::{Creation, Data, Listing};
use self::shared::Shared;
use crate::error::{Attempt, ConnectError, Error};
use crate::machine::{Answer, WatchEvent};
use crate::settings::{Identity, SessionKey, Settings};
use crate::state::State;
use crate::watch::{States, Watch};

/// Something that no request has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A watch has fired. It is told once, however many have set it.
    Event(WatchEvent),
    /// The session's state has changed.
    State(State),
    /// Each server was tried, and none has granted the session. They will be tried again.
    Unreachable(Vec<Attempt>),
}

/// Is told of everything that happens, before any reply that came after it is given to its caller. It is called while the
/// session is held: it must be quick, and must not call the client.
pub type Listener = Box<dyn FnMut(&Happening) + Send>;

/// A session with a service of ZooKeeper's protocol. Clones are handles of the same session.
///
/// Operations are futures that need no particular runtime: with a session that a thread drives,
/// [`Wait`](crate::blocking::Wait) waits for them. They are sent when they are made: see [`Call`].
///
/// When the last handle is dropped, the connection ends, but not the session: it lives on until its time-out, unless it
/// was [closed](Self::close). In a child of a fork, nothing is sent, and everything fails with [`Error::Forked`].
///
/// ```no_run
/// use trellis_zk_client::blocking::{self, Wait};
/// use trellis_zk_client::{CreateMode, Settings};
///
/// let client = blocking::connect(&Settings::new("127.0.0.1:2181")?)?;
/// client.create("/greeting", b"hello", CreateMode::Ephemeral).wait()?;
/// assert_eq!(client.get_data("/greeting").wait()?.bytes(), b"hello");
/// client.close().wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// Counts the handles. One that only follows a session has none.
    _alive: Option<Arc<Alive>>,
}

/// Is dropped with the last handle.
struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// A session that is held still. See [`Client::hold`].
pub struct Held<'a> {
    _inner: MutexGuard<'a, Inner>,
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Held")
    }
}

impl Client {
    /// The first handle of a session that has a driver.
    pub(crate) fn new(shared: Arc<Shared>) -> Client {
        Client { _alive: Some(Arc::new(Alive(Arc::clone(&shared)))), shared }
    }

    /// A handle that doesn't keep the session.
    pub(crate) fn follower(&self) -> Client {
        Client { shared: Arc::clone(&self.shared), _alive: None }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Shows the identities, and waits until there is a session or each server was tried in vain.
    pub(crate) async fn begin(&self, settings: &Settings) -> Result<(), ConnectError> {
        let shown: Vec<Call<()>> =
            settings.identities.iter().map(|identity| self.authenticate(identity.clone())).collect();
        self.ready().await?;
        for call in shown {
            call.await.map_err(|error| match error {
                Error::Over(state) => ConnectError::Over(state),
                error => ConnectError::System(error.to_string()),
            })?;
        }
        Ok(())
    }

    /// Waits until there is a session.
    ///
    /// # Errors
    /// If each server was tried once in vain; the client goes on trying, though. Or if the session is over.
    pub async fn ready(&self) -> Result<(), ConnectError> {
        let forked = || ConnectError::System(Error::Forked.to_string());
        Until::new(self, |inner| &mut inner.impatient, Inner::session_outcome)
            .await
            .unwrap_or_else(|| Err(forked()))
    }

    /// The node that stands for `/`.
    pub fn chroot(&self) -> &crate::path::Chroot {
        &self.shared.chroot
    }

    /// How things stand.
    pub fn state(&self) -> State {
        if self.shared.is_forked() { State::Closed } else { self.shared.lock().machine.state() }
    }

    /// The changes of state from now on.
    pub fn states(&self) -> States {
        let ticket = if self.shared.is_forked() {
            0
        } else {
            let mut inner = self.shared.lock();
            let ticket = inner.ticket();
            inner.followers.insert(ticket, Follower::default());
            ticket
        };
        States::new(self.clone(), ticket)
    }

    /// Has somebody told of everything that happens from now on, in the place of whoever was told before. Gives the state
    /// as it is now, of which the listener is not told.
    pub fn listen(&self, listener: Listener) -> State {
        if self.shared.is_forked() {
            return State::Closed;
        }
        let mut inner = self.shared.lock();
        inner.listen(Some(listener));
        inner.machine.state()
    }

    /// What another client needs to go on with this session; `None` if it has not begun.
    pub fn session(&self) -> Option<SessionKey> {
        if self.shared.is_forked() { None } else { self.shared.lock().machine.session().cloned() }
    }

    /// For how long the session lives without a sign of this client: what the server has granted.
    pub fn session_timeout(&self) -> Duration {
        if self.shared.is_forked() { Duration::ZERO } else { self.shared.lock().machine.session_timeout() }
    }

    /// Waits for a sign that a server has heard of this client: when the newest request was sent that has been answered, if
    /// that was later than `before`. What is held by this session can be nobody else's for the
    /// [time-out](Self::session_timeout) from that moment on.
    ///
    /// # Errors
    /// [`Error::Over`] if that will never be.
    pub async fn confirmed_after(&self, before: Option<Instant>) -> Result<Instant, Error> {
        let outcome = move |inner: &Inner| inner.confirmed_after(before);
        Until::new(self, |inner| &mut inner.waiting_for_confirmation, outcome)
            .await
            .unwrap_or(Err(Error::Forked))
    }

    /// The settings for another session like this one, with all identities that this one has shown.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn settings(&self) -> Result<Settings, Error> {
        if self.shared.is_forked() { Err(Error::Forked) } else { Ok(self.shared.lock().machine.settings()) }
    }

    /// Holds the session still, so that the process can fork: whoever drives it holds none of its locks meanwhile, and
    /// the child can drop its handles. To be dropped on both sides of the fork.
    ///
    /// A child that has dropped its handles has closed its copy of the connection, too, and the parent's goes on.
    pub fn hold(&self) -> Held<'_> {
        Held { _inner: self.shared.lock() }
    }

    /// Sends any request with paths as the server is to be told them: the chroot is not put before them.
    pub fn call(&self, request: &Request<'_>) -> Call<Answer> {
        self.send(request, None, |answer, _| answer)
    }

    /// Claims to be somebody, also over each later connection. An identity that is not accepted ends the session.
    pub fn authenticate(&self, identity: Identity) -> Call<()> {
        if self.shared.is_forked() {
            return Call::failed(self.clone(), Error::Forked, read_nothing);
        }
        let ticket = self.shared.change(|inner, now| {
            let ticket = inner.expect();
            inner.machine.authenticate(ticket, identity, now);
            ticket
        });
        Call::new(self.clone(), ticket, None, read_nothing)
    }

    /// Ends the session, and with it its ephemeral nodes. If no server can be told, it finds out when the session's time
    /// is over.
    pub fn close(&self) -> Call<()> {
        if self.shared.is_forked() {
            return Call::failed(self.clone(), Error::Forked, read_nothing);
        }
        let ticket = self.shared.change(|inner, now| {
            let ticket = inner.expect();
            inner.machine.close(ticket, now);
            ticket
        });
        Call::new(self.clone(), ticket, None, read_nothing)
    }

    /// Forgets the watches of a path without asking the server, and tells the kinds of events that say so. Whoever
    /// owns one of the watches gets the event, and so does the listener. The path is as the server knows it.
    pub fn forget_watches(&self, path: &str, kind: WatcherKind) -> Vec<EventKind> {
        if self.shared.is_forked() {
            return Vec::new();
        }
        self.shared.change(|inner, _| inner.machine.forget_watches(path, kind))
    }

    /// Waits until requests are answered.
    ///
    /// # Errors
    /// [`Error::Over`] if that will never be.
    pub async fn connected(&self) -> Result<(), Error> {
        let mut states = self.states();
        loop {
            match self.state() {
                _ if self.shared.is_forked() => return Err(Error::Forked),
                state if state.is_connected() => return Ok(()),
                state if state.is_over() => return Err(Error::Over(state)),
                _ => {}
            }
            states.change().await;
        }
    }

    /// Waits out what a request has failed of, if that passes: until there is a connection again after an error [of the
    /// connection](Error::is_of_connection), or until there is room again after [`Error::Busy`]. Then the same request
    /// may do better. See first whether it was [done](Error::may_be_done), if it changes something.
    ///
    /// # Errors
    /// The error itself, if it does not pass. [`Error::Over`] if the session ends.
    pub async fn wait_out(&self, error: Error) -> Result<(), Error> {
        match error {
            Error::Busy { .. } => {
                let room = Until::new(self, |inner| &mut inner.waiting_for_room, Inner::room_outcome);
                room.await.unwrap_or(Err(Error::Forked))
            }
            error if error.is_of_connection() => self.connected().await,
            error => Err(error),
        }
    }

    /// A name that nobody else has: 32 hexadecimal digits.
    pub(crate) fn unique_name() -> Result<String, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| Error::System(error.to_string()))?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Sends a request.
    fn send<T>(&self, request: &Request<'_>, path: Option<&str>, read: call::Read<T>) -> Call<T> {
        if self.shared.is_forked() {
            return Call::failed(self.clone(), Error::Forked, read);
        }
        let ticket = self.shared.change(|inner, now| {
            let ticket = inner.expect();
            inner.machine.submit(ticket, request, now);
            ticket
        });
        Call::new(self.clone(), ticket, path, read)
    }

    /// Sends a request that sets a watch on the path, as the server knows it.
    fn send_watched<T>(
        &self,
        request: &Request<'_>,
        (path, server_path): (&str, &str),
        read: call::Read<T>,
    ) -> WatchedCall<T> {
        if self.shared.is_forked() {
            return WatchedCall::new(Call::failed(self.clone(), Error::Forked, read), None);
        }
        let ticket = self.shared.change(|inner, now| {
            let ticket = inner.expect();
            let watcher = Watcher {
                path: server_path.to_owned(),
                once: !matches!(request, Request::AddWatch { .. }),
                done: false,
                notices: std::collections::VecDeque::new(),
                waker: None,
                callback: None,
            };
            inner.watchers.insert(ticket, watcher);
            inner.machine.submit(ticket, request, now);
            ticket
        });
        let watch = Watch::new(self.clone(), ticket);
        WatchedCall::new(Call::new(self.clone(), ticket, Some(path), read), Some(watch))
    }

    /// The driver's time.
    pub(crate) fn now(&self) -> Instant {
        self.shared.now()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("state", &self.state()).finish_non_exhaustive()
    }
}

fn read_nothing(answer: Result<Answer, Error>, _: &crate::path::Chroot) -> Result<(), Error> {
    answer.map(drop)
}
