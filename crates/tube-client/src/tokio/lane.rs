//! A worker's way to its jobs: one at a time, of one or several servers.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use ::tokio::time::{sleep, timeout};

use trellis_tube_codec::Request;

use super::alarm::Alarm;
use super::client::Client;
use super::server::Server;
use crate::address::Address;
use crate::answer::Answer;
use crate::error::Error;
use crate::job::Job;
use crate::limits::KEEP_ALIVE_MS_MIN;
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
    servers: Vec<Server>,
    /// Which server is looked at first the next time.
    first: usize,
    alarm: Alarm,
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
    /// A request of [`Lane::request`] or [`Lane::done`] is answered, or has failed.
    Answered {
        /// The server's place in the list.
        server: usize,
        /// What was asked of it.
        request: Request<'static>,
        /// Its answer. What was not found is an error.
        answer: Result<Answer, Error>,
    },
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
        let servers = servers.into_iter().map(|server| {
            let mut client = Client::with(vec![server], settings);
            client.machine.assume_tubes(None, &tubes)?;
            Ok(Server::new(client))
        });
        let servers = servers.collect::<Result<_, Error>>()?;
        Ok(Self { servers, first: 0, alarm: Alarm::default() })
    }

    /// Takes the next job of any server, and the server's place in the list; `None` if none came in time. When the
    /// future is dropped, what was about to come goes back.
    ///
    /// # Errors
    /// If what was told with [`Lane::done`] or [`Lane::request`] has failed; call it again for the next job. If no server
    /// can be reached, or all refuse: the last error.
    pub async fn next(&mut self, wait: Option<Duration>) -> Result<Option<(usize, Job)>, Error> {
        let mut call = self.begin(wait);
        let guard = Waiting { lane: self };
        poll_fn(|context| {
            loop {
                if let Poll::Ready(found) = guard.lane.poll_next(&mut call, &mut |_| {}, context) {
                    return Poll::Ready(found);
                }
                if let Err(error) = ready!(guard.lane.poll_answer(context)).2 {
                    return Poll::Ready(Err(error));
                }
            }
        })
        .await
    }

    /// Takes the next job of any server, until `stop` is ready, as [`Lane::next`] does. A job that a server has sent when
    /// nobody waited any more is told to `aside`, now or in a later call, so that no reservation goes unnoticed but one that its
    /// server does not tell of within a second.
    ///
    /// # Errors
    /// If no server can be reached, or all refuse: the last error.
    pub async fn next_until(
        &mut self,
        stop: impl Future<Output = ()>,
        mut aside: impl FnMut(Aside),
    ) -> Result<Option<(usize, Job)>, Error> {
        let mut call = self.begin(None);
        let guard = Waiting { lane: self };
        let mut stop = pin!(stop);
        let found = poll_fn(|context| {
            loop {
                if let Poll::Ready(found) = guard.lane.poll_next(&mut call, &mut aside, context) {
                    return Poll::Ready(found);
                }
                if !guard.lane.tell_answers(&mut aside, context) {
                    return stop.as_mut().poll(context).map(|()| Ok(None));
                }
            }
        })
        .await;
        let now = now();
        guard.lane.servers.iter_mut().for_each(|server| server.leave(now));
        drop(guard);
        if !matches!(found, Ok(Some(_))) {
            poll_fn(|context| self.poll_left(&mut aside, context)).await;
        }
        found
    }

    /// Goes on with what nobody waits for and tells what comes of it: until this job is lost with its connection, as far as can
    /// be known; without a job, until all is answered. Dropping the future changes nothing.
    pub async fn rest(&mut self, job: Option<(usize, u64)>, mut aside: impl FnMut(Aside)) {
        poll_fn(|context| {
            loop {
                let now = now();
                self.poll_asides(now, &mut None, &mut aside, context);
                let is_lost = self.poll_lost(job, context).is_ready();
                if self.tell_answers(&mut aside, context) {
                    continue;
                }
                let is_over =
                    job.is_none() && !self.servers.iter().any(|server| server.owes() || server.is_left());
                if is_lost || is_over {
                    return Poll::Ready(());
                }
                ready!(self.poll_alarm(None, now, context));
            }
        })
        .await;
    }

    /// Makes a request about a job. It is sent as soon as anything is awaited, with the request for the next job if that can
    /// be, and its server gets nothing else to do before it has answered; others are not kept by that. The answer is told to
    /// `aside`.
    pub fn request(&mut self, server: usize, request: Request<'static>) {
        if let Some(server) = self.servers.get_mut(server) {
            server.request(request);
        }
    }

    /// Deletes the job: at once if [`Lane::finish`] is called, or with the request for the next job, in one
    /// message.
    pub fn done(&mut self, server: usize, id: u64) {
        self.request(server, Request::Delete { id });
    }

    /// Waits until the jobs of [`Lane::done`] are deleted, and all else is answered that was told. Dropping the future changes
    /// nothing.
    ///
    /// # Errors
    /// If one could not be deleted; call it again for the others.
    pub async fn finish(&mut self) -> Result<(), Error> {
        while self.servers.iter().any(Server::owes) {
            poll_fn(|context| self.poll_answer(context)).await.2?;
        }
        Ok(())
    }

    /// Carries a verdict out. Only [`Verdict::Done`] takes no look at the job first.
    pub async fn carry_out(
        &mut self,
        server: usize,
        id: u64,
        verdict: Verdict,
        retry: &Retry,
    ) -> Result<(), Error> {
        let client = self.client(server).ok_or(Error::NoServer)?;
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
        let Some(client) = self.client(server) else { return work.await };
        if let Ok(output) = timeout(KEEP_ALIVE_MS_MIN, work.as_mut()).await {
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
        self.servers.get_mut(server).map(|server| &mut server.client)
    }

    fn begin(&mut self, wait: Option<Duration>) -> Call {
        let count = self.servers.len();
        let first = self.first;
        self.first = (first + 1) % count;
        self.servers.iter_mut().for_each(Server::begin_wait);
        let now = now();
        Call {
            // A single one is waited for at once.
            looks: (0..count)
                .map(|step| (first + step) % count)
                .take(if count > 1 { count } else { 0 })
                .collect(),
            looked: None,
            wait,
            ends: wait.and_then(|wait| now.checked_add(wait)),
            has_begun: false,
            is_over: false,
            failure: None,
        }
    }

    /// Ready with the next answer that nobody waits for, and with whose and to what it is.
    fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<(usize, Request<'static>, Result<Answer, Error>)> {
        for (place, server) in self.servers.iter_mut().enumerate() {
            if let Poll::Ready((request, answer)) = server.poll_answer(context) {
                return Poll::Ready((place, request, answer));
            }
        }
        Poll::Pending
    }

    /// Tells all answers that nobody waits for, and whether there were any: others may follow from them.
    fn tell_answers(&mut self, aside: &mut impl FnMut(Aside), context: &mut Context<'_>) -> bool {
        let mut has_told = false;
        while let Poll::Ready((server, request, answer)) = self.poll_answer(context) {
            aside(Aside::Answered { server, request, answer });
            has_told = true;
        }
        has_told
    }

    /// Ready when the job is lost.
    fn poll_lost(&mut self, job: Option<(usize, u64)>, context: &mut Context<'_>) -> Poll<()> {
        let Some((server, id)) = job else { return Poll::Pending };
        match self.servers.get_mut(server) {
            Some(server) => server.client.poll_lost(id, context),
            None => Poll::Ready(()),
        }
    }

    fn poll_next(
        &mut self,
        call: &mut Call,
        aside: &mut impl FnMut(Aside),
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<(usize, Job)>, Error>> {
        loop {
            let now = now();
            self.poll_asides(now, &mut call.failure, aside, context);
            if let Some(found) = self.poll_looks(call, now, context) {
                return Poll::Ready(Ok(Some(found)));
            }
            let awaited = call.awaited();
            if awaited.is_none()
                && let Poll::Ready(found) = self.poll_jobs(call, now, context)
            {
                return Poll::Ready(found);
            }
            let until = awaited.and_then(|server| self.servers[server].silent_until());
            ready!(self.poll_alarm(until, now, context));
        }
    }

    /// Looks at one server after the other. One that is connected and has a job answers at once; while there are any, nobody
    /// has to be left. None is looked at before it has answered what it was told about the job before; others are meanwhile.
    /// Once one is silent, all are waited for.
    fn poll_looks(
        &mut self,
        call: &mut Call,
        now: Instant,
        context: &mut Context<'_>,
    ) -> Option<(usize, Job)> {
        loop {
            if call.looked.is_none()
                && let Some(place) = call.looks.iter().position(|server| !self.servers[*server].owes())
            {
                call.looked = call.looks.remove(place);
            }
            let awaited = call.awaited()?;
            let server = &mut self.servers[awaited];
            let found = if call.looked.is_some() { server.poll_look(now, context) } else { Poll::Pending };
            match found {
                Poll::Ready(Some(job)) => return Some((awaited, job)),
                Poll::Ready(None) => call.looked = None,
                Poll::Pending => {
                    // Who owes nothing any more has lost its connection.
                    if server.silent_until().is_none_or(|until| until <= now) {
                        call.looks.clear();
                        call.looked = None;
                    }
                    return None;
                }
            }
        }
    }

    /// Waits for all servers side by side.
    fn poll_jobs(
        &mut self,
        call: &mut Call,
        now: Instant,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<(usize, Job)>, Error>> {
        let is_alone = self.servers.len() == 1;
        for (place, server) in self.servers.iter_mut().enumerate() {
            if let Poll::Ready(Some(job)) = server.poll_looked(now, context) {
                return Poll::Ready(Ok(Some((place, job))));
            }
            if !call.is_over && (is_alone || !server.owes()) {
                server.wait(call.wait_from(now));
            }
            match server.poll_job(now, context) {
                Poll::Ready(Ok(Some(job))) => return Poll::Ready(Ok(Some((place, job)))),
                Poll::Ready(Ok(None)) => call.is_over = true,
                Poll::Ready(Err(error)) => call.failure = Some(error),
                Poll::Pending => {}
            }
        }
        call.has_begun = true;
        // When the time is over, those that have been asked still answer; who can't be reached is not waited for.
        if call.is_over && !self.servers.iter().any(Server::is_asked) {
            return Poll::Ready(Ok(None));
        }
        if self.servers.iter().all(Server::is_away)
            && let Some(failure) = call.failure.take()
        {
            return Poll::Ready(Err(failure));
        }
        Poll::Pending
    }

    /// Goes on with what nobody waits for.
    fn poll_asides(
        &mut self,
        now: Instant,
        failure: &mut Option<Error>,
        aside: &mut impl FnMut(Aside),
        context: &mut Context<'_>,
    ) {
        for (place, server) in self.servers.iter_mut().enumerate() {
            match server.poll_aside(now, context) {
                Ok(None) => {}
                Ok(Some(id)) => aside(Aside::TooLate { server: place, id }),
                Err(error) => *failure = Some(error),
            }
        }
    }

    /// Ready when the reserves have ended that nobody waits for any more.
    fn poll_left(&mut self, aside: &mut impl FnMut(Aside), context: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = now();
            self.poll_asides(now, &mut None, aside, context);
            if !self.servers.iter().any(Server::is_left) {
                return Poll::Ready(());
            }
            ready!(self.poll_alarm(None, now, context));
        }
    }

    /// Ready when something may be due, by then at the latest.
    fn poll_alarm(&mut self, until: Option<Instant>, now: Instant, context: &mut Context<'_>) -> Poll<()> {
        match self.servers.iter().filter_map(Server::due).chain(until).min() {
            Some(due) => self.alarm.poll(due, now, context),
            None => Poll::Pending,
        }
    }
}

/// One wait for a job.
struct Call {
    /// Which servers are still to be looked at, and which one just is.
    looks: VecDeque<usize>,
    looked: Option<usize>,
    wait: Option<Duration>,
    ends: Option<Instant>,
    /// Whether those that could be asked have been asked.
    has_begun: bool,
    is_over: bool,
    failure: Option<Error>,
}

impl Call {
    /// Which server has to answer before anybody else is asked: the one that is looked at, or, where those that are still to
    /// be looked at have to answer something else before, the first of them.
    fn awaited(&self) -> Option<usize> {
        self.looked.or_else(|| self.looks.front().copied())
    }

    /// How long a server is asked for a job. Whole seconds stay whole, since the server ends those by itself: the look at
    /// each server is not taken off.
    fn wait_from(&self, now: Instant) -> Option<Duration> {
        match self.ends {
            Some(ends) if self.has_begun => Some(ends.saturating_duration_since(now)),
            _ => self.wait,
        }
    }
}

/// The time, on the clock of tokio's timers.
fn now() -> Instant {
    ::tokio::time::Instant::now().into_std()
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
        self.lane.servers.iter_mut().for_each(Server::give_up);
    }
}
