//! What objects of both styles share: the servers, and the rules for using them from PHP.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use trellis_php_host::{Throw, serve_interrupts};
use trellis_tube_client::blocking::{Client, Pool};
use trellis_tube_client::{Address, Error, Job, PutOptions, Settings};

use crate::failure;

/// How long the wait between two tries to connect may get; within it, calls fail at once with what went wrong last.
const BACKOFF_MS_MAX: Duration = Duration::from_millis(500);

/// How long a signal can be overlooked that has come just before a wait: PHP notes it, but nothing wakes the wait up.
const SIGNAL_INTERVAL_MS: Duration = Duration::from_millis(100);

/// The servers of one object.
#[derive(Default)]
pub(crate) struct Link {
    pool: RefCell<Pool>,
    /// While handlers of signals run inside a reserve.
    is_waiting: Cell<bool>,
}

impl Link {
    /// Adds a server, which is given so long to connect and so long to answer.
    pub(crate) fn add(&self, server: Address, timeout: Duration) -> Result<(), Throw> {
        let settings = Settings {
            connect_timeout: timeout,
            reply_timeout: timeout,
            // A PHP script is better told at once than kept waiting for a server that may come back.
            patience: Duration::ZERO,
            backoff_max: BACKOFF_MS_MAX,
            ..Settings::default()
        };
        self.with(|pool| {
            pool.add(server, &settings);
            Ok(())
        })
    }

    /// Does something with the servers that calls no PHP code.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Pool) -> Result<R, Error>) -> Result<R, Throw> {
        if self.is_waiting.get() {
            return Err(failure::busy());
        }
        let mut pool = self.pool.try_borrow_mut().map_err(|_| failure::busy())?;
        act(&mut pool).map_err(|error| failure::throw(&error))
    }

    /// Does something with one server.
    pub(crate) fn with_server<R>(
        &self,
        server: usize,
        act: impl FnOnce(&mut Client) -> Result<R, Error>,
    ) -> Result<R, Throw> {
        self.with(|pool| act(pool.client(server).ok_or(Error::NoServer)?))
    }

    /// Asks every server, and returns what those say that can be reached, with their places.
    ///
    /// # Errors
    ///
    /// If none can be, or any refuses.
    pub(crate) fn with_each<R>(
        &self,
        mut act: impl FnMut(&mut Client) -> Result<R, Error>,
    ) -> Result<Vec<(usize, R)>, Throw> {
        self.with(|pool| {
            let mut answers = Vec::new();
            let mut failure = Error::NoServer;
            for server in 0..pool.servers().len() {
                let Some(client) = pool.client(server) else { continue };
                match act(client) {
                    Ok(answer) => answers.push((server, answer)),
                    Err(error) if error.is_disconnect() => failure = error,
                    Err(error) => return Err(error),
                }
            }
            if answers.is_empty() { Err(failure) } else { Ok(answers) }
        })
    }

    /// The servers' addresses.
    pub(crate) fn servers(&self) -> Result<Vec<String>, Throw> {
        self.with(|pool| Ok(pool.servers().iter().map(ToString::to_string).collect()))
    }

    /// Waits for a job of these servers. Handlers of signals run meanwhile, and what they throw ends it.
    pub(crate) fn reserve(
        &self,
        servers: &[usize],
        time: Option<Duration>,
    ) -> Result<Option<(usize, Job)>, Throw> {
        let mut reserving = self.with(|pool| Ok(pool.begin_reserve(servers, time)))?;
        loop {
            if let Some(outcome) = self
                .with(|pool| Ok(pool.step(&mut reserving, None, Some(Instant::now() + SIGNAL_INTERVAL_MS))))?
            {
                return outcome.map_err(|error| failure::throw(&error));
            }
            self.is_waiting.set(true);
            let served = serve_interrupts();
            self.is_waiting.set(false);
            if let Err(throw) = served {
                self.with(|pool| {
                    pool.cancel(reserving);
                    Ok(())
                })?;
                return Err(throw);
            }
        }
    }

    /// Ends all connections; the next call makes new ones.
    pub(crate) fn close(&self) -> Result<(), Throw> {
        self.with(|pool| {
            for server in 0..pool.servers().len() {
                pool.client(server).into_iter().for_each(Client::hang_up);
            }
            Ok(())
        })
    }
}

/// The priority that a job is to have: the one that is given, or its own.
pub(crate) fn priority(client: &mut Client, id: u64, given: Option<u32>) -> Result<u32, Error> {
    if let Some(given) = given {
        return Ok(given);
    }
    let statistics = client.stats_job(id)?.ok_or(Error::NotFound)?;
    let own = statistics.number("pri").and_then(|priority| u32::try_from(priority).ok());
    Ok(own.unwrap_or(PutOptions::default().priority))
}
