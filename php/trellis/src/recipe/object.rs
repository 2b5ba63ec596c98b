//! What all objects of recipes have: where they are, their session, and what they hold. Nothing is borrowed while PHP is
//! called.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use ext_php_rs::args::Arg;
use ext_php_rs::flags::DataType;
use trellis_php_host::function::{nullable, optional, required};
use trellis_php_host::{Call, Owner, Throw};
use trellis_zk_client::recipe::{Holding, Standing};
use trellis_zk_client::{Client, Error, Servers, path};

use super::failure;
use super::session::{Session, Terms, silent};
use crate::wait::wait_for;

/// A session's time-out in seconds, unless the script says otherwise; the text is what reflection shows.
const SESSION_TIMEOUT: f64 = 10.0;
const SESSION_TIMEOUT_TEXT: &str = "10.0";
/// The protocol has no more bits for it.
const SESSION_TIMEOUT_MS_MAX: u128 = i32::MAX as u128;

/// The state of an object.
#[derive(Default)]
pub(super) struct Object {
    place: RefCell<Option<Place>>,
    session: RefCell<Option<Rc<Session>>>,
    held: RefCell<Option<Holding>>,
    /// While a call of it waits, in which handlers may call it again.
    is_waiting: Cell<bool>,
}

/// What the constructor was given.
#[derive(Clone)]
pub(super) struct Place {
    terms: Terms,
    pub(super) path: String,
    /// For whoever asks who holds or wants something.
    pub(super) identifier: String,
    /// How many, where that matters.
    pub(super) count: u32,
    owner: Owner,
}

/// The parameters of a constructor that every recipe has.
pub(super) fn place_parameters() -> [Arg<'static>; 2] {
    [required("hosts", DataType::String), required("path", DataType::String)]
}

/// Those that name the object to others, and say how long a session lives.
pub(super) fn identifier_parameter() -> Arg<'static> {
    nullable("identifier", DataType::String)
}

pub(super) fn timeout_parameter() -> Arg<'static> {
    optional("sessionTimeout", DataType::Double, SESSION_TIMEOUT_TEXT)
}

/// Where in a constructor's list of arguments the others are.
#[derive(Clone, Copy, Default)]
pub(super) struct Indices {
    pub(super) count: Option<usize>,
    pub(super) identifier: Option<usize>,
    pub(super) timeout: usize,
}

impl Object {
    /// Takes what the constructor was given. Nothing is connected yet.
    pub(super) fn construct(&self, call: &Call<'_>, indices: Indices) -> Result<(), Throw> {
        let hosts: &str = call.argument(0)?;
        if let Err(error) = hosts.parse::<Servers>() {
            return Err(call.value_error(0, &format!("must be a list of servers: {error}")));
        }
        let path: &str = call.argument(1)?;
        if let Err(error) = path::check(path) {
            return Err(call.value_error(1, &format!("must be the path of a node: {error}")));
        }
        if path == "/" {
            return Err(call.value_error(1, "must be the path of a node below /"));
        }
        let count = match indices.count {
            None => 0,
            Some(index) => {
                let count = u32::try_from(call.argument::<i64>(index)?).ok().filter(|count| *count > 0);
                count.ok_or_else(|| call.value_error(index, "must be between 1 and 4294967295"))?
            }
        };
        let identifier = indices.identifier.map(|index| call.argument::<Option<&str>>(index)).transpose()?;
        let identifier = identifier.flatten().map_or_else(name_of_process, str::to_owned);
        let seconds = call.argument::<Option<f64>>(indices.timeout)?.unwrap_or(SESSION_TIMEOUT);
        let timeout = Duration::try_from_secs_f64(seconds).ok();
        let timeout = timeout.filter(|timeout| (1..=SESSION_TIMEOUT_MS_MAX).contains(&timeout.as_millis()));
        let Some(timeout) = timeout else {
            return Err(call.value_error(indices.timeout, "must be between 0.001 and 2147483 seconds"));
        };
        let terms = Terms { hosts: hosts.to_owned(), timeout };
        let place = Place { terms, path: path.to_owned(), identifier, count, owner: Owner::this_process() };
        self.place.replace(Some(place));
        let before = (self.held.take(), self.session.take());
        drop(before);
        Ok(())
    }

    /// Where it is, for a call of this process that no other call waits for.
    pub(super) fn place(&self) -> Result<Place, Throw> {
        let place = self.place.borrow().clone();
        let place = place.ok_or_else(|| failure::misused("the constructor was not called"))?;
        if !place.owner.is_this_process() {
            return Err(failure::forked());
        }
        if self.is_waiting.get() {
            return Err(failure::misused("a call of this object waits; use another one in handlers"));
        }
        Ok(place)
    }

    /// Does something with a session, for as long as `patience`, and no longer than a session lives if that is none.
    pub(super) fn ask<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        place: &Place,
        throw: fn(&E) -> Throw,
        asked: impl FnOnce(Client) -> F,
    ) -> Result<T, Throw> {
        let until = Instant::now().checked_add(place.terms.timeout);
        let done = self.wait(|| {
            let client = self.client(&place.terms, until)?;
            wait_for(asked(client), until)
        })?;
        done.ok_or_else(|| silent(&place.terms))?.map_err(|error| throw(&error))
    }

    /// Waits for something that recipes wait for, which `asked` limits itself.
    pub(super) fn wait_for<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        place: &Place,
        patience: Option<Duration>,
        throw: fn(&E) -> Throw,
        asked: impl FnOnce(Client) -> F,
    ) -> Result<T, Throw> {
        // There is an answer about the servers in a session's time, whoever waits for how long.
        let patience = patience.map_or(place.terms.timeout, |patience| patience.min(place.terms.timeout));
        let until = Instant::now().checked_add(patience.max(CONNECT_MIN));
        let done = self.wait(|| wait_for(asked(self.client(&place.terms, until)?), None))?;
        done.ok_or_else(|| silent(&place.terms))?.map_err(|error| throw(&error))
    }

    fn wait<T>(&self, wait: impl FnOnce() -> Result<T, Throw>) -> Result<T, Throw> {
        self.is_waiting.set(true);
        let waited = wait();
        self.is_waiting.set(false);
        waited
    }

    fn client(&self, terms: &Terms, until: Option<Instant>) -> Result<Client, Throw> {
        let known = self.session.borrow().clone();
        if let Some(session) = known.filter(|session| session.is_alive()) {
            return Ok(session.client.clone());
        }
        let session = Session::on(terms, until)?;
        let client = session.client.clone();
        let before = self.session.replace(Some(session));
        drop(before);
        Ok(client)
    }

    /// Whether there is something that it holds and that is not lost.
    pub(super) fn is_held(&self) -> bool {
        self.held.borrow().as_ref().is_some_and(|held| held.standing() != Standing::Lost)
    }

    /// Keeps what it holds from now on; whether it got it.
    pub(super) fn keep(&self, got: Option<Holding>) -> bool {
        let is_got = got.is_some();
        let before = self.held.replace(got);
        drop(before);
        is_got
    }

    /// Whether it is free to get something, of which `what` is the name.
    ///
    /// # Errors
    ///
    /// If it holds it already, or has lost it.
    pub(super) fn check_free(&self, what: &str) -> Result<(), Throw> {
        if self.is_held() {
            return Err(failure::misused(&format!("{what} is held by this object already")));
        }
        match self.held.take() {
            Some(_) => Err(failure::lost(what)),
            None => Ok(()),
        }
    }

    /// What it holds, which is no longer its own.
    ///
    /// # Errors
    ///
    /// If it holds nothing, or has lost it.
    pub(super) fn take_held(&self, what: &str) -> Result<Holding, Throw> {
        let was_held = self.is_held();
        match self.held.take() {
            Some(held) if was_held => Ok(held),
            Some(_) => Err(failure::lost(what)),
            None => Err(failure::misused(&format!("{what} is not held by this object"))),
        }
    }

    /// Gives back what it holds, and waits until a server has said so.
    ///
    /// # Errors
    ///
    /// As of [`take_held`](Self::take_held). If no server can be told now, it is told later, and the exception says so.
    pub(super) fn release(&self, what: &str) -> Result<(), Throw> {
        let place = self.place()?;
        let held = self.take_held(what)?;
        self.ask(&place, failure::of, |_| held.release())
    }
}

/// The least time to connect: who doesn't want to wait for a lock wants to hear of it all the same.
const CONNECT_MIN: Duration = Duration::from_secs(1);

/// This process for others: host:pid.
fn name_of_process() -> String {
    let system = rustix::system::uname();
    format!("{}:{}", system.nodename().to_string_lossy(), std::process::id())
}

/// The recipe's own error.
pub(super) fn plain(error: &Error) -> Throw {
    failure::of(error)
}
