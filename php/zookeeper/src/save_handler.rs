//! PHP's sessions in znodes: `session.save_handler = zookeeper`, with a list of servers as `session.save_path`. A session is
//! a znode below [`ROOT`], and while a request uses it, it is locked by the lock recipe in the znode of its name below
//! [`LOCKS`]: a root of their own, so that no session is another one's lock, whatever browsers call theirs.
//!
//! The connection stays as long as the process and `session.save_path`. Nothing is borrowed while PHP is warned: it may have
//! a handler for that.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ext_php_rs::error::php_error;
use ext_php_rs::flags::ErrorType;
use trellis_php_host::{Owner, SaveHandler, request, setting};
use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::recipe::{Holding, Lock};
use trellis_zk_client::{Client, CreateMode, Error, ErrorCode, Stat};

use crate::session::{self, timeout};
use crate::settings;

/// The znode that holds the sessions.
const ROOT: &str = "/php-sessid";
/// The znode that holds the sessions' locks.
const LOCKS: &str = "/php-sessid-locks";
/// How long a lock is waited for where scripts may run for ever.
const LOCK_PATIENCE_DEFAULT: Duration = Duration::from_secs(30);
/// How often is looked whether there still is a connection, while a lock is given back.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The longest name of a session. PHP makes shorter ones.
const KEY_BYTES_MAX: usize = 256;

/// Where the sessions are.
struct Store {
    place: String,
    owner: Owner,
    client: Client,
    /// The locks of the sessions that are in use, by their names. There is one, unless the script itself calls the handler.
    held: BTreeMap<String, Held>,
}

/// A session's lock.
struct Held {
    lock: Holding,
    /// Whether there is no such session: then the lock's znode isn't needed any more either.
    is_of_none: bool,
}

thread_local! {
    static STORE: RefCell<Option<Store>> = const { RefCell::new(None) };
}

/// Ends the connection; when PHP ends, or other servers are to have the sessions.
pub(crate) fn end() {
    if let Some(mut store) = STORE.take() {
        store.held.clear();
        session::end(store.owner, &store.client);
    }
}

/// The handler, for PHP.
pub(crate) struct Handler;

impl SaveHandler for Handler {
    const NAME: &'static CStr = c"zookeeper";

    fn open(place: &str) -> bool {
        let usable = |store: &Store| {
            store.place == place && store.owner.is_this_process() && !store.client.state().is_over()
        };
        if STORE.with_borrow(|store| store.as_ref().is_some_and(usable)) {
            return true;
        }
        end();
        told(Store::open(place)).map(|store| STORE.set(Some(store))).is_some()
    }

    fn close() {
        STORE.with_borrow_mut(|store| store.as_mut().map(Store::unlock_all));
    }

    fn read(key: &str, lifetime_s: i64) -> Option<Vec<u8>> {
        ask(key, |store| store.read(key, lifetime_s))
    }

    fn write(key: &str, data: &[u8]) -> bool {
        // PHP itself writes what a request has left open, in a child of it, too. The script has not asked for that.
        let is_parents = |store: &Store| !store.owner.is_this_process();
        if !request::is_under_way() && STORE.with_borrow(|store| store.as_ref().is_some_and(is_parents)) {
            return true;
        }
        ask(key, |store| store.write(key, data)).is_some()
    }

    fn destroy(key: &str) -> bool {
        ask(key, |store| store.destroy(key)).is_some()
    }

    fn collect(lifetime_s: i64) -> Option<i64> {
        let asked = STORE.with_borrow_mut(|store| store.as_mut().map(|store| store.collect(lifetime_s)));
        told(asked?.map_err(|error| error.to_string()))
    }

    fn exists(key: &str) -> bool {
        ask(key, |store| store.client.exists(&session(key)).wait()).flatten().is_some()
    }
}

/// The znode of a session.
fn session(key: &str) -> String {
    format!("{ROOT}/{key}")
}

/// The znode of a session's lock.
fn lock(key: &str) -> String {
    format!("{LOCKS}/{key}")
}

/// Asks about one session, if it can be one. What goes wrong, PHP is warned of.
fn ask<T>(key: &str, ask: impl FnOnce(&mut Store) -> Result<T, Error>) -> Option<T> {
    // Names come from browsers.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'-');
    if key.len() > KEY_BYTES_MAX || !key.bytes().all(allowed) {
        return told(Err(
            "a session's name may only have the characters a-z, A-Z, 0-9, '-' and ','".to_owned()
        ));
    }
    let asked = STORE.with_borrow_mut(|store| store.as_mut().map(ask));
    told(asked?.map_err(|error| error.to_string()))
}

/// Warns of what went wrong.
fn told<T>(outcome: Result<T, String>) -> Option<T> {
    outcome.map_err(|problem| php_error(&ErrorType::Warning, &problem)).ok()
}

impl Store {
    fn open(place: &str) -> Result<Store, String> {
        let timeout = timeout(None).ok_or("zookeeper.recv_timeout has to be greater than 0")?;
        let settings = session::settings(place, timeout).map_err(|error| error.to_string())?;
        let client = blocking::start(&settings).map_err(|error| error.to_string())?;
        session::hold_at_forks(&client);
        Ok(Store { place: place.to_owned(), owner: Owner::this_process(), client, held: BTreeMap::new() })
    }

    fn read(&mut self, key: &str, lifetime_s: i64) -> Result<Vec<u8>, Error> {
        self.lock(key)?;
        let path = session(key);
        match self.client.get_data(&path).wait() {
            Ok(data) if is_old(&data.stat, lifetime_s) => {
                missing_is_fine(self.client.delete(&path, None).wait())?;
                self.now_exists(key, false);
                Ok(Vec::new())
            }
            Ok(data) => Ok(data.data.unwrap_or_default()),
            Err(error) if error.is(ErrorCode::NoNode) => {
                self.now_exists(key, false);
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, key: &str, data: &[u8]) -> Result<(), Error> {
        let path = session(key);
        match self.client.set_data(&path, data, None).wait() {
            Err(error) if error.is(ErrorCode::NoNode) => {
                self.client.ensure_path(ROOT).wait()?;
                self.client.create(&path, data, CreateMode::Persistent).wait()?;
            }
            outcome => drop(outcome?),
        }
        self.now_exists(key, true);
        Ok(())
    }

    fn destroy(&mut self, key: &str) -> Result<(), Error> {
        missing_is_fine(self.client.delete(&session(key), None).wait())?;
        self.now_exists(key, false);
        self.unlock(key)
    }

    /// Whether there is such a session from now on.
    fn now_exists(&mut self, key: &str, exists: bool) {
        self.held.get_mut(key).into_iter().for_each(|held| held.is_of_none = !exists);
    }

    fn collect(&self, lifetime_s: i64) -> Result<i64, Error> {
        let mut count = 0;
        let mut others = BTreeSet::new();
        for key in self.names(ROOT)? {
            if self.delete_old(&session(&key), lifetime_s)? {
                count += 1;
            } else {
                others.insert(key);
            }
        }
        // Locks of sessions that are gone, or never were, such as those whose process has died.
        for key in self.names(LOCKS)?.iter().filter(|key| !others.contains(*key)) {
            self.delete_old(&lock(key), lifetime_s)?;
        }
        Ok(count)
    }

    /// What is below a znode.
    fn names(&self, path: &str) -> Result<Vec<String>, Error> {
        match self.client.children(path).wait() {
            Err(error) if error.is(ErrorCode::NoNode) => Ok(Vec::new()),
            outcome => outcome.map(|listing| listing.names),
        }
    }

    /// Deletes a znode that nobody has written for so long; whether it did.
    fn delete_old(&self, path: &str, lifetime_s: i64) -> Result<bool, Error> {
        let stat = self.client.exists(path).wait()?;
        let Some(stat) = stat.filter(|stat| is_old(stat, lifetime_s)) else { return Ok(false) };
        // A session that somebody has used meanwhile has another version, and a lock that is held isn't empty: they stay.
        Ok(self.client.delete(path, Some(stat.version)).wait().is_ok())
    }

    /// Waits for the session's lock, if sessions are locked, for as long as the script may run.
    fn lock(&mut self, key: &str) -> Result<(), Error> {
        if !settings::session_lock() || self.held.contains_key(key) {
            return Ok(());
        }
        let seconds = u64::try_from(setting(c"max_execution_time")).ok().filter(|seconds| *seconds > 0);
        let patience = seconds.map_or(LOCK_PATIENCE_DEFAULT, Duration::from_secs);
        // The lock waits for a server; this doesn't, and says which one can't be reached.
        self.client.ensure_path(LOCKS).wait()?;
        let Some(lock) = Lock::new(&self.client, &lock(key)).acquire(Some(patience)).wait()? else {
            return Err(Error::System(format!(
                "the session is locked by another request since {} s",
                patience.as_secs()
            )));
        };
        self.held.insert(key.to_owned(), Held { lock, is_of_none: false });
        Ok(())
    }

    fn unlock_all(&mut self) {
        while let Some(key) = self.held.keys().next().cloned() {
            // A lock that can't be given back goes with the connection.
            let _ = self.unlock(&key);
        }
    }

    /// Gives a session's lock back. Without a connection that is done in the background: no request waits for a server that
    /// is away.
    fn unlock(&mut self, key: &str) -> Result<(), Error> {
        let held = self.held.remove(key).filter(|_| self.owner.is_this_process());
        let Some(held) = held else { return Ok(()) };
        let released = held.lock.release().wait_while(LOOK_EVERY, || self.client.state().is_connected());
        let Some(released) = released else { return Ok(()) };
        released?;
        if held.is_of_none {
            // Unless somebody else waits for it: then it isn't empty, and stays.
            let _ = self.client.delete(&lock(key), None).wait();
        }
        Ok(())
    }
}

/// Whether nobody has written a session for so long.
fn is_old(stat: &Stat, lifetime_s: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    now_ms.saturating_sub(stat.mtime) > lifetime_s.saturating_mul(1000)
}

fn missing_is_fine(outcome: Result<(), Error>) -> Result<(), Error> {
    outcome.or_else(|error| if error.is(ErrorCode::NoNode) { Ok(()) } else { Err(error) })
}
