//! Sessions with servers. Objects with the same servers and time-out share one; it ends with the last of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use trellis_php_host::{Exception, Owner, Throw};
use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::{Client, Held, Settings, State};

use super::failure::{self, Connection};
use crate::wait::wait_for;

/// How long a script may be kept from ending by a server that doesn't say that it has ended the session.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);

/// With whom to begin a session, and for how long it lives without a sign of us.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Terms {
    pub(super) hosts: String,
    pub(super) timeout: Duration,
}

/// A session of this process, or a copy of one of its parent's.
pub(super) struct Session {
    pub(super) client: Client,
    owner: Owner,
}

impl Session {
    /// The session on these terms; it begins now if there is none.
    ///
    /// # Errors
    ///
    /// If no server grants one, by `until` at the latest; what a handler throws meanwhile.
    pub(super) fn on(terms: &Terms, until: Option<Instant>) -> Result<Rc<Session>, Throw> {
        let known = SESSIONS.with_borrow(|sessions| sessions.get(terms).and_then(Weak::upgrade));
        let known = known.filter(|session| session.is_ours() && session.is_alive());
        if let Some(session) = known {
            return Ok(session);
        }
        let client = blocking::start(&terms.settings()?).map_err(|error| failure::of_connect(&error))?;
        let session = Rc::new(Session { client, owner: Owner::this_process() });
        let kept = Rc::downgrade(&session);
        drop(SESSIONS.with_borrow_mut(|sessions| sessions.insert(terms.clone(), kept)));
        match wait_for(session.client.ready(), until)? {
            Some(ready) => ready.map_err(|error| failure::of_connect(&error))?,
            None => return Err(silent(terms)),
        }
        Ok(session)
    }

    /// Whether it is not over, as far as one can know. A server that was started anew without its data never says so.
    pub(super) fn is_alive(&self) -> bool {
        let state = self.client.state();
        !state.is_over() && state != State::Overdue
    }

    /// Whether it is no copy of a parent's.
    pub(super) fn is_ours(&self) -> bool {
        self.owner.is_this_process()
    }
}

impl Drop for Session {
    /// A child of a fork says nothing: it only closes its copy of the connection.
    fn drop(&mut self) {
        // One that never began has nothing to end.
        if self.is_ours() && self.is_alive() && self.client.session().is_some() {
            // Who can't be told finds out when the session's time is over.
            let _ = self.client.close().wait_while(CLOSE_PATIENCE, || false);
        }
    }
}

impl Terms {
    /// # Errors
    ///
    /// If the hosts are none, which the constructor has seen to.
    fn settings(&self) -> Result<Settings, Throw> {
        let settings = Settings::new(&self.hosts).map_err(|error| Connection::with(&error.to_string(), 0))?;
        // A server that is not heard of for longer than that has not kept the session either.
        let (connect_timeout, request_timeout) = (self.timeout * 2 / 3, self.timeout);
        Ok(Settings { session_timeout: self.timeout, connect_timeout, request_timeout, ..settings })
    }
}

/// No server has answered in time.
pub(super) fn silent(terms: &Terms) -> Throw {
    Connection::with(&format!("none of the servers has answered in time ({})", terms.hosts), 0)
}

thread_local! {
    static SESSIONS: RefCell<BTreeMap<Terms, Weak<Session>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Has the process forked while all sessions are held still, so that the child can close its copies of the connections.
pub(crate) fn hold_around(fork: &mut dyn FnMut()) {
    let sessions: Vec<Rc<Session>> = SESSIONS.with_borrow_mut(|sessions| {
        sessions.retain(|_, session| session.strong_count() > 0);
        sessions.values().filter_map(Weak::upgrade).filter(|session| session.is_ours()).collect()
    });
    let held: Vec<Held<'_>> = sessions.iter().map(|session| session.client.hold()).collect();
    fork();
    drop(held);
}
