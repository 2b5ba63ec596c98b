//! The programs with a tube, and which tube each has its jobs from. When a file changes the tube, the mode or the servers, a
//! new tube takes the place of the old one, which ends with its last job; workers move from the one to the other as soon as
//! they have nothing in hand. What becomes of a job is the dispatcher's business, and processes are that of `jobs`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;
use trellis_tube_client::Address;

use super::places::Counts;
use super::tube::{Happening, LastWords, Said, Tube, Worker};
use super::{Event, Supervisor};
use crate::Moment;
use crate::config::{Config, Jobs, Mode, Program, Work};
use crate::dispatch::{Event as TubeEvent, WorkerId};
use crate::fleet::Name;
use crate::limits::FLUSH_MAX;
use crate::places::{Places, Presence, Step};

/// The programs with a tube, by name; also those that are gone from the file, until their last job is finished.
#[derive(Default)]
pub(super) struct Tubes {
    pub(super) entries: HashMap<String, Entry>,
    /// Processes that live on for jobs and have ended, and whether with exit status 0, until it is known what they said last.
    pub(super) ends: BTreeMap<Name, bool>,
    /// The number of the newest tube.
    count: u64,
    /// Lanes of tubes that are gone, which may have something to say to a server.
    closing: Vec<LastWords>,
}

/// A program with a tube.
pub(super) struct Entry {
    pub(super) program: Arc<Program>,
    /// Whether the file has it.
    pub(super) in_force: bool,
    /// In mode `exec`: where its processes are.
    pub(super) places: Places,
    /// In mode `exec`: what became of jobs.
    pub(super) counts: Counts,
    /// The last one is that of the file, if the file has the program.
    tubes: Vec<Tube>,
}

impl Entry {
    fn new(program: &Program) -> Entry {
        Entry {
            program: Arc::new(program.clone()),
            in_force: false,
            places: Places::default(),
            counts: Counts::default(),
            tubes: Vec::new(),
        }
    }

    /// Whether the file has it in mode `exec`.
    pub(super) fn has_places(&self) -> bool {
        self.in_force && !is_stream(&self.program)
    }

    /// The tube of the file, if it is of this mode.
    fn current(&mut self, mode: Mode) -> Option<&mut Tube> {
        self.tubes.last_mut().filter(|tube| self.in_force && tube.mode() == mode)
    }

    /// The tube that has this worker. No two of the same mode do.
    pub(super) fn tube_with(&mut self, mode: Mode, worker: WorkerId) -> Option<&mut Tube> {
        self.tubes.iter_mut().find(|tube| tube.mode() == mode && tube.has_worker(worker))
    }

    /// Whether a tube of this mode has this worker.
    pub(super) fn has_worker(&self, mode: Mode, worker: WorkerId) -> bool {
        self.tubes.iter().any(|tube| tube.mode() == mode && tube.has_worker(worker))
    }

    /// The workers of a mode, and how they are.
    fn workers(&self, mode: Mode) -> BTreeMap<u32, Presence> {
        let current = self.tubes.last().filter(|_| self.in_force).map(Tube::number);
        let mut workers = BTreeMap::new();
        for tube in self.tubes.iter().filter(|tube| tube.mode() == mode) {
            workers.extend(tube.workers().map(|(worker, takes)| {
                let presence = match takes {
                    true if current == Some(tube.number()) => Presence::Taking,
                    true => Presence::Superseded,
                    false => Presence::Leaving,
                };
                (worker.0, presence)
            }));
        }
        workers
    }

    /// Takes the tubes out that are not those of the file any more and have nothing left to do.
    fn take_finished(&mut self) -> Vec<Tube> {
        let current = self.tubes.last().filter(|_| self.in_force).map(Tube::number);
        let ends = |tube: &Tube| Some(tube.number()) != current && tube.is_finished();
        self.tubes.extract_if(.., |tube| ends(tube)).collect()
    }
}

impl Tubes {
    /// Whether no job is in hand.
    pub(super) fn are_finished(&self) -> bool {
        self.entries.values().flat_map(|entry| &entry.tubes).all(Tube::is_finished)
    }

    /// When [`Supervisor::tubes_time`] is needed.
    pub(super) fn due(&self) -> Option<Moment> {
        self.entries.values().flat_map(|entry| &entry.tubes).filter_map(Tube::due).min()
    }

    /// Lets go of a program's tubes that are of no more use, and of the program if it is gone.
    fn close_finished(&mut self, program: &str) {
        let Some(entry) = self.entries.get_mut(program) else { return };
        if entry.tubes.len() <= usize::from(entry.in_force) {
            return;
        }
        let finished = entry.take_finished();
        let gone = !entry.in_force && entry.tubes.is_empty();
        if !finished.is_empty() {
            self.closing.retain(|lane| !lane.task.is_finished());
            self.closing.extend(finished.into_iter().flat_map(Tube::into_lanes));
        }
        if gone {
            self.entries.remove(program);
        }
    }
}

impl Supervisor {
    /// Takes what the file says now. What works on a job may finish it by the rules that it had.
    pub(super) fn apply_tubes(&mut self, config: &Config) {
        let has_jobs = |name: &str| config.program(name).is_some_and(|program| jobs(program).is_some());
        for (_, entry) in self.tubes.entries.iter_mut().filter(|(name, _)| !has_jobs(name)) {
            entry.in_force = false;
            entry.places = Places::default();
        }
        let servers = servers(config);
        for program in &config.programs {
            if let Some(settings) = jobs(program) {
                self.apply_tube(program, settings, &servers);
            }
        }
        for name in self.tubes.entries.keys().cloned().collect::<Vec<String>>() {
            self.keep_places(&name);
            self.move_workers(&name);
            self.tubes.close_finished(&name);
        }
    }

    fn apply_tube(&mut self, program: &Program, settings: &Jobs, servers: &[Address]) {
        let now = self.now();
        let entry = self.tubes.entries.entry(program.name.clone()).or_insert_with(|| Entry::new(program));
        let stays = entry.current(settings.mode).is_some_and(|tube| tube.is_of(settings, servers));
        entry.in_force = true;
        entry.program = Arc::new(program.clone());
        match settings.mode {
            Mode::Exec => entry.places.set_count(program.processes.max),
            Mode::Stream => entry.places = Places::default(),
        }
        if stays {
            let demands = entry.tubes.last_mut().map(|tube| tube.change(now, settings, program.stop.timeout));
            return self.meet(&program.name, settings.mode, demands.unwrap_or_default());
        }
        self.tubes.count += 1;
        let (sender, name) = (self.sender.clone(), program.name.clone());
        // The loop is there as long as its lanes.
        let tell = move |happening| drop(sender.send(Event::Tube(name.clone(), happening)));
        let tube = Tube::new(self.tubes.count, settings, program.stop.timeout, servers.to_vec(), tell);
        entry.tubes.push(tube);
    }

    /// Has exactly those places take jobs that are to.
    pub(super) fn keep_places(&mut self, program: &str) {
        let Some(entry) = self.tubes.entries.get(program) else { return };
        for step in entry.places.steps(&self.places(program)) {
            match step {
                Step::Join(place) => self.tube_join(program, Mode::Exec, WorkerId(place), None),
                Step::Retire(place) => self.tube(program, Mode::Exec, TubeEvent::Retire, WorkerId(place)),
            }
        }
    }

    /// The places of a program that are there. One whose process is being killed is, too.
    pub(super) fn places(&self, program: &str) -> BTreeMap<u32, Presence> {
        let Some(entry) = self.tubes.entries.get(program) else { return BTreeMap::new() };
        let mut places = entry.workers(Mode::Exec);
        for name in self.job_processes.keys().filter(|name| *name.program == *program) {
            places.entry(name.index).or_insert(Presence::Leaving);
        }
        places
    }

    /// Has processes that live on leave tubes that are not those of the file any more. A process that is to be replaced
    /// knows nothing of the new jobs, and stays until it is.
    fn move_workers(&mut self, program: &str) {
        let Some(entry) = self.tubes.entries.get(program).filter(|entry| entry.in_force) else { return };
        let can_stay = |name: &Name| {
            let member = self.fleet.member(name);
            member.is_some_and(|member| !member.program().needs_restart(&entry.program))
        };
        let workers = entry.workers(Mode::Stream).into_iter();
        let moving: Vec<u32> = workers
            .filter(|(index, presence)| {
                *presence == Presence::Superseded && can_stay(&Name::new(program, *index))
            })
            .map(|(index, _)| index)
            .collect();
        for index in moving {
            self.tube(program, Mode::Stream, TubeEvent::Retire, WorkerId(index));
        }
    }

    /// No more jobs; those that are worked on may be finished.
    pub(super) fn end_tubes(&mut self) {
        let now = self.now();
        for name in self.tubes.entries.keys().cloned().collect::<Vec<String>>() {
            let Some(entry) = self.tubes.entries.get_mut(&name) else { continue };
            entry.in_force = false;
            entry.places = Places::default();
            let stop = |tube: &mut Tube| (tube.mode(), tube.on(now, TubeEvent::Stop));
            let demands: Vec<_> = entry.tubes.iter_mut().map(stop).collect();
            demands.into_iter().for_each(|(mode, demands)| self.meet(&name, mode, demands));
        }
    }

    /// Waits until the servers know what became of the last jobs.
    pub(super) async fn flush_tubes(&mut self) {
        let Tubes { entries, closing, .. } = std::mem::take(&mut self.tubes);
        let tubes = entries.into_values().flat_map(|entry| entry.tubes);
        let lanes: Vec<_> = tubes.flat_map(Tube::into_lanes).chain(closing).collect();
        let deadline = Instant::now() + FLUSH_MAX;
        let (mut is_silent, mut is_deleting) = (false, false);
        for mut lane in lanes {
            if tokio::time::timeout_at(deadline, &mut lane.task).await.is_err() {
                is_silent = true;
                is_deleting |= lane.is_deleting();
            }
        }
        if is_deleting {
            tracing::warn!("a server does not answer: some jobs that were done may be done again");
        } else if is_silent {
            tracing::warn!("a server does not answer, and is waited for no longer");
        }
    }

    /// Time has passed.
    pub(super) fn tubes_time(&mut self, now: Moment) {
        let due = |tube: &Tube| tube.due().is_some_and(|due| due <= now);
        let due = |(_, entry): &(&String, &Entry)| entry.tubes.iter().any(due);
        let names: Vec<String> =
            self.tubes.entries.iter().filter(due).map(|(name, _)| name.clone()).collect();
        for name in names {
            let Some(entry) = self.tubes.entries.get_mut(&name) else { continue };
            let time = |tube: &mut Tube| (tube.mode(), tube.on(now, TubeEvent::Time));
            let demands: Vec<_> = entry.tubes.iter_mut().map(time).collect();
            demands.into_iter().for_each(|(mode, demands)| self.meet(&name, mode, demands));
        }
    }

    /// Gives the jobs back that the workers of a program have in hand, and kills these workers. Whoever kills them at once
    /// tells it by this first, lest their jobs count as having failed.
    pub(super) fn abandon_workers(&mut self, program: &str) {
        for mode in [Mode::Exec, Mode::Stream] {
            let Some(entry) = self.tubes.entries.get(program) else { return };
            for worker in entry.workers(mode).into_keys() {
                self.tube(program, mode, TubeEvent::Abandon, WorkerId(worker));
            }
        }
    }

    /// Something has happened to a worker, or is to happen to it.
    pub(super) fn tube(
        &mut self,
        program: &str,
        mode: Mode,
        event: impl FnOnce(WorkerId) -> TubeEvent,
        worker: WorkerId,
    ) {
        let now = self.now();
        let Some(entry) = self.tubes.entries.get_mut(program) else { return };
        let Some(tube) = entry.tube_with(mode, worker) else { return };
        let demands = tube.on(now, event(worker));
        self.meet(program, mode, demands);
    }

    /// A lane or a worker has told something. What was told to a tube that is gone is of no use: the server has it again.
    pub(super) fn tube_happened(&mut self, program: &str, happening: Happening) {
        let now = self.now();
        let Some(entry) = self.tubes.entries.get_mut(program) else { return };
        let (mode, demands) = match happening {
            Happening::Lane(number, index, told) => {
                let Some(tube) = entry.tubes.iter_mut().find(|tube| tube.number() == number) else { return };
                (tube.mode(), tube.told(now, index, told))
            }
            Happening::Worker(id, start, said) => {
                let is_over = matches!(said, Said::Closed { .. }) && self.cluster.is_forbidden(program);
                // The guardian may have killed it, so it can't be blamed for its job, nor the job for its end.
                let said = if is_over { Said::Forbidden } else { said };
                let Some(tube) = entry.tube_with(Mode::Stream, id) else { return };
                (Mode::Stream, tube.said(now, id, start, said))
            }
        };
        self.meet(program, mode, demands);
    }

    /// A worker is there and takes jobs of the tube that is the file's.
    pub(super) fn tube_join(&mut self, program: &str, mode: Mode, id: WorkerId, worker: Option<Worker>) {
        let now = self.now();
        let current = self.tubes.entries.get_mut(program).and_then(|entry| entry.current(mode));
        match current.map(|tube| tube.join(now, id, worker)) {
            Some(demands) => self.meet(program, mode, demands),
            // The file has changed while it was being started.
            None => self.dismiss(&Name::new(program, id.0)),
        }
    }

    /// Lets go of what a program does not need any more.
    pub(super) fn close_finished_tubes(&mut self, program: &str) {
        self.tubes.close_finished(program);
    }
}

/// Whether a program's processes get their jobs in frames.
pub(super) fn is_stream(program: &Program) -> bool {
    jobs(program).is_some_and(|jobs| jobs.mode == Mode::Stream)
}

/// The servers that jobs come from.
pub(super) fn servers(config: &Config) -> Vec<Address> {
    config.server.beanstalk.iter().filter_map(|address| address.parse().ok()).collect()
}

/// The jobs that a program is for.
pub(super) fn jobs(program: &Program) -> Option<&Jobs> {
    match &program.work {
        Work::Jobs(jobs) => Some(jobs),
        Work::Service { .. } | Work::Timetable(_) => None,
    }
}
