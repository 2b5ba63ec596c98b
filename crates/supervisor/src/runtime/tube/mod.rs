//! The jobs of one program by one version of the file: lanes to the servers on one side, workers on the other, and the
//! dispatcher between them, which decides everything. Nothing here starts or kills a process.

mod lane;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use trellis_tube_client::Address;

use self::lane::Command;
pub(super) use self::lane::Told;
pub(super) use self::worker::{Said, Worker};
use crate::config::{Jobs, Mode};
use crate::dispatch::{Action, Dispatcher, Event, KillReason, WorkerId};
use crate::{JobId, Moment};

/// What happens to a lane or on a worker's socket, with the program that it is about.
pub(super) enum Happening {
    /// Of the tube with this number, the lane with this one tells something.
    Lane(u64, usize, Told),
    /// A worker says something: the one with this number, and of its starts the one with this.
    Worker(WorkerId, u64, Said),
}

/// What has to be done with processes.
pub(super) enum Demand {
    /// Start a process for a job, with this body on its standard input.
    Run(WorkerId, JobId, Vec<u8>),
    /// It has nothing in hand and gets nothing more from here; with its socket, if it has one.
    Retired(WorkerId, Option<Worker>),
    /// It has closed its socket, and gets nothing more.
    Closed(WorkerId),
    /// Kill it, and tell people why.
    Kill(WorkerId, String),
}

/// What a lane is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Idle,
    Asking,
    Cancelling,
    Holding(JobId),
}

struct LaneHandle {
    commands: UnboundedSender<Command>,
    task: JoinHandle<()>,
    stage: Stage,
    /// How many deletes were told to servers and not answered.
    deleting: Arc<AtomicUsize>,
}

/// A lane that ends as soon as it has said what is to be said.
pub(super) struct LastWords {
    /// The lane.
    pub(super) task: JoinHandle<()>,
    /// How many deletes are among that.
    deleting: Arc<AtomicUsize>,
}

impl LastWords {
    /// Whether it is still to be said, or to be answered, that a job is done.
    pub(super) fn is_deleting(&self) -> bool {
        self.deleting.load(Ordering::Relaxed) > 0
    }
}

/// The jobs of one program, as long as neither its tube nor its mode nor the servers change.
pub(super) struct Tube {
    /// No other tube has the same.
    number: u64,
    settings: Jobs,
    servers: Vec<Address>,
    dispatcher: Dispatcher,
    lanes: Vec<LaneHandle>,
    holders: HashMap<JobId, usize>,
    bodies: HashMap<JobId, Vec<u8>>,
    workers: HashMap<WorkerId, Worker>,
    tell: Arc<dyn Fn(Happening) + Send + Sync>,
}

impl Tube {
    pub(super) fn new(
        number: u64,
        settings: &Jobs,
        stop_timeout: Duration,
        servers: Vec<Address>,
        tell: impl Fn(Happening) + Send + Sync + 'static,
    ) -> Tube {
        Tube {
            number,
            settings: settings.clone(),
            servers,
            dispatcher: Dispatcher::new(settings, stop_timeout),
            lanes: Vec::new(),
            holders: HashMap::new(),
            bodies: HashMap::new(),
            workers: HashMap::new(),
            tell: Arc::new(tell),
        }
    }

    /// Which of all tubes it is.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// How jobs are handed over.
    pub(super) fn mode(&self) -> Mode {
        self.settings.mode
    }

    /// Whether these jobs are the same ones, handed over in the same way; all else can change.
    pub(super) fn is_of(&self, settings: &Jobs, servers: &[Address]) -> bool {
        self.settings.tube == settings.tube && self.settings.mode == settings.mode && self.servers == servers
    }

    /// Takes what a changed file says about trials, jobs ahead and stopping.
    pub(super) fn change(&mut self, now: Moment, settings: &Jobs, stop_timeout: Duration) -> Vec<Demand> {
        self.settings = settings.clone();
        self.dispatcher.change(settings, stop_timeout);
        self.on(now, Event::Time)
    }

    /// Lets the lanes end, as soon as they have said what is to be said.
    pub(super) fn into_lanes(self) -> Vec<LastWords> {
        let last = |lane: LaneHandle| LastWords { task: lane.task, deleting: lane.deleting };
        self.lanes.into_iter().map(last).collect()
    }

    /// Whether nothing is in hand and nobody is left.
    pub(super) fn is_finished(&self) -> bool {
        self.dispatcher.is_finished()
    }

    /// Whether this worker is there.
    pub(super) fn has_worker(&self, worker: WorkerId) -> bool {
        self.dispatcher.has_worker(worker)
    }

    /// The workers that are there, and whether each takes jobs.
    pub(super) fn workers(&self) -> impl Iterator<Item = (WorkerId, bool)> {
        self.dispatcher.workers()
    }

    /// When [`Event::Time`] is needed.
    pub(super) fn due(&self) -> Option<Moment> {
        self.dispatcher.due()
    }

    /// A worker is there, with its socket if it gets its jobs in frames.
    pub(super) fn join(&mut self, now: Moment, id: WorkerId, worker: Option<Worker>) -> Vec<Demand> {
        self.workers.extend(worker.map(|worker| (id, worker)));
        self.on(now, Event::Joined(id))
    }

    /// A worker says something: the one with this number, and of its starts the one with that.
    pub(super) fn said(&mut self, now: Moment, id: WorkerId, start: u64, said: Said) -> Vec<Demand> {
        let worker = self.workers.get(&id).filter(|worker| worker.start() == start);
        let Some(worker) = worker else { return Vec::new() };
        // What was handed over since then has not come into the socket.
        let (demand, has_begun) = match said {
            Said::Answer(answer) => return self.on(now, Event::Answered(id, answer.job, answer.verdict)),
            Said::Nonsense(error) => (Demand::Kill(id, error.to_string()), worker.has_begun(false)),
            Said::Unasked(job) => {
                (Demand::Kill(id, KillReason::UnknownJob(job).to_string()), worker.has_begun(false))
            }
            Said::Closed { is_unread } => (Demand::Closed(id), worker.has_begun(is_unread)),
            Said::Forbidden => (Demand::Closed(id), false),
        };
        let mut demands = self.on(now, Event::Gone { worker: id, has_begun });
        demands.push(demand);
        demands
    }

    /// The process of a worker has ended. What it has said before that is still heard, and then that it says no more.
    pub(super) fn process_ended(&self, id: WorkerId) {
        if let Some(worker) = self.workers.get(&id) {
            worker.process_ended();
        }
    }

    /// The lane with this number tells something.
    pub(super) fn told(&mut self, now: Moment, index: usize, told: Told) -> Vec<Demand> {
        let Some(lane) = self.lanes.get_mut(index) else { return Vec::new() };
        let was = lane.stage;
        let event = match (told, was) {
            (Told::Reserved(job, body), _) => {
                lane.stage = Stage::Holding(job);
                self.hold(job, index);
                self.bodies.insert(job, body);
                match was {
                    Stage::Cancelling => Event::ReservedAfterAll(job),
                    _ => Event::Reserved(job),
                }
            }
            (Told::NotReserved, _) => {
                lane.stage = Stage::Idle;
                if was == Stage::Cancelling {
                    // The dispatcher has not counted it since then.
                    return Vec::new();
                }
                Event::NotReserved
            }
            (Told::TooLate(job), _) => Event::TooLate(job),
            (Told::Disconnected, Stage::Holding(job)) => Event::Disconnected(job),
            (Told::Inspected(statistics), Stage::Holding(job)) => Event::Inspected(job, statistics),
            (Told::Lost, Stage::Holding(job)) => {
                self.free(job);
                Event::NotFound(job)
            }
            (Told::Inspected(_) | Told::Lost | Told::Disconnected, _) => return Vec::new(),
        };
        self.on(now, event)
    }

    /// Takes an event; returns what has to be done with processes.
    pub(super) fn on(&mut self, now: Moment, event: Event) -> Vec<Demand> {
        let mut demands = Vec::new();
        if let Event::Gone { worker, .. } = event {
            self.workers.remove(&worker);
        }
        for action in self.dispatcher.on(now, event) {
            match action {
                Action::Ask { count } => self.ask(count as usize),
                Action::Hand { worker, job } => {
                    let body = self.bodies.remove(&job).unwrap_or_default();
                    match self.settings.mode {
                        Mode::Exec => demands.push(Demand::Run(worker, job, body)),
                        Mode::Stream => {
                            if let Some(worker) = self.workers.get(&worker) {
                                worker.hand(job, &body);
                            }
                        }
                    }
                }
                Action::Inspect(job) => self.command(job, Command::Inspect),
                Action::Forget(job) => self.last_command(job, Command::Forget),
                Action::Touch(job) => self.command(job, Command::Touch),
                Action::Delete(job) => self.last_command(job, Command::Delete),
                Action::Release { job, priority, delay_seconds } => {
                    self.last_command(job, Command::Release { priority, delay_seconds });
                }
                Action::Bury { job, priority } => {
                    tracing::warn!(tube = %self.settings.tube, %job, "buried");
                    self.last_command(job, Command::Bury { priority });
                }
                Action::Retired(worker) => {
                    let socket = self.workers.remove(&worker);
                    demands.push(Demand::Retired(worker, socket));
                }
                Action::Kill { worker, reason } => {
                    self.workers.remove(&worker);
                    demands.push(Demand::Kill(worker, reason.to_string()));
                }
            }
        }
        demands
    }

    /// Brings the number of lanes that wait for a job to `count`.
    fn ask(&mut self, count: usize) {
        let asking = |lane: &LaneHandle| lane.stage == Stage::Asking;
        let now = self.lanes.iter().filter(|lane| asking(lane)).count();
        for lane in self.lanes.iter_mut().filter(|lane| asking(lane)).take(now.saturating_sub(count)) {
            lane.stage = Stage::Cancelling;
            // It is there as long as its handle.
            let _ = lane.commands.send(Command::Cancel);
        }
        for _ in now..count {
            let idle = self.lanes.iter().position(|lane| lane.stage == Stage::Idle);
            let Some(index) = idle.or_else(|| self.add_lane()) else { return };
            let lane = &mut self.lanes[index];
            lane.stage = Stage::Asking;
            let _ = lane.commands.send(Command::Ask);
        }
    }

    fn add_lane(&mut self) -> Option<usize> {
        let (number, index, tell) = (self.number, self.lanes.len(), Arc::clone(&self.tell));
        let tell = move |told| tell(Happening::Lane(number, index, told));
        let deleting = Arc::default();
        match lane::start(self.servers.clone(), &self.settings.tube, Arc::clone(&deleting), tell) {
            Ok((commands, task)) => {
                self.lanes.push(LaneHandle { commands, task, stage: Stage::Idle, deleting });
            }
            Err(error) => {
                tracing::error!(tube = %self.settings.tube, "no jobs can be had: {error}");
                return None;
            }
        }
        Some(index)
    }

    fn command(&mut self, job: JobId, command: Command) {
        if let Some(lane) = self.holders.get(&job).and_then(|index| self.lanes.get(*index)) {
            let _ = lane.commands.send(command);
        }
    }

    /// The last one about a job: its lane is free again.
    fn last_command(&mut self, job: JobId, command: Command) {
        self.command(job, command);
        self.free(job);
    }

    /// A lane holds a job. One that has held it before has lost it with its connection, though it doesn't know yet.
    fn hold(&mut self, job: JobId, index: usize) {
        let before = self.holders.insert(job, index).filter(|before| *before != index);
        if let Some(lane) = before.and_then(|before| self.lanes.get_mut(before)) {
            lane.stage = Stage::Idle;
        }
    }

    fn free(&mut self, job: JobId) {
        self.bodies.remove(&job);
        if let Some(lane) = self.holders.remove(&job).and_then(|index| self.lanes.get_mut(index)) {
            lane.stage = Stage::Idle;
        }
    }
}
