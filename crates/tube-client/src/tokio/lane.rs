//! A worker's way to its jobs: one at a time, of one or several servers.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::tokio::time::{Instant, sleep, timeout, timeout_at};
use trellis_tube_codec::Request;

use super::client::Client;
use crate::address::Address;
use crate::answer::Answer;
use crate::error::Error;
use crate::job::Job;
use crate::limits::{KEEP_ALIVE_MS_MIN, TAKE_BACK_MAX};
use crate::machine::Ticket;
use crate::settings::Settings;
use crate::verdict::{Retry, Verdict};

/// One job at a time from some tubes of one or more servers; as many lanes as jobs are to be done at once.
///
/// Each server has a connection of its own that holds one job at most, so that waiting can end at any time without
/// taking anything along. Where no server has a job at once, all are waited for together; what the others send
/// while the first one's job is taken goes back to them. A lane that is dropped gives its job back.
///
/// ```no_run
/// use trellis_tube_client::{Settings, tokio::Lane};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut lane = Lane::new(vec!["queue-1".parse()?], &["mail"], &Settings::default())?;
/// while let Some((server, job)) = lane.next(None).await? {
///     let length = lane.keep_alive(server, job.id, async { job.body.len() }).await;
///     println!("{length} bytes");
///     lane.done(server, job.id);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Lane {
    clients: Vec<Client>,
    /// Which server is asked first the next time.
    first: usize,
    /// A reserve at each server, while they are waited for.
    reserves: Vec<Option<Ticket>>,
    /// A reserve at each server that nobody waits for any more, until it has ended.
    leaving: Vec<Option<Ticket>>,
    /// A delete that travels with the next reserve.
    deleting: Option<(usize, Ticket)>,
}

/// What a lane tells beside the job that was waited for.
#[derive(Debug)]
pub enum Aside {
    /// A job came when nobody waited any more. It went back at once, but its server has counted a reservation.
    TooLate {
        /// The server's place in the list.
        server: usize,
        /// The job's number.
        id: u64,
    },
    /// The delete of [`Lane::done`] has failed.
    NotDeleted(Error),
}

impl Lane {
    /// A lane for these tubes; without any, for `default`. Nothing is connected yet.
    ///
    /// # Errors
    /// If a tube's name is none, or there is no server.
    pub fn new(servers: Vec<Address>, tubes: &[impl AsRef<str>], settings: &Settings) -> Result<Self, Error> {
        if servers.is_empty() {
            return Err(Error::NoServer);
        }
        let tubes: Vec<&str> = tubes.iter().map(AsRef::as_ref).collect();
        let reserves = vec![None; servers.len()];
        let clients = servers.into_iter().map(|server| {
            let mut client = Client::with(vec![server], settings);
            client.machine.assume_tubes(None, &tubes)?;
            Ok(client)
        });
        let clients = clients.collect::<Result<_, Error>>()?;
        Ok(Self { clients, first: 0, leaving: reserves.clone(), reserves, deleting: None })
    }

    /// Takes the next job of any server, and the server's place in the list; `None` if none came in time. When the
    /// future is dropped, what was about to come goes back.
    ///
    /// # Errors
    /// If a delete of [`Lane::done`] has failed; call it again for the next job. If no server can be reached, or
    /// all refuse: the last error.
    pub async fn next(&mut self, wait: Option<Duration>) -> Result<Option<(usize, Job)>, Error> {
        if self.clients.len() > 1 {
            self.finish().await?;
            if let Some(found) = self.take_at_once().await {
                return Ok(Some(found));
            }
        }
        // Whole seconds stay whole, since the server ends those by itself: the look at each server is not taken off.
        self.begin_reserves(wait);
        let guard = Waiting { lane: self };
        let (mut failure, mut is_over) = (None, false);
        poll_fn(|context| {
            if let Poll::Ready(Err(error)) = guard.lane.poll_deleting(context) {
                return Poll::Ready(Err(error));
            }
            guard.lane.poll_next(&mut failure, &mut is_over, context)
        })
        .await
    }

    /// Takes the next job of any server, until `stop` is ready, as [`Lane::next`] does. No reservation goes unnoticed: a job
    /// that a server has sent when nobody waited any more is told to `aside`, now or in a later call.
    ///
    /// # Errors
    /// If no server can be reached, or all refuse: the last error.
    pub async fn next_until(
        &mut self,
        stop: impl Future<Output = ()>,
        mut aside: impl FnMut(Aside),
    ) -> Result<Option<(usize, Job)>, Error> {
        self.leave(&mut aside).await;
        if self.clients.len() > 1 {
            if let Err(error) = self.finish().await {
                aside(Aside::NotDeleted(error));
            }
            if let Some(found) = self.take_at_once().await {
                return Ok(Some(found));
            }
        }
        self.begin_reserves(None);
        let guard = Waiting { lane: self };
        let (mut failure, mut is_over, mut stop) = (None, false, pin!(stop));
        let found = poll_fn(|context| {
            if let Poll::Ready(Err(error)) = guard.lane.poll_deleting(context) {
                aside(Aside::NotDeleted(error));
            }
            match guard.lane.poll_next(&mut failure, &mut is_over, context) {
                Poll::Pending => stop.as_mut().poll(context).map(|()| Ok(None)),
                found => found,
            }
        })
        .await;
        std::mem::swap(&mut guard.lane.leaving, &mut guard.lane.reserves);
        drop(guard);
        if !matches!(found, Ok(Some(_))) {
            self.leave(&mut aside).await;
        }
        found
    }

    /// Waits until a job is lost with its connection, as far as can be known; at once if it was lost before. Dropping the
    /// future changes nothing.
    pub async fn lost(&mut self, server: usize, id: u64, mut aside: impl FnMut(Aside)) {
        poll_fn(|context| {
            let _ = self.poll_leaving(&mut aside, context);
            self.clients.get_mut(server).map_or(Poll::Ready(()), |client| client.poll_lost(id, context))
        })
        .await;
    }

    /// Deletes the job: at once if [`Lane::finish`] is called, or with the request for the next job, in one
    /// message.
    pub fn done(&mut self, server: usize, id: u64) {
        if let Some(client) = self.clients.get_mut(server) {
            self.deleting = Some((server, client.begin(&Request::Delete { id })));
        }
    }

    /// Waits until the job of [`Lane::done`] is deleted.
    pub async fn finish(&mut self) -> Result<(), Error> {
        match self.deleting.take() {
            Some((server, ticket)) => self.clients[server].outcome(ticket).await?.done(),
            None => Ok(()),
        }
    }

    /// Carries a verdict out. Only [`Verdict::Done`] takes no look at the job first.
    pub async fn carry_out(
        &mut self,
        server: usize,
        id: u64,
        verdict: Verdict,
        retry: &Retry,
    ) -> Result<(), Error> {
        let client = self.clients.get_mut(server).ok_or(Error::NoServer)?;
        let request = match verdict.at_once(id) {
            Some(request) => request,
            None => verdict.by(id, &client.stats_job(id).await?.ok_or(Error::NotFound)?, retry),
        };
        client.call(&request).await?.done()
    }

    /// Runs a future, and meanwhile starts the job's time to run anew whenever a third of it has passed. If the job
    /// is lost, that ends, and the future goes on: whatever is then said about the job fails.
    pub async fn keep_alive<T>(&mut self, server: usize, id: u64, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        // Short jobs, which are most, need none of this.
        let Some(client) = self.clients.get_mut(server) else { return work.await };
        if let Ok(output) = timeout_at(Instant::now() + KEEP_ALIVE_MS_MIN, work.as_mut()).await {
            return output;
        }
        let mut touching = pin!(touch_on(client, id));
        let mut is_lost = false;
        poll_fn(|context| {
            if !is_lost {
                is_lost = touching.as_mut().poll(context).is_ready();
            }
            work.as_mut().poll(context)
        })
        .await
    }

    /// The client of one server, by its place in the list.
    pub fn client(&mut self, server: usize) -> Option<&mut Client> {
        self.clients.get_mut(server)
    }

    /// A server that is connected and has a job answers at once; while there are any, nobody has to be left.
    async fn take_at_once(&mut self) -> Option<(usize, Job)> {
        let count = self.clients.len();
        let first = self.first;
        self.first = (first + 1) % count;
        for server in (0..count).map(|step| (first + step) % count) {
            let client = &mut self.clients[server];
            if !client.is_connected() {
                // It is being connected to meanwhile, or it would be left out while another one is busy.
                client.machine.prefer_connection(Instant::now().into_std());
                let _ = poll_fn(|context| Poll::Ready(client.poll_progress(context))).await;
            } else if let Ok(Some(job)) = client.reserve(Some(Duration::ZERO)).await {
                return Some((server, job));
            }
        }
        None
    }

    fn begin_reserves(&mut self, wait: Option<Duration>) {
        for (client, reserve) in self.clients.iter_mut().zip(&mut self.reserves) {
            *reserve = Some(client.begin_reserve(wait));
        }
    }

    /// Waits until the reserves have ended that nobody waits for any more.
    async fn leave(&mut self, aside: &mut impl FnMut(Aside)) {
        let leave = poll_fn(|context| self.poll_leaving(aside, context));
        if timeout(TAKE_BACK_MAX, leave).await.is_err() {
            // What a server that is silent may have counted remains unknown.
            for (client, leaving) in self.clients.iter_mut().zip(&mut self.leaving) {
                leaving.take().into_iter().for_each(|ticket| client.abandon(ticket));
            }
        }
    }

    fn poll_leaving(&mut self, aside: &mut impl FnMut(Aside), context: &mut Context<'_>) -> Poll<()> {
        for (server, (client, leaving)) in self.clients.iter_mut().zip(&mut self.leaving).enumerate() {
            let Some(ticket) = *leaving else { continue };
            let Poll::Ready(job) = client.poll_take_back(ticket, context) else { continue };
            *leaving = None;
            job.into_iter().for_each(|id| aside(Aside::TooLate { server, id }));
        }
        if self.leaving.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_deleting(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some((server, ticket)) = self.deleting else { return Poll::Ready(Ok(())) };
        self.clients[server].poll_outcome(ticket, context).map(|outcome| {
            self.deleting = None;
            outcome.and_then(Answer::done)
        })
    }

    fn poll_next(
        &mut self,
        failure: &mut Option<Error>,
        is_over: &mut bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<(usize, Job)>, Error>> {
        for (server, (client, reserve)) in self.clients.iter_mut().zip(&mut self.reserves).enumerate() {
            let Some(ticket) = *reserve else { continue };
            let Poll::Ready(outcome) = client.poll_outcome(ticket, context) else { continue };
            *reserve = None;
            match outcome.map(Answer::job) {
                Ok(Some(job)) => return Poll::Ready(Ok(Some((server, job)))),
                Ok(None) => *is_over = true,
                Err(error) => *failure = Some(error),
            }
        }
        // When the time is over, those that have been asked still answer; who can't be reached is not waited for.
        let is_asked =
            |(ticket, client): (&Option<Ticket>, &Client)| ticket.is_some() && client.is_connected();
        if *is_over && !self.reserves.iter().zip(&self.clients).any(is_asked) {
            return Poll::Ready(Ok(None));
        }
        if self.reserves.iter().any(Option::is_some) {
            return Poll::Pending;
        }
        Poll::Ready(failure.take().map_or(Ok(None), Err))
    }
}

/// Touches the job as often as it needs; ends when it is lost.
async fn touch_on(client: &mut Client, id: u64) -> Error {
    loop {
        if let Err(error) = client.touch(id).await {
            return error;
        }
        let statistics = match client.stats_job(id).await {
            Ok(statistics) => statistics,
            Err(error) => return error,
        };
        let ttr = statistics.and_then(|statistics| statistics.number("ttr")).unwrap_or(1);
        sleep(Duration::from_secs(ttr) / 3).await;
    }
}

/// Gives up what is still waited for when the wait ends or is dropped.
struct Waiting<'a> {
    lane: &'a mut Lane,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        for (client, reserve) in self.lane.clients.iter_mut().zip(&mut self.lane.reserves) {
            if let Some(ticket) = reserve.take() {
                client.abandon(ticket);
            }
        }
    }
}
