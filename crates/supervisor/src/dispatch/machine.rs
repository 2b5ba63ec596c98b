//! The machine that decides what becomes of each job. Nothing here speaks to a server or to a process.

use std::time::Duration;

use super::jobs::{Arrival, Jobs, Outcome, Stage};
use super::returns::Returns;
use super::workers::Workers;
use super::{Action, Event, Exit, KillReason, Statistics, WorkerId};
use crate::config::{Jobs as Settings, Mode};
use crate::limits::{
    INSPECT_AFTER, NOT_STARTED_PAUSE, REPLACEMENT_MAX, SETTLING_MAX, UNREAD_AT_ONCE_MAX, UNREAD_PAUSE_MIN,
};
use crate::stream::Verdict;
use crate::{JobId, Moment};

/// The exit status with which a process asks to be given the job again later: `EX_TEMPFAIL` of sysexits.h.
const STATUS_RETRY: i32 = 75;

/// The jobs of one program on one machine.
///
/// ```
/// use std::time::Duration;
/// use trellis_supervisor::{JobId, Moment};
/// use trellis_supervisor::config::{Backoff, Jobs, Mode};
/// use trellis_supervisor::dispatch::{Action, Dispatcher, Event, Exit, WorkerId};
///
/// let jobs = Jobs {
///     tube: "mail".into(),
///     mode: Mode::Exec,
///     tries_max: 5,
///     retry: Backoff { first: Duration::from_secs(1), max: Duration::from_secs(60) },
///     prefetch: 0,
/// };
/// let mut dispatcher = Dispatcher::new(&jobs, Duration::from_secs(10));
/// let now = Moment::START;
/// let (worker, job) = (WorkerId(0), JobId { server: 0, id: 17 });
/// assert_eq!(dispatcher.on(now, Event::Joined(worker)), [Action::Ask { count: 1 }]);
/// assert_eq!(dispatcher.on(now, Event::Reserved(job)), [Action::Hand { worker, job }]);
/// let exit = Event::Exited(worker, Exit::Status(0));
/// assert_eq!(dispatcher.on(now, exit), [Action::Delete(job), Action::Ask { count: 1 }]);
/// ```
#[derive(Debug)]
pub struct Dispatcher {
    settings: Settings,
    stop_timeout: Duration,
    workers: Workers,
    jobs: Jobs,
    returns: Returns,
    /// How often in a row a process could not be started.
    start_failures: u32,
    /// The reservations that are under way, or should be.
    asked: u32,
    /// No reservations until then, since processes could not be started.
    pause: Option<Moment>,
    stopping: bool,
    actions: Vec<Action>,
}

impl Dispatcher {
    /// A program without workers.
    #[must_use]
    pub fn new(settings: &Settings, stop_timeout: Duration) -> Dispatcher {
        Dispatcher {
            settings: settings.clone(),
            stop_timeout,
            workers: Workers::default(),
            jobs: Jobs::default(),
            returns: Returns::default(),
            start_failures: 0,
            asked: 0,
            pause: None,
            stopping: false,
            actions: Vec::new(),
        }
    }

    /// Takes what a changed file says of the same tube in the same mode. It holds for jobs that are in hand, too. What is to
    /// be done because of it comes with the next event, so let one follow.
    pub fn change(&mut self, settings: &Settings, stop_timeout: Duration) {
        self.settings = settings.clone();
        self.stop_timeout = stop_timeout;
        // What could not be started may be what was changed.
        self.start_failures = 0;
        self.pause = None;
    }

    /// When [`Event::Time`] is needed; `None` if no time matters.
    #[must_use]
    pub fn due(&self) -> Option<Moment> {
        [self.jobs.due(), self.workers.due(), self.pause].into_iter().flatten().min()
    }

    /// Whether nothing is in hand and nobody is left: after [`Event::Stop`], the end.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.jobs.is_empty() && self.workers.is_empty()
    }

    /// Whether this worker is there, and has not died, been retired or been killed.
    #[must_use]
    pub fn has_worker(&self, worker: WorkerId) -> bool {
        self.workers.contains(worker)
    }

    /// The workers that are there, and whether each takes jobs: it doesn't after [`Event::Retire`].
    pub fn workers(&self) -> impl Iterator<Item = (WorkerId, bool)> {
        self.workers.all()
    }

    /// Takes an event; returns what is to be done, in this order. On each connection, what is sent to the server has
    /// to keep this order, too.
    pub fn on(&mut self, now: Moment, event: Event) -> Vec<Action> {
        match event {
            Event::Joined(worker) => self.joined(now, worker),
            Event::Retire(worker) => self.retire(now, worker, false),
            Event::Replace(worker) => self.retire(now, worker, !self.stopping),
            Event::Abandon(worker) => self.abandon(now, worker),
            Event::Gone { worker, has_begun } => self.gone(now, worker, has_begun),
            Event::NotStarted(worker) => self.not_started(now, worker),
            Event::Exited(worker, exit) => {
                self.start_failures = 0;
                self.process_ended(now, worker, outcome(exit));
            }
            Event::Answered(worker, job, verdict) => self.answered(now, worker, job, verdict),
            Event::Reserved(job) => {
                self.asked = self.asked.saturating_sub(1);
                self.reserved(now, job);
            }
            Event::ReservedAfterAll(job) => self.reserved(now, job),
            Event::NotReserved => self.asked = self.asked.saturating_sub(1),
            Event::Inspected(job, statistics) => self.inspected(now, job, statistics),
            Event::NotFound(job) => self.lost(job),
            Event::Disconnected(job) => self.disconnected(job),
            Event::TooLate(job) => self.returns.note(job),
            Event::Stop => self.stop(now),
            Event::Time => {}
        }
        self.time(now);
        self.hand_out();
        self.give_back_surplus(now);
        self.ask();
        std::mem::take(&mut self.actions)
    }

    fn joined(&mut self, now: Moment, worker: WorkerId) {
        self.workers.join(worker);
        if self.stopping {
            self.retire(now, worker, false);
        }
    }

    fn retire(&mut self, now: Moment, worker: WorkerId, returns: bool) {
        self.workers.retire(worker, now + self.stop_timeout, returns);
        self.let_go(now, worker);
    }

    fn stop(&mut self, now: Moment) {
        self.stopping = true;
        self.workers.expect_nobody();
        for worker in self.workers.ids() {
            self.retire(now, worker, false);
        }
    }

    /// Lets a worker go that is to go and has nothing in hand.
    fn let_go(&mut self, now: Moment, worker: WorkerId) {
        if self.workers.is_finished(worker) {
            self.workers.remove(worker, now + REPLACEMENT_MAX);
            self.actions.push(Action::Retired(worker));
        }
    }

    /// Who is idle gets the job that has waited longest, until there are no more of the ones or of the others.
    fn hand_out(&mut self) {
        while let Some(worker) = self.workers.first_idle()
            && let Some((job, arrival)) = self.jobs.begin_first()
        {
            self.workers.begin(worker, job, arrival);
            self.actions.push(Action::Hand { worker, job });
        }
    }

    /// More jobs may wait than there should when a worker has gone for good or the file has changed. Somebody else can begin
    /// them at once; those that came last have the longest to wait here.
    fn give_back_surplus(&mut self, now: Moment) {
        while self.jobs.waiting() > self.waiting_max()
            && let Some(job) = self.jobs.last_waiting()
        {
            self.decide(now, job, Outcome::Returned);
        }
    }

    /// How many jobs may wait while every worker works on one. Who is expected will take one at once.
    fn waiting_max(&self) -> usize {
        let ahead = match self.settings.mode {
            Mode::Exec => 0,
            Mode::Stream => self.settings.prefetch as usize,
        };
        self.workers.staying() * ahead + self.workers.expected()
    }

    /// A worker is no more: the job that it worked on may be the reason, if it has begun that.
    fn gone(&mut self, now: Moment, worker: WorkerId, has_begun: bool) {
        self.give_back(now, worker, if has_begun { Outcome::Crashed } else { Outcome::Unread });
    }

    fn abandon(&mut self, now: Moment, worker: WorkerId) {
        if self.workers.contains(worker) {
            self.kill(now, worker, KillReason::Abandoned);
        }
    }

    /// A worker takes too long to go, may not go on, or says what cannot be.
    fn kill(&mut self, now: Moment, worker: WorkerId, reason: KillReason) {
        self.give_back(
            now,
            worker,
            match reason {
                KillReason::StopTimeout | KillReason::Abandoned => Outcome::Returned,
                KillReason::UnknownJob(_) => Outcome::Crashed,
            },
        );
        self.actions.push(Action::Kill { worker, reason });
    }

    /// A worker is no more, and what that means for the job that it worked on.
    fn give_back(&mut self, now: Moment, worker: WorkerId, outcome: Outcome) {
        if let Some((job, arrival)) = self.workers.remove(worker, now + REPLACEMENT_MAX) {
            self.settle(now, job, arrival, Some(outcome));
        }
    }

    /// The process for one job has ended; `None` is that the job is done.
    fn process_ended(&mut self, now: Moment, worker: WorkerId, outcome: Option<Outcome>) {
        let Some((job, arrival)) = self.workers.take(worker) else { return };
        self.settle(now, job, arrival, outcome);
        self.let_go(now, worker);
    }

    /// The process for one job could not be started, and most likely those for others could not, either: they are left to
    /// other machines for a while.
    fn not_started(&mut self, now: Moment, worker: WorkerId) {
        if self.pause.is_none_or(|pause| pause <= now) {
            self.start_failures = self.start_failures.saturating_add(1);
            self.pause = Some(now + NOT_STARTED_PAUSE.delay(self.start_failures));
        }
        self.process_ended(now, worker, Some(Outcome::Returned));
    }

    fn answered(&mut self, now: Moment, worker: WorkerId, job: JobId, verdict: Verdict) {
        if !self.workers.contains(worker) {
            return;
        }
        if self.workers.current(worker) != Some(job) {
            return self.kill(now, worker, KillReason::UnknownJob(job));
        }
        let outcome = match verdict {
            Verdict::Done => None,
            Verdict::Retry(seconds) => Some(Outcome::Retry(seconds)),
            Verdict::Fail => Some(Outcome::Failed),
            Verdict::Bury => Some(Outcome::Buried),
        };
        self.process_ended(now, worker, outcome);
    }

    fn reserved(&mut self, now: Moment, job: JobId) {
        // One that is here already was lost before it came again.
        self.lost(job);
        self.jobs.add(job, now + INSPECT_AFTER);
    }

    fn inspected(&mut self, now: Moment, id: JobId, statistics: Statistics) {
        self.jobs.inspected(id, statistics);
        let Some(job) = self.jobs.get(id) else { return };
        match job.stage {
            Stage::Waiting(_) | Stage::InHand(_) => {
                let soon = touch_interval(&statistics).min(statistics.time_left / 2);
                self.jobs.set_due(id, Some(now + soon));
            }
            Stage::Settling(outcome) => self.decide(now, id, outcome),
        }
    }

    /// A job is not ours any more.
    fn lost(&mut self, id: JobId) {
        if self.jobs.remove(id).is_some_and(|job| !job.stage.is_try()) {
            self.returns.note(id);
        }
    }

    /// A job that waits is not begun when somebody else can have it.
    fn disconnected(&mut self, id: JobId) {
        if self.jobs.get(id).is_some_and(|job| matches!(job.stage, Stage::Waiting(_))) {
            self.lost(id);
            self.actions.push(Action::Forget(id));
        }
    }

    /// A job is out of a worker's hands, unless it was lost before.
    fn settle(&mut self, now: Moment, job: JobId, arrival: Arrival, outcome: Option<Outcome>) {
        if !self.jobs.is_in_hand(job, arrival) {
            return;
        }
        match outcome {
            None => {
                self.jobs.remove(job);
                self.returns.forget(job);
                self.actions.push(Action::Delete(job));
            }
            Some(outcome) => self.decide(now, job, outcome),
        }
    }

    /// Gives a job back as its outcome demands, as soon as its priority and its trials are known.
    fn decide(&mut self, now: Moment, job: JobId, outcome: Outcome) {
        let Some(statistics) = self.jobs.get(job).and_then(|job| job.statistics) else {
            self.jobs.settle(job, outcome, now + SETTLING_MAX);
            if self.jobs.inspect(job) {
                self.actions.push(Action::Inspect(job));
            }
            return;
        };
        self.jobs.remove(job);
        let Statistics { priority, reserves, .. } = statistics;
        let tries = self.returns.tries(job, reserves);
        let too_often = tries >= self.settings.tries_max;
        let growing = || whole_seconds(self.settings.retry.delay(tries));
        let delay = match outcome {
            Outcome::Buried => None,
            Outcome::Failed | Outcome::Crashed if too_often => None,
            Outcome::Failed => Some(growing()),
            Outcome::Retry(seconds) => Some(seconds.unwrap_or_else(growing)),
            Outcome::Crashed | Outcome::Returned => Some(0),
            Outcome::Unread => Some(self.unread(job)),
        };
        match outcome {
            Outcome::Returned => self.returns.note(job),
            Outcome::Unread => {}
            _ if delay.is_none() => self.returns.forget(job),
            _ => self.returns.begun(job),
        }
        self.actions.push(match delay {
            Some(delay_seconds) => Action::Release { job, priority, delay_seconds },
            None => Action::Bury { job, priority },
        });
    }

    /// A job's worker ended before it had begun it, which is nobody's fault: workers that fail at their start are no reason
    /// to bury jobs. But a job with which that happens again and again may be the reason, and has to let others be done.
    fn unread(&mut self, job: JobId) -> u32 {
        let delay = match self.returns.note_unread(job).saturating_sub(UNREAD_AT_ONCE_MAX) {
            0 => Duration::ZERO,
            times => self.settings.retry.delay(times).max(UNREAD_PAUSE_MIN),
        };
        whole_seconds(delay)
    }

    /// Does what is due.
    fn time(&mut self, now: Moment) {
        while let Some(id) = self.jobs.next_due(now) {
            let Some(job) = self.jobs.get(id) else { break };
            match (job.stage, job.statistics) {
                (Stage::Settling(_), _) => self.jobs.expect_no_more(id),
                (_, Some(statistics)) => {
                    self.jobs.set_due(id, Some(now + touch_interval(&statistics)));
                    self.actions.push(Action::Touch(id));
                }
                (_, None) => {
                    self.jobs.set_due(id, None);
                    if self.jobs.inspect(id) {
                        self.actions.push(Action::Inspect(id));
                    }
                }
            }
        }
        while let Some(worker) = self.workers.overdue(now) {
            self.kill(now, worker, KillReason::StopTimeout);
        }
        self.workers.expect_no_more(now);
        self.pause = self.pause.filter(|pause| *pause > now && !self.stopping);
    }

    /// Says how many reservations should be under way, if that has changed.
    fn ask(&mut self) {
        // What is still to be settled is reserved, too. But the jobs of other servers don't wait for one that is silent.
        let room = self.workers.idle() + self.waiting_max();
        let room = room.saturating_sub(self.jobs.waiting() + self.jobs.settling());
        let count =
            if self.stopping || self.pause.is_some() { 0 } else { u32::try_from(room).unwrap_or(u32::MAX) };
        if count != self.asked {
            self.asked = count;
            self.actions.push(Action::Ask { count });
        }
    }
}

/// What an exit status says about the job; `None` is that it is done.
fn outcome(exit: Exit) -> Option<Outcome> {
    match exit {
        Exit::Status(0) => None,
        Exit::Status(STATUS_RETRY) => Some(Outcome::Retry(None)),
        Exit::Status(_) | Exit::Signal => Some(Outcome::Failed),
    }
}

/// How often a job is touched: often enough that one touch may be late.
fn touch_interval(statistics: &Statistics) -> Duration {
    (statistics.time_to_run / 3).max(INSPECT_AFTER)
}

fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}
