//! The jobs of one program: lanes to the servers on one side, workers on the other, and the dispatcher between them, which
//! decides everything. Nothing here starts or kills a process.

mod lane;
mod worker;

use std::collections::HashMap;
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
    /// The lane with this number tells something.
    Lane(usize, Told),
    /// A worker says something: the one with this number, and of its starts the one with this.
    Worker(WorkerId, u64, Said),
}

/// What has to be done with processes.
pub(super) enum Demand {
    /// Start a process for a job, with this body on its standard input.
    Run(WorkerId, JobId, Vec<u8>),
    /// It has nothing in hand and gets nothing more: end it.
    End(WorkerId),
    /// Kill it.
    Kill(WorkerId, KillReason),
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
}

/// The jobs of one program.
pub(super) struct Tube {
    settings: Jobs,
    servers: Vec<Address>,
    dispatcher: Dispatcher,
    lanes: Vec<LaneHandle>,
    holders: HashMap<JobId, usize>,
    bodies: HashMap<JobId, Vec<u8>>,
    workers: HashMap<WorkerId, Worker>,
    tell: std::sync::Arc<dyn Fn(Happening) + Send + Sync>,
}

impl Tube {
    pub(super) fn new(
        settings: &Jobs,
        stop_timeout: Duration,
        servers: Vec<Address>,
        tell: impl Fn(Happening) + Send + Sync + 'static,
    ) -> Tube {
        Tube {
            settings: settings.clone(),
            servers,
            dispatcher: Dispatcher::new(settings, stop_timeout),
            lanes: Vec::new(),
            holders: HashMap::new(),
            bodies: HashMap::new(),
            workers: HashMap::new(),
            tell: std::sync::Arc::new(tell),
        }
    }

    /// Takes what a changed file says about trials and stopping.
    pub(super) fn change(&mut self, settings: &Jobs, stop_timeout: Duration) {
        self.dispatcher.change(settings, stop_timeout);
    }

    /// Lets the lanes end, as soon as they have said what is to be said.
    pub(super) fn into_lanes(self) -> Vec<JoinHandle<()>> {
        self.lanes.into_iter().map(|lane| lane.task).collect()
    }

    /// Whether nothing is in hand and nobody is left.
    pub(super) fn is_finished(&self) -> bool {
        self.dispatcher.is_finished()
    }

    /// When [`Event::Time`] is needed.
    pub(super) fn due(&self) -> Option<Moment> {
        self.dispatcher.due()
    }

    /// A process that gets its jobs in frames is there.
    pub(super) fn join(&mut self, now: Moment, id: WorkerId, worker: Worker) -> Vec<Demand> {
        self.workers.insert(id, worker);
        self.on(now, Event::Joined(id))
    }

    /// Takes what a lane or a worker tells.
    pub(super) fn happened(&mut self, now: Moment, happening: Happening) -> Vec<Demand> {
        let event = match happening {
            Happening::Worker(id, start, said) => {
                if self.workers.get(&id).is_none_or(|worker| worker.start() != start) {
                    return Vec::new();
                }
                match said {
                    Said::Answer(answer) => Event::Answered(id, answer.job, answer.verdict),
                    Said::Nonsense(error) => {
                        tracing::error!(program = %self.settings.tube, worker = id.0, "a worker is killed: {error}");
                        let mut demands = self.on(now, Event::Gone(id));
                        self.workers.remove(&id);
                        demands.push(Demand::Kill(id, KillReason::UnknownJob));
                        return demands;
                    }
                }
            }
            Happening::Lane(index, told) => {
                let lane = &mut self.lanes[index];
                let was = lane.stage;
                match told {
                    Told::Reserved(job, body) => {
                        lane.stage = Stage::Holding(job);
                        self.holders.insert(job, index);
                        self.bodies.insert(job, body);
                        Event::Reserved(job)
                    }
                    Told::NotReserved => {
                        lane.stage = Stage::Idle;
                        if was == Stage::Cancelling {
                            // The dispatcher has counted it already, but may have been waiting for a lane.
                            return Vec::new();
                        }
                        Event::NotReserved
                    }
                    Told::Inspected(statistics) => match was {
                        Stage::Holding(job) => Event::Inspected(job, statistics),
                        _ => return Vec::new(),
                    },
                    Told::Lost => match was {
                        Stage::Holding(job) => {
                            self.free(job);
                            Event::NotFound(job)
                        }
                        _ => return Vec::new(),
                    },
                }
            }
        };
        self.on(now, event)
    }

    /// Takes an event; returns what has to be done with processes.
    pub(super) fn on(&mut self, now: Moment, event: Event) -> Vec<Demand> {
        let mut demands = Vec::new();
        if let Event::Gone(id) = event {
            self.workers.remove(&id);
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
                    self.workers.remove(&worker);
                    demands.push(Demand::End(worker));
                }
                Action::Kill { worker, reason } => {
                    self.workers.remove(&worker);
                    demands.push(Demand::Kill(worker, reason));
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
        let (index, tell) = (self.lanes.len(), std::sync::Arc::clone(&self.tell));
        let tell = move |told| tell(Happening::Lane(index, told));
        match lane::start(self.servers.clone(), &self.settings.tube, tell) {
            Ok((commands, task)) => self.lanes.push(LaneHandle { commands, task, stage: Stage::Idle }),
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

    fn free(&mut self, job: JobId) {
        self.bodies.remove(&job);
        if let Some(lane) = self.holders.remove(&job).and_then(|index| self.lanes.get_mut(index)) {
            lane.stage = Stage::Idle;
        }
    }
}
