//! One of a lane's servers: what it was asked for, and what follows from its answers and from its silence. Which server is
//! asked when is the lane's business.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use trellis_tube_codec::Request;

use super::client::Client;
use crate::answer::Answer;
use crate::error::Error;
use crate::job::Job;
use crate::limits::{
    ANSWER_MS_FIRST, LOOK_SILENCE_ANSWERS, LOOK_SILENCE_MS_MIN, LOOK_SILENCE_SECONDS_MAX,
    RESERVE_AGAIN_SECONDS, TAKE_BACK_MAX,
};
use crate::machine::Ticket;

/// A client that has one request for a job under way at most, and never one that holds up the other servers.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) client: Client,
    state: State,
    /// The requests whose answers nobody waits for, as they were made; those of them that were not told yet.
    owed: VecDeque<(Ticket, Request<'static>)>,
    /// When it was asked for what it should answer at once.
    asked: Option<Instant>,
    /// How long it has needed for that of late.
    needed: Duration,
    /// Whether it has failed since this wait began.
    has_failed: bool,
}

/// What it was asked for.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing.
    Idle,
    /// A job that it has at once.
    Looked(Ticket),
    /// Its next job.
    Waited(Ticket),
    /// Either, but nobody waits for that any more. It is granted some time to say what has come of it.
    Left { ticket: Ticket, until: Instant },
    /// A sign of life, since it was silent when it should have answered: what is asked for that can be left at any time,
    /// while a job that comes of a reserve which it reads much later would be counted as tried.
    Probed(Ticket),
    /// Nothing until then, as it has failed.
    Failed { until: Instant, was_silent: bool },
}

impl Server {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            state: State::Idle,
            owed: VecDeque::new(),
            asked: None,
            needed: ANSWER_MS_FIRST,
            has_failed: false,
        }
    }

    /// A new wait begins, and trouble counts anew.
    pub(super) fn begin_wait(&mut self) {
        self.has_failed = false;
        if matches!(self.state, State::Failed { was_silent: false, .. }) {
            self.state = State::Idle;
        }
    }

    /// Makes a request whose answer nobody waits for.
    pub(super) fn request(&mut self, request: Request<'static>) {
        self.owed.push_back((self.client.begin(&request), request));
    }

    /// Whether the answer to such a request is still to be told.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Ready with the first of these answers. What was not found is an error.
    pub(super) fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<(Request<'static>, Result<Answer, Error>)> {
        let Some(&(ticket, _)) = self.owed.front() else { return Poll::Pending };
        let outcome = ready!(self.client.poll_outcome(ticket, context));
        let Some((_, request)) = self.owed.pop_front() else { return Poll::Pending };
        Poll::Ready((request, outcome.and_then(Answer::found)))
    }

    /// Ready with a job that it has at once, or with none. One that is not connected is being connected to meanwhile, or it
    /// would be left out while another one is busy.
    pub(super) fn poll_look(&mut self, now: Instant, context: &mut Context<'_>) -> Poll<Option<Job>> {
        if matches!(self.state, State::Idle) {
            if !self.client.is_connected() {
                self.client.machine.prefer_connection(now);
                let _ = self.client.poll_progress(context);
                return Poll::Ready(None);
            }
            self.state = State::Looked(self.client.begin_reserve(Some(Duration::ZERO)));
            self.asked = Some(now);
        }
        self.poll_looked(now, context)
    }

    /// The same, if it was begun.
    pub(super) fn poll_looked(&mut self, now: Instant, context: &mut Context<'_>) -> Poll<Option<Job>> {
        let State::Looked(ticket) = self.state else { return Poll::Ready(None) };
        let outcome = ready!(self.client.poll_outcome(ticket, context));
        self.answered(now);
        // What the matter is, is told when it is asked again.
        Poll::Ready(outcome.ok().and_then(Answer::job))
    }

    /// Has it asked for its next job, for so long, unless it is being asked for something.
    pub(super) fn wait(&mut self, wait: Option<Duration>) {
        if matches!(self.state, State::Idle) {
            self.state = State::Waited(self.client.begin_reserve(wait));
        }
    }

    /// Ready with what has come of the wait for its next job, as soon as the answers before that are told.
    pub(super) fn poll_job(
        &mut self,
        now: Instant,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Job>, Error>> {
        let State::Waited(ticket) = self.state else { return Poll::Pending };
        if self.owes() {
            return Poll::Pending;
        }
        let outcome = ready!(self.client.poll_outcome(ticket, context));
        self.state = State::Idle;
        if outcome.is_err() {
            self.fail(now, false);
        }
        Poll::Ready(outcome.map(Answer::job))
    }

    /// Goes on with what nobody waits for. Returns a job that came when nobody waited for it any more, and went back.
    ///
    /// # Errors
    /// If it can't be reached, or is silent.
    pub(super) fn poll_aside(
        &mut self,
        now: Instant,
        context: &mut Context<'_>,
    ) -> Result<Option<u64>, Error> {
        match self.state {
            State::Left { ticket, until } => {
                if let Poll::Ready(job) = self.client.poll_take_back(ticket, context) {
                    self.answered(now);
                    return Ok(job);
                }
                if until <= now {
                    // Whether it has counted a reservation, or will when it reads of it, remains unknown.
                    self.client.abandon(ticket);
                    self.probe();
                }
            }
            State::Failed { until, was_silent } if until <= now => {
                self.state = State::Idle;
                if was_silent {
                    self.probe();
                }
            }
            _ => {}
        }
        let State::Probed(ticket) = self.state else { return Ok(None) };
        match self.client.poll_outcome(ticket, context) {
            Poll::Pending => Ok(None),
            Poll::Ready(Err(error)) if error.is_disconnect() => {
                self.fail(now, true);
                Err(error)
            }
            Poll::Ready(_) => {
                self.answered(now);
                Ok(None)
            }
        }
    }

    /// Until when it may be silent before others are asked beside it; never, if it owes no answer.
    pub(super) fn silent_until(&self) -> Option<Instant> {
        let granted = LOOK_SILENCE_ANSWERS * self.needed;
        let granted = granted.clamp(LOOK_SILENCE_MS_MIN, LOOK_SILENCE_SECONDS_MAX);
        Some(self.client.machine.silent_since()? + granted)
    }

    /// Nobody waits for its job any more, but what becomes of it has to be known.
    pub(super) fn leave(&mut self, now: Instant) {
        if let State::Waited(_) = self.state {
            // It has to answer from now on.
            self.asked = Some(now);
        }
        if let State::Looked(ticket) | State::Waited(ticket) = self.state {
            self.state = State::Left { ticket, until: now + TAKE_BACK_MAX };
        }
    }

    /// Nobody waits for its job any more, or wants to know what becomes of it.
    pub(super) fn give_up(&mut self) {
        match self.state {
            State::Looked(ticket) => {
                self.client.abandon(ticket);
                // Whoever had to answer at once and did not may be silent.
                self.probe();
            }
            State::Waited(ticket) => {
                self.client.abandon(ticket);
                self.state = State::Idle;
            }
            _ => {}
        }
    }

    /// Whether something nobody waits for is still to be said.
    pub(super) fn is_left(&self) -> bool {
        matches!(self.state, State::Left { .. })
    }

    /// Whether an answer may be on its way.
    pub(super) fn is_asked(&self) -> bool {
        matches!(self.state, State::Looked(_) | State::Waited(_)) && self.client.is_connected()
    }

    /// Whether no job can come from it, as far as is known.
    pub(super) fn is_away(&self) -> bool {
        match self.state {
            State::Failed { .. } | State::Probed(_) => true,
            State::Looked(_) | State::Waited(_) => self.has_failed && !self.client.is_connected(),
            State::Idle | State::Left { .. } => false,
        }
    }

    /// When [`Server::poll_aside`] has something to do, if nothing moves.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Left { until, .. } | State::Failed { until, .. } => Some(until),
            _ => None,
        }
    }

    fn fail(&mut self, now: Instant, was_silent: bool) {
        self.has_failed = true;
        self.state = State::Failed { until: now + RESERVE_AGAIN_SECONDS, was_silent };
    }

    /// It has said what it was asked for, and owes nothing more.
    fn answered(&mut self, now: Instant) {
        self.state = State::Idle;
        let Some(asked) = self.asked.take() else { return };
        // A way that was slow lately may be so again.
        self.needed = now.saturating_duration_since(asked).max(self.needed / 2);
    }

    fn probe(&mut self) {
        self.asked = Some(self.client.enter());
        self.state = State::Probed(self.client.begin(&Request::ListTubeUsed));
    }
}
