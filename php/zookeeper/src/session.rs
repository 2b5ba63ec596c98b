//! Sessions: how one begins and ends, and what a fork means to it. Each has a thread of its own, which `zk-client` runs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ext_php_rs::types::Zval;
use trellis_php_host::{Exception, Owner, Throw};
use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::{Client, Happening, Held, ServersError, Settings, State};

use crate::failure::{self, BAD_ARGUMENTS, Connection};
use crate::log::{self, Level};
use crate::watchers::{self, Queue};
use crate::{constants, settings};

/// How long a script may be kept from ending by a server that doesn't say that it has ended the session.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);

/// Whether servers are tried in the order in which they are written.
pub(crate) static IN_ORDER: AtomicBool = AtomicBool::new(false);

/// A session of one object. It ends with it.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// By which its callbacks are known.
    pub(crate) number: u64,
    pub(crate) queue: Arc<Queue>,
    pub(crate) owner: Owner,
}

impl Session {
    /// Begins a session, and doesn't wait for it.
    pub(crate) fn begin(servers: &str, watcher: Option<&Zval>, timeout: Duration) -> Result<Session, Throw> {
        let settings = settings(servers, timeout);
        let settings = settings.map_err(|error| Connection::with(&error.to_string(), BAD_ARGUMENTS))?;
        let queue = watchers::queue()?;
        let client = blocking::start(&settings).map_err(|error| failure::of_connect(&error))?;
        let number = watchers::number();
        if let Some(watcher) = watcher {
            watchers::keep_for_states(number, watcher);
        }
        let mut tell = teller(number, &queue);
        let state = client.listen(Box::new(teller(number, &queue)));
        if state != State::Connecting {
            tell(&Happening::State(state));
        }
        let owned = (Owner::this_process(), client.clone());
        drop(CLIENTS.with_borrow_mut(|clients| clients.insert(number, owned)));
        Ok(Session { client, number, queue, owner: Owner::this_process() })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let kept = CLIENTS.with_borrow_mut(|clients| clients.remove(&self.number));
        drop(kept);
        end(self.owner, &self.client);
        watchers::forget(self.number);
    }
}

/// Ends a session, unless it is the parent process': then nothing is said, and only the copy of its connection is closed.
pub(crate) fn end(owner: Owner, client: &Client) {
    if owner.is_this_process() && !client.state().is_over() {
        // Who cannot be told finds out when the session's time is over.
        let _ = client.close().wait_while(CLOSE_PATIENCE, || false);
    }
}

/// With whom and how to connect.
pub(crate) fn settings(servers: &str, timeout: Duration) -> Result<Settings, ServersError> {
    Ok(Settings {
        shuffle: !IN_ORDER.load(Ordering::Relaxed),
        session_timeout: timeout,
        // A request that waits for a connection is to hear why there is none.
        connect_timeout: timeout * 2 / 3,
        request_timeout: timeout,
        fail_fast: true,
        ..Settings::new(servers)?
    })
}

/// The session's time if the script doesn't say another; `None` if it can't be one.
pub(crate) fn timeout(milliseconds: Option<i64>) -> Option<Duration> {
    let milliseconds = milliseconds.unwrap_or_else(settings::receive_timeout_ms);
    // The protocol has no more bits for it.
    let milliseconds = milliseconds.min(i32::MAX.into());
    u64::try_from(milliseconds).ok().filter(|milliseconds| *milliseconds > 0).map(Duration::from_millis)
}

thread_local! {
    /// All clients of this process, and those that it has from its parent.
    static CLIENTS: RefCell<BTreeMap<u64, (Owner, Client)>> = const { RefCell::new(BTreeMap::new()) };
}

/// Has a client that belongs to no object held still, too. There is one in a thread, for PHP's own sessions.
pub(crate) fn hold_at_forks(client: &Client) {
    let owned = (Owner::this_process(), client.clone());
    drop(CLIENTS.with_borrow_mut(|clients| clients.insert(0, owned)));
}

/// Has the process forked while all sessions are held still, so that the child finds none of their locks taken.
pub(crate) fn hold_around(fork: &mut dyn FnMut()) {
    let clients: Vec<Client> = CLIENTS.with_borrow(|clients| {
        let own = clients.values().filter(|(owner, _)| owner.is_this_process());
        own.map(|(_, client)| client.clone()).collect()
    });
    let held: Vec<Held<'_>> = clients.iter().map(Client::hold).collect();
    fork();
    drop(held);
}

/// Who is told of everything that happens to a session, in its thread.
fn teller(number: u64, queue: &Arc<Queue>) -> impl FnMut(&Happening) + Send + 'static {
    let queue = Arc::clone(queue);
    move |happening| match happening {
        Happening::Event(event) => {
            log::write(Level::Debug, || format!("{:?} at {}", event.kind, event.path));
        }
        Happening::Unreachable(attempts) => {
            // They are tried again and again, and by each object.
            let each = attempts.iter().map(|attempt| format!("{}: {}", attempt.server, attempt.loss));
            let each = each.collect::<Vec<_>>().join("; ");
            log::complain(format!("no server can be reached: {each}"));
        }
        Happening::State(state) => {
            let level = match state {
                State::Connected | State::ConnectedReadOnly | State::Closed => Level::Info,
                State::Connecting | State::Overdue => Level::Warn,
                State::Expired | State::AuthFailed => Level::Error,
            };
            log::write(level, || format!("the session is {state}"));
            // Nobody is told of what the script has done itself, or of what the protocol has no word for.
            if !matches!(state, State::Closed | State::Overdue) {
                queue.push_state(number, constants::state_number(*state));
            }
        }
    }
}
