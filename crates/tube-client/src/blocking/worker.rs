//! A worker's loop over one or more servers, one job at a time.

use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::client::{Client, wait};
use super::stop::Stop;
use crate::address::Address;
use crate::answer::Answer;
use crate::error::Error;
use crate::job::Job;
use crate::limits::{KEEP_ALIVE_MS_MIN, WORKER_WAIT_SECONDS_MAX};
use crate::machine::Ticket;
use crate::settings::Settings;
use crate::verdict::{Retry, Verdict};

/// A worker that takes jobs from some tubes of one or more servers, and does one at a time.
///
/// Each server has a connection of its own that holds one job at most, so that waiting can end at any time without
/// taking anything along. Where no server has a job at once, it waits for all of them together; what the others
/// send while the first one's job is taken goes back to them.
///
/// ```no_run
/// use trellis_tube_client::{Settings, Verdict, blocking::{Stop, Worker}};
///
/// let servers = vec!["queue-1".parse()?, "queue-2".parse()?];
/// let mut worker = Worker::new(servers, &["mail"], &Settings::default())?;
/// let (_stopper, stop) = Stop::pair()?;
/// worker.run(
///     &stop,
///     |running| {
///         println!("{} bytes", running.job.body.len());
///         Verdict::Done
///     },
///     |error| eprintln!("{error}"),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Worker {
    clients: Vec<Client>,
    /// Which server is asked first the next time.
    first: usize,
    /// What becomes of jobs that fail.
    pub retry: Retry,
    pause: Duration,
}

/// A job while its handler has it.
#[derive(Debug)]
pub struct Running<'a> {
    /// The job.
    pub job: &'a Job,
    /// The place of its server in the worker's list.
    pub server: usize,
    client: &'a mut Client,
    /// When its time to run needs to be thought of.
    touch_at: Instant,
}

impl Running<'_> {
    /// Starts the job's time to run anew if a third of it has passed. It costs nothing before that, so a handler
    /// of a long job can call it in each of its rounds. An error says that the job is not this worker's any more.
    pub fn keep_alive(&mut self) -> Result<(), Error> {
        if Instant::now() < self.touch_at {
            return Ok(());
        }
        self.client.touch(self.job.id)?;
        let statistics = self.client.stats_job(self.job.id)?.ok_or(Error::NotFound)?;
        let ttr = Duration::from_secs(statistics.number("ttr").unwrap_or(1));
        self.touch_at = Instant::now() + (ttr / 3).max(KEEP_ALIVE_MS_MIN / 2);
        Ok(())
    }
}

impl Worker {
    /// A worker for these tubes; without any, for `default`. Nothing is connected yet.
    ///
    /// # Errors
    /// If a tube's name is none, or there is no server.
    pub fn new(servers: Vec<Address>, tubes: &[impl AsRef<str>], settings: &Settings) -> Result<Self, Error> {
        if servers.is_empty() {
            return Err(Error::NoServer);
        }
        let tubes: Vec<&str> = tubes.iter().map(AsRef::as_ref).collect();
        let clients = servers.into_iter().map(|server| {
            let mut client = Client::with(vec![server], settings);
            client.machine.assume_tubes(None, &tubes)?;
            Ok(client)
        });
        let clients = clients.collect::<Result<_, Error>>()?;
        Ok(Self { clients, first: 0, retry: Retry::default(), pause: settings.backoff_min })
    }

    /// Does jobs until it is told to stop; a job that is under way is finished first. What goes wrong with a server
    /// is told to `trouble`, and the worker goes on.
    pub fn run(
        &mut self,
        stop: &Stop,
        mut handler: impl FnMut(&mut Running<'_>) -> Verdict,
        mut trouble: impl FnMut(&Error),
    ) {
        while !stop.is_stopped() {
            match self.next(Some(WORKER_WAIT_SECONDS_MAX), Some(stop)) {
                Ok(Some((server, job))) => {
                    if let Err(error) = self.work(server, &job, &mut handler) {
                        trouble(&error);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    trouble(&error);
                    wait(&mut [], Some(stop.as_fd()), Some(Instant::now() + self.pause));
                }
            }
        }
    }

    /// Takes the next job of any server, and the server's place in the list; `None` if none came in time, or it was
    /// told to stop. The job is deleted, released or buried through [`Worker::client`], before the next one is
    /// asked for.
    ///
    /// # Errors
    /// If no server can be reached, or all refuse; the last error.
    pub fn next(
        &mut self,
        time: Option<Duration>,
        stop: Option<&Stop>,
    ) -> Result<Option<(usize, Job)>, Error> {
        let first = self.first;
        let count = self.clients.len();
        self.first = (first + 1) % count;
        // A server that is connected and has a job answers at once; while there are any, nobody has to be left.
        for server in (0..count).map(|step| (first + step) % count) {
            let job = if count > 1 { self.clients[server].reserve_at_once() } else { None };
            if let Some(job) = job {
                return Ok(Some((server, job)));
            }
        }
        // Whole seconds stay whole, since the server ends those by itself: the look at each server is not taken off.
        let mut tickets: Vec<Option<Ticket>> =
            self.clients.iter_mut().map(|client| Some(client.begin_reserve(time))).collect();
        let outcome = self.first_of(&mut tickets, stop);
        for (client, ticket) in self.clients.iter_mut().zip(tickets) {
            ticket.into_iter().for_each(|ticket| client.abandon(ticket));
        }
        outcome
    }

    /// The client of one server, by its place in the list.
    pub fn client(&mut self, server: usize) -> Option<&mut Client> {
        self.clients.get_mut(server)
    }

    fn first_of(
        &mut self,
        tickets: &mut [Option<Ticket>],
        stop: Option<&Stop>,
    ) -> Result<Option<(usize, Job)>, Error> {
        let mut failure = None;
        let mut is_over = false;
        loop {
            for (server, ticket) in tickets.iter_mut().enumerate() {
                let client = &mut self.clients[server];
                client.turn();
                let Some(outcome) = ticket.and_then(|ticket| client.machine.take(ticket)) else { continue };
                *ticket = None;
                match outcome.map(Answer::job) {
                    Ok(Some(job)) => return Ok(Some((server, job))),
                    Ok(None) => is_over = true,
                    Err(error) => failure = Some(error),
                }
            }
            // When the time is over, those that have been asked still answer; who can't be reached is not waited for.
            let is_asked =
                |(ticket, client): (&Option<Ticket>, &Client)| ticket.is_some() && client.is_connected();
            if is_over && !tickets.iter().zip(&self.clients).any(is_asked) {
                return Ok(None);
            }
            if tickets.iter().all(Option::is_none) {
                return failure.map_or(Ok(None), Err);
            }
            if stop.is_some_and(Stop::is_stopped) {
                return Ok(None);
            }
            wait(&mut self.clients, stop.map(AsFd::as_fd), None);
        }
    }

    fn work(
        &mut self,
        server: usize,
        job: &Job,
        handler: &mut impl FnMut(&mut Running<'_>) -> Verdict,
    ) -> Result<(), Error> {
        let client = &mut self.clients[server];
        let touch_at = Instant::now() + KEEP_ALIVE_MS_MIN;
        let mut running = Running { job, server, client, touch_at };
        // A handler that panics leaves nothing of ours half done: the job is all that it was given.
        let verdict = catch_unwind(AssertUnwindSafe(|| handler(&mut running))).unwrap_or(Verdict::Failed);
        let request = match verdict.at_once(job.id) {
            Some(request) => request,
            None => {
                let statistics = client.stats_job(job.id)?.ok_or(Error::NotFound)?;
                verdict.by(job.id, &statistics, &self.retry)
            }
        };
        client.call(&request)?.done()
    }
}
