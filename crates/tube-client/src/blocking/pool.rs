//! Some clients of servers that know nothing of each other, for programs that put, take and finish jobs as they like.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use trellis_tube_codec::Request;

use super::client::{Client, wait};
use super::reserving::{Asked, Reserving};
use crate::address::Address;
use crate::answer::Answer;
use crate::error::Error;
use crate::job::{Job, PutOptions};
use crate::limits::RESERVE_AGAIN_SECONDS;
use crate::placed::Placed;
use crate::settings::Settings;
use crate::spread::Spread;

/// What a reserve has come to: a job and its server's place, or none in time.
type Outcome = Result<Option<(usize, Job)>, Error>;

/// Servers that know nothing of each other, each with a client of its own. They can be added at any time.
///
/// ```no_run
/// use std::time::Duration;
/// use trellis_tube_client::{PutOptions, Settings, blocking::Pool};
///
/// let mut pool = Pool::new();
/// for server in ["queue-1", "queue-2"] {
///     pool.add(server.parse()?, &Settings::default());
/// }
/// pool.use_tube("mail")?;
/// pool.watch("mail")?;
/// pool.put(b"hello", &PutOptions::default())?;
/// let all: Vec<usize> = (0..pool.servers().len()).collect();
/// if let Some((server, job)) = pool.reserve(&all, Some(Duration::from_secs(1)))? {
///     pool.client(server).expect("it has the job").delete(job.id)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Pool {
    pub(super) clients: Vec<Client>,
    servers: Vec<Address>,
    spread: Spread,
    /// Which server is asked for a job first the next time.
    first: usize,
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl Pool {
    /// A pool without servers.
    pub fn new() -> Self {
        Self { clients: Vec::new(), servers: Vec::new(), spread: Spread::new(&[]), first: 0 }
    }

    /// Adds a server and returns its place. One that is there already stays as it is. The new one uses and watches the
    /// tubes that the first one does.
    pub fn add(&mut self, server: Address, settings: &Settings) -> usize {
        if let Some(place) = self.servers.iter().position(|present| *present == server) {
            return place;
        }
        let mut client = Client::with(vec![server.clone()], settings);
        if let Some(first) = self.clients.first() {
            client.machine.copy_tubes(&first.machine);
        }
        self.clients.push(client);
        self.servers.push(server);
        self.spread = Spread::new(&self.servers);
        self.servers.len() - 1
    }

    /// The servers, each at its place.
    pub fn servers(&self) -> &[Address] {
        &self.servers
    }

    /// The client of one server, by its place, for anything else.
    pub fn client(&mut self, server: usize) -> Option<&mut Client> {
        self.clients.get_mut(server)
    }

    /// The place of the server that this key belongs to; `None` without servers. Where a server is added, only the keys
    /// move that it gets.
    pub fn by_key(&self, key: &[u8]) -> Option<usize> {
        self.spread.by_key(key).first().copied()
    }

    /// Makes this the tube that puts mean, on every server. Those that are not connected are told when they are.
    ///
    /// # Errors
    /// If the tube's name is none, or a server refuses; the others are told all the same.
    pub fn use_tube(&mut self, tube: &str) -> Result<(), Error> {
        let assume = |client: &mut Client| client.machine.assume_tubes(Some(tube), &[]);
        self.tell_all(&Request::Use { tube }, assume)
    }

    /// Takes jobs from this tube, too, on every server; otherwise like [`Pool::use_tube`].
    ///
    /// # Errors
    /// As [`Pool::use_tube`].
    pub fn watch(&mut self, tube: &str) -> Result<(), Error> {
        self.tell_all(&Request::Watch { tube }, |client| {
            let watched = client.machine.watched().to_vec();
            let watched: Vec<&str> = watched.iter().map(String::as_str).chain([tube]).collect();
            client.machine.assume_tubes(None, &watched)
        })
    }

    /// Takes no more jobs from this tube, on every server; otherwise like [`Pool::use_tube`].
    ///
    /// # Errors
    /// As [`Pool::use_tube`], or [`Error::NotIgnored`] for the only tube.
    pub fn ignore(&mut self, tube: &str) -> Result<(), Error> {
        self.tell_all(&Request::Ignore { tube }, |client| {
            let watched = client.machine.watched().to_vec();
            let others: Vec<&str> =
                watched.iter().map(String::as_str).filter(|other| *other != tube).collect();
            if others.is_empty() {
                Err(Error::NotIgnored)
            } else {
                client.machine.assume_tubes(None, &others)
            }
        })
    }

    /// Puts a job into the server whose turn it is, or the next one that takes it.
    ///
    /// # Errors
    /// If none takes it, that of the last one. What a dead connection leaves unknown is not put elsewhere.
    pub fn put(&mut self, body: &[u8], options: &PutOptions) -> Result<Placed, Error> {
        let mut failure = Error::NoServer;
        for server in self.spread.in_turn() {
            match self.clients[server].put(body, options) {
                Err(error) if error.is_elsewhere_possible() => failure = error,
                result => return result.map(|inserted| Placed { server, inserted }),
            }
        }
        Err(failure)
    }

    /// Waits for a job of any of these servers for so long, or for ever; `None` if none came in time.
    ///
    /// Servers of which this pool holds no job are waited for together, and what the others send while the first one's
    /// job is taken goes back to them. One of which it holds jobs is asked again and again instead, since to leave it
    /// would give those back. A single server is waited for in any case.
    ///
    /// # Errors
    /// If no server can be reached or all refuse, that of the last one; [`Error::DeadlineSoon`] of any.
    pub fn reserve(&mut self, servers: &[usize], time: Option<Duration>) -> Outcome {
        let mut reserving = self.begin_reserve(servers, time);
        loop {
            if let Some(outcome) = self.step(&mut reserving, None, None) {
                return outcome;
            }
        }
    }

    /// Begins what [`Pool::reserve`] does, to be carried on by [`Pool::step`] or given up by [`Pool::cancel`].
    pub fn begin_reserve(&mut self, servers: &[usize], time: Option<Duration>) -> Reserving {
        let mut servers: Vec<usize> =
            servers.iter().copied().filter(|server| *server < self.clients.len()).collect();
        if !servers.is_empty() {
            let first = self.first % servers.len();
            servers.rotate_left(first);
            self.first = self.first.wrapping_add(1);
        }
        let mut reserving = Reserving::new(time, Instant::now());
        if servers.is_empty() {
            reserving.failure = Some(Error::NoServer);
        }
        // A server that is connected and has a job answers at once; while there are any, nobody has to be left.
        if servers.len() > 1 {
            reserving.outcome = self.ask(&servers);
        }
        if reserving.outcome.is_some() {
            return reserving;
        }
        // Whole seconds stay whole, since the server ends those by itself: the look at each server is not taken off.
        for server in &servers {
            let client = &mut self.clients[*server];
            let is_left_alone = servers.len() > 1 && client.machine.holds_any();
            let ticket = (!is_left_alone).then(|| client.begin_reserve(time));
            reserving.asked.push(Asked { server: *server, ticket, is_left_alone, again_at: None });
        }
        reserving
    }

    /// Carries a reserve on: does what there is to be done and, unless that gives the outcome, waits once for something
    /// to move. `None` means that the reserve goes on: something has moved, or a signal has come, `wake` can be read, or it
    /// is `until`. (A signal that comes just before the wait does not end it.)
    pub fn step(
        &mut self,
        reserving: &mut Reserving,
        wake: Option<BorrowedFd<'_>>,
        until: Option<Instant>,
    ) -> Option<Outcome> {
        let outcome = self.look(reserving);
        if outcome.is_none() {
            if !std::mem::replace(&mut reserving.has_watched, true)
                && let [only] = self.clients.as_mut_slice()
                && only.watch_closely()
            {
                return None;
            }
            wait(&mut self.clients, wake, reserving.next_request().into_iter().chain(until).min());
            return None;
        }
        for asked in &mut reserving.asked {
            asked.ticket.take().into_iter().for_each(|ticket| self.clients[asked.server].abandon(ticket));
        }
        outcome
    }

    /// Gives a reserve up. Servers that it still waits for are hung up on, and make the jobs ready that were held there:
    /// otherwise whatever is asked of them next would wait until the reserve is over.
    pub fn cancel(&mut self, reserving: Reserving) {
        if let Some(Ok(Some((server, job)))) = reserving.outcome {
            let client = &mut self.clients[server];
            client.machine.give_back(job.id, Instant::now());
            client.turn();
        }
        for asked in reserving.asked.into_iter().filter(|asked| asked.ticket.is_some()) {
            let client = &mut self.clients[asked.server];
            asked.ticket.into_iter().for_each(|ticket| client.abandon(ticket));
            client.hang_up();
        }
    }

    /// The outcome, if there is one by now.
    fn look(&mut self, reserving: &mut Reserving) -> Option<Outcome> {
        if let Some(outcome) = reserving.outcome.take() {
            return Some(outcome);
        }
        let now = Instant::now();
        let left = reserving.left(now);
        for asked in &mut reserving.asked {
            let client = &mut self.clients[asked.server];
            if asked.ticket.is_none() && !reserving.is_over && asked.again_at.is_some_and(|at| at <= now) {
                asked.ticket = Some(client.begin_reserve(left));
            }
            client.turn();
            let Some(outcome) = asked.ticket.and_then(|ticket| client.machine.take(ticket)) else { continue };
            asked.ticket = None;
            match outcome.map(Answer::job) {
                Ok(Some(job)) => return Some(Ok(Some((asked.server, job)))),
                Ok(None) => reserving.is_over = true,
                Err(Error::DeadlineSoon) => return Some(Err(Error::DeadlineSoon)),
                Err(error) => {
                    // As long as others are waited for, they must not keep this one's jobs.
                    asked.again_at = Some(now + RESERVE_AGAIN_SECONDS);
                    reserving.failure = Some(error);
                }
            }
        }
        if reserving.is_anybody_left_alone() && now >= reserving.next_round() {
            reserving.asked_at = now;
            let alone = reserving.asked.iter().filter(|asked| asked.is_left_alone);
            let alone: Vec<usize> = alone.map(|asked| asked.server).collect();
            if let Some(outcome) = self.ask(&alone) {
                return Some(outcome);
            }
            reserving.is_over |= reserving.ends.is_some_and(|ends| ends <= now);
        }
        // When the time is over, those that have been asked still answer; who can't be reached is not waited for.
        let is_asked = |asked: &Asked| asked.ticket.is_some() && self.clients[asked.server].is_connected();
        if reserving.is_over && !reserving.asked.iter().any(is_asked) {
            return Some(Ok(None));
        }
        let is_away = |asked: &Asked| {
            let has_failed = asked.again_at.is_some() && !self.clients[asked.server].is_connected();
            !asked.is_left_alone && (asked.ticket.is_none() || has_failed)
        };
        if reserving.asked.iter().all(is_away) {
            return Some(reserving.failure.take().map_or(Ok(None), Err));
        }
        None
    }

    /// What those of the servers that are connected have at once; `None` if that is nothing.
    fn ask(&mut self, servers: &[usize]) -> Option<Outcome> {
        let mut is_deadline_soon = false;
        for server in servers {
            match self.clients[*server].reserve_at_once() {
                Ok(Some(job)) => return Some(Ok(Some((*server, job)))),
                Err(Error::DeadlineSoon) => is_deadline_soon = true,
                // What the matter is, is told when it is asked again.
                Ok(None) | Err(_) => {}
            }
        }
        is_deadline_soon.then_some(Err(Error::DeadlineSoon))
    }

    /// Makes a request of each server that is connected, and has the others assume its effect until they are. Returns
    /// the first error.
    fn tell_all(
        &mut self,
        request: &Request<'_>,
        assume: impl Fn(&mut Client) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let tell = |client: &mut Client| {
            if client.is_connected() {
                match client.call(request) {
                    Err(error) if error.is_disconnect() => {}
                    result => return result.map(drop),
                }
            }
            assume(client)
        };
        let results: Vec<Result<(), Error>> = self.clients.iter_mut().map(tell).collect();
        results.into_iter().collect()
    }
}
