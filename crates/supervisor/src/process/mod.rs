//! One process: when it is started, when it counts as ready, when it is started again, and how it is ended. Nothing
//! here starts a process or reads a clock.
//!
//! The table of states and events is in `docs/process-states.md`; a test walks it cell by cell.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::Moment;
use crate::config::{Backoff, GiveUp, Program, Ready, ReadyWhen, Restart, Stop};
use crate::limits::CLOSED_MAX;

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not run and is not meant to.
    Idle,
    /// It has been started and is not ready yet.
    Starting,
    /// It runs and is ready.
    Running,
    /// It has closed the socket that its jobs come from, and has a moment to end by itself.
    Closing,
    /// It ended and is started again after a while.
    Waiting,
    /// It has been asked to end, and then stays away.
    Stopping,
    /// It has been asked to end, and is then started at once.
    Restarting,
    /// It did not become ready in time, or can get no jobs any more, and has been asked to end; then it counts as failed.
    Failing,
    /// It ended by itself and is not started again.
    Ended,
    /// It failed too often and is not started again, until somebody asks for it.
    GivenUp,
}

/// What happens to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is wanted.
    Start,
    /// It is not wanted any more.
    Stop,
    /// It is wanted anew.
    Restart,
    /// The answer to [`Action::Spawn`]: it runs.
    Spawned,
    /// The answer to [`Action::Spawn`]: it could not be started.
    NotSpawned,
    /// It says that it is ready.
    Notified,
    /// It has closed the socket that its jobs come from. Most end right after that.
    Closed,
    /// It ended, with exit status 0 or without.
    Exited {
        /// Whether the exit status is 0.
        success: bool,
    },
    /// It ended, or is the answer to [`Action::Spawn`], and is no fault of its own: it may not run at this time.
    Forbidden,
    /// Time has passed. May come at any time and is needed at [`Process::due`].
    Time,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start it, and answer with [`Event::Spawned`] or [`Event::NotSpawned`] before anything else.
    Spawn,
    /// Send it the signal that asks it to end.
    Signal,
    /// Send SIGKILL to it.
    Kill,
    /// Tell people that it is tried no more.
    GiveUp,
}

/// What a program says about the life of each of its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When it is started again.
    pub restart: Restart,
    /// How long it waits before that.
    pub backoff: Backoff,
    /// When it is tried no more.
    pub give_up: Option<GiveUp>,
    /// How long it may take to end.
    pub stop: Stop,
    /// When it is ready.
    pub ready: Ready,
}

impl From<&Program> for Policy {
    fn from(program: &Program) -> Policy {
        let Program { restart, backoff, give_up, stop, ready, .. } = program;
        Policy { restart: *restart, backoff: *backoff, give_up: *give_up, stop: *stop, ready: *ready }
    }
}

/// The machine of one process.
///
/// ```
/// use std::path::Path;
/// use trellis_supervisor::Moment;
/// use trellis_supervisor::config::Config;
/// use trellis_supervisor::process::{Action, Event, Policy, Process, State};
///
/// let config = Config::parse("[program.web]\ncommand = \"web\"\n", Path::new("workers.toml"))?;
/// let mut process = Process::new(Policy::from(&config.programs[0]), 7);
/// let now = Moment::START;
/// assert_eq!(process.on(now, Event::Start), Some(Action::Spawn));
/// assert_eq!(process.on(now, Event::Spawned), None);
/// assert_eq!(process.state(), State::Running);
/// // It crashes, and is started again when a little time has passed.
/// assert_eq!(process.on(now, Event::Exited { success: false }), None);
/// let due = process.due().expect("it waits");
/// assert_eq!(process.on(due, Event::Time), Some(Action::Spawn));
/// # Ok::<(), trellis_supervisor::config::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Process {
    policy: Policy,
    state: State,
    due: Option<Moment>,
    /// When it was last started.
    started: Moment,
    /// How often in a row it ended soon after its start.
    ends: u32,
    /// When it failed, as far as that matters for giving up.
    failures: VecDeque<Moment>,
    random: fastrand::Rng,
}

impl Process {
    /// A process that does not run. The seed decides how long exactly it waits between starts.
    #[must_use]
    pub fn new(policy: Policy, seed: u64) -> Process {
        Process {
            policy,
            state: State::Idle,
            due: None,
            started: Moment::START,
            ends: 0,
            failures: VecDeque::new(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Takes what a changed file says; times that are set already stay.
    pub fn change(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// When [`Event::Time`] is needed; `None` if no time matters.
    #[must_use]
    pub fn due(&self) -> Option<Moment> {
        self.due
    }

    /// Takes an event; returns what is to be done. Events that mean nothing in a state change nothing.
    pub fn on(&mut self, now: Moment, event: Event) -> Option<Action> {
        use State::{
            Closing, Ended, Failing, GivenUp, Idle, Restarting, Running, Starting, Stopping, Waiting,
        };

        match (self.state, event) {
            (Idle | Ended | GivenUp | Waiting, Event::Start | Event::Restart) => self.spawn_anew(now),
            (Stopping, Event::Start | Event::Restart) | (Failing, Event::Restart) => self.turn(Restarting),
            (Starting | Running | Closing, Event::Restart) => self.end(now, Restarting),
            (Starting | Running | Closing, Event::Stop) => self.end(now, Stopping),
            (Restarting | Failing, Event::Stop) => self.turn(Stopping),
            (Waiting | Ended | GivenUp, Event::Stop) => self.rest(Idle),
            (Starting, Event::Spawned) => self.spawned(now),
            (Starting, Event::Notified) => self.rest(Running),
            (Starting | Failing, Event::NotSpawned) => self.failed(now),
            (Starting | Running, Event::Closed) => self.closed(now),
            (Starting | Running | Closing, Event::Exited { success }) => self.exited(now, success),
            (Failing, Event::Exited { .. }) => self.failed(now),
            (Stopping, Event::Exited { .. } | Event::NotSpawned | Event::Forbidden) => self.rest(Idle),
            (Restarting, Event::Exited { .. } | Event::NotSpawned | Event::Forbidden) => self.spawn_anew(now),
            (Starting | Running | Closing | Failing, Event::Forbidden) => self.wait(now),
            (state, Event::Time) if self.due.is_some_and(|due| due <= now) => self.timed_out(now, state),
            _ => None,
        }
    }

    /// What is due has come.
    fn timed_out(&mut self, now: Moment, state: State) -> Option<Action> {
        self.due = None;
        match (state, self.policy.ready.when) {
            (State::Waiting, _) => self.spawn(now),
            (State::Starting, ReadyWhen::Notified) => self.end(now, State::Failing),
            (State::Starting, _) => self.rest(State::Running),
            (State::Closing, _) => self.end(now, State::Failing),
            (State::Stopping | State::Restarting | State::Failing, _) => Some(Action::Kill),
            (State::Idle | State::Running | State::Ended | State::GivenUp, _) => None,
        }
    }

    fn spawn_anew(&mut self, now: Moment) -> Option<Action> {
        self.ends = 0;
        self.failures.clear();
        self.spawn(now)
    }

    fn spawn(&mut self, now: Moment) -> Option<Action> {
        self.state = State::Starting;
        self.due = None;
        self.started = now;
        Some(Action::Spawn)
    }

    fn spawned(&mut self, now: Moment) -> Option<Action> {
        match self.policy.ready.when {
            ReadyWhen::Started => return self.rest(State::Running),
            ReadyWhen::After(time) => self.due = Some(now + time),
            ReadyWhen::Notified => self.due = Some(now + self.policy.ready.timeout),
        }
        None
    }

    fn closed(&mut self, now: Moment) -> Option<Action> {
        self.state = State::Closing;
        self.due = Some(now + CLOSED_MAX);
        None
    }

    /// Asks the process to end; `state` says what comes then.
    fn end(&mut self, now: Moment, state: State) -> Option<Action> {
        self.state = state;
        self.due = Some(now + self.policy.stop.timeout);
        Some(Action::Signal)
    }

    /// Changes what comes when the process has ended, and not by when it has to.
    fn turn(&mut self, state: State) -> Option<Action> {
        self.state = state;
        None
    }

    /// A state in which no time matters.
    fn rest(&mut self, state: State) -> Option<Action> {
        self.state = state;
        self.due = None;
        None
    }

    fn exited(&mut self, now: Moment, success: bool) -> Option<Action> {
        match self.policy.restart {
            Restart::OnFailure if success => self.rest(State::Ended),
            Restart::Always | Restart::OnFailure | Restart::Never => self.failed(now),
        }
    }

    /// It ended although it should not have.
    fn failed(&mut self, now: Moment) -> Option<Action> {
        if self.policy.restart == Restart::Never {
            return self.rest(State::Ended);
        }
        if let Some(give_up) = self.policy.give_up {
            self.failures.push_back(now);
            self.failures.retain(|failure| now.since(*failure) <= give_up.within);
            if self.failures.len() >= give_up.failures as usize {
                self.rest(State::GivenUp);
                return Some(Action::GiveUp);
            }
        }
        self.wait(now)
    }

    /// It is started again after a while.
    fn wait(&mut self, now: Moment) -> Option<Action> {
        let lasted = now.since(self.started) > self.policy.backoff.max;
        self.ends = if lasted { 1 } else { self.ends.saturating_add(1) };
        let delay = self.policy.backoff.delay(self.ends);
        // Up to a quarter less, so that what failed together doesn't come back together.
        self.due = Some(now + delay.mul_f64(1.0 - self.random.f64() / 4.0));
        self.state = State::Waiting;
        None
    }
}
