//! A worker's loop over one or more servers, one job at a time.

use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::client::{Client, wait};
use super::pool::Pool;
use super::stop::Stop;
use crate::address::Address;
use crate::error::Error;
use crate::job::Job;
use crate::limits::{KEEP_ALIVE_MS_MIN, WORKER_WAIT_SECONDS_MAX};
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
    pool: Pool,
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
        let mut pool = Pool::new();
        for server in servers {
            let place = pool.add(server, settings);
            pool.clients[place].machine.assume_tubes(None, &tubes)?;
        }
        Ok(Self { pool, retry: Retry::default(), pause: settings.backoff_min })
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
        let servers: Vec<usize> = (0..self.pool.servers().len()).collect();
        let mut reserving = self.pool.begin_reserve(&servers, time);
        loop {
            if let Some(outcome) = self.pool.step(&mut reserving, stop.map(AsFd::as_fd), None) {
                return outcome;
            }
            if stop.is_some_and(Stop::is_stopped) {
                self.pool.cancel(reserving);
                return Ok(None);
            }
        }
    }

    /// The client of one server, by its place in the list.
    pub fn client(&mut self, server: usize) -> Option<&mut Client> {
        self.pool.client(server)
    }

    fn work(
        &mut self,
        server: usize,
        job: &Job,
        handler: &mut impl FnMut(&mut Running<'_>) -> Verdict,
    ) -> Result<(), Error> {
        let client = &mut self.pool.clients[server];
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
