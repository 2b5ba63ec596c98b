//! Random lives: servers that lose jobs and connections, workers that come, answer, crash and are retired. Whatever
//! happens, each job that was reserved ends once, nobody is given a job before the one before is answered, no job waits while
//! somebody is idle, and at the end nothing is left. proptest prints the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use crate::config::{Backoff, Jobs, Mode};
use crate::dispatch::{Action, Dispatcher, Event, Exit, Statistics, WorkerId};
use crate::limits::REPLACEMENT_MAX;
use crate::stream::Verdict;
use crate::{JobId, Moment};

const STOP_TIMEOUT: Duration = Duration::from_secs(5);

struct World {
    machine: Dispatcher,
    mode: Mode,
    /// The most that it ever was: a worker that had more before the file changed keeps them.
    capacity: usize,
    now: Moment,
    random: fastrand::Rng,
    /// The job that each worker works on.
    workers: BTreeMap<WorkerId, Option<JobId>>,
    retired: BTreeSet<WorkerId>,
    /// Those of them that are to be replaced.
    replaced: BTreeSet<WorkerId>,
    /// Those that died and were to stay, or went to be replaced, and when; some are replaced.
    dead: BTreeMap<WorkerId, Moment>,
    /// The reservations that are under way.
    asked: u32,
    /// Those besides them that are being taken back.
    surplus: u32,
    /// What the servers hold for us.
    held: BTreeSet<JobId>,
    /// What of that no worker was given, as it came.
    unbegun: Vec<JobId>,
    inspections: Vec<JobId>,
    next_job: u64,
    next_worker: u32,
}

fn settings(mode: Mode, prefetch: u32) -> Jobs {
    let retry = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(4) };
    Jobs { tube: "t".to_owned(), mode, tries_max: 3, retry, prefetch }
}

fn capacity(mode: Mode, prefetch: u32) -> usize {
    if mode == Mode::Exec { 1 } else { 1 + prefetch as usize }
}

impl World {
    fn new(mode: Mode, prefetch: u32, seed: u64) -> World {
        World {
            machine: Dispatcher::new(&settings(mode, prefetch), STOP_TIMEOUT),
            mode,
            capacity: capacity(mode, prefetch),
            now: Moment::START,
            random: fastrand::Rng::with_seed(seed),
            workers: BTreeMap::new(),
            retired: BTreeSet::new(),
            replaced: BTreeSet::new(),
            dead: BTreeMap::new(),
            asked: 0,
            surplus: 0,
            held: BTreeSet::new(),
            unbegun: Vec::new(),
            inspections: Vec::new(),
            next_job: 0,
            next_worker: 0,
        }
    }

    /// Lets an event happen and does what the machine says.
    fn on(&mut self, event: Event) -> Result<(), TestCaseError> {
        let before = self.held.len() + self.asked as usize;
        for action in self.machine.on(self.now, event) {
            match action {
                Action::Ask { count } => {
                    self.surplus += self.asked.saturating_sub(count);
                    self.asked = count;
                }
                Action::Hand { worker, job } => {
                    prop_assert!(self.held.contains(&job) && !self.retired.contains(&worker));
                    let came_later = |other| self.came(other) >= self.came(job);
                    prop_assert!(self.waiting().next().is_none_or(came_later), "{job} has waited less long");
                    self.unbegun.retain(|unbegun| *unbegun != job);
                    let works_on = self.workers.get_mut(&worker).expect("only workers are handed jobs");
                    prop_assert_eq!(works_on.replace(job), None, "{:?} is not finished", worker);
                }
                Action::Inspect(job) => {
                    prop_assert!(self.held.contains(&job), "{job} is not ours");
                    self.inspections.push(job);
                }
                Action::Touch(job) => prop_assert!(self.held.contains(&job), "{job} is not ours"),
                Action::Delete(job) | Action::Release { job, .. } | Action::Bury { job, .. } => {
                    prop_assert!(self.held.remove(&job), "{job} ends twice");
                }
                Action::Forget(job) => {
                    prop_assert!(self.held.remove(&job), "{job} ends twice");
                    self.inspections.retain(|inspected| *inspected != job);
                }
                Action::Retired(worker) => {
                    let works_on = self.workers.get(&worker).expect("a worker retires once");
                    prop_assert!(works_on.is_none() && self.retired.contains(&worker));
                    self.dies(worker);
                }
                Action::Kill { worker, .. } => {
                    prop_assert!(self.workers.contains_key(&worker), "a worker is killed once");
                    self.dies(worker);
                }
            }
        }
        let idle =
            |(worker, job): (&WorkerId, &Option<JobId>)| job.is_none() && !self.retired.contains(worker);
        prop_assert!(!self.workers.iter().any(idle) || self.waiting().next().is_none(), "somebody is idle");
        let is_wanted = |job: &&JobId| {
            self.workers
                .values()
                .flatten()
                .chain(&self.waiting().collect::<Vec<_>>())
                .any(|other| other == *job)
        };
        let after = self.held.iter().filter(is_wanted).count() + self.asked as usize;
        let is_expected = |(_, died): &(&WorkerId, &Moment)| self.now < **died + REPLACEMENT_MAX;
        let expected = self.dead.iter().filter(is_expected).count();
        let places = (self.workers.len() + expected) * self.capacity;
        prop_assert!(after <= before.max(places), "{after} jobs for {places} places");
        Ok(())
    }

    /// The jobs that wait for a worker, as they came; without those that the server is asked about, since these may be on
    /// their way back.
    fn waiting(&self) -> impl Iterator<Item = JobId> {
        let waits = |job: &&JobId| self.held.contains(job) && !self.inspections.contains(job);
        self.unbegun.iter().filter(waits).copied()
    }

    /// A job's place among those that no worker was given.
    fn came(&self, job: JobId) -> Option<usize> {
        self.unbegun.iter().position(|unbegun| *unbegun == job)
    }

    fn turn(&mut self) -> Result<(), TestCaseError> {
        self.now = self.now + Duration::from_millis(self.random.u64(0..400));
        match self.random.u32(0..100) {
            0..10 => {
                let dead: Vec<WorkerId> = self.dead.keys().copied().collect();
                let worker = self.random.choice(dead).filter(|_| self.random.bool()).unwrap_or_else(|| {
                    self.next_worker += 1;
                    WorkerId(self.next_worker)
                });
                self.dead.remove(&worker);
                self.workers.insert(worker, None);
                self.on(Event::Joined(worker))
            }
            10..13 => {
                let Some(worker) = self.any_worker() else { return Ok(()) };
                self.retired.insert(worker);
                if self.random.bool() {
                    self.replaced.insert(worker);
                    return self.on(Event::Replace(worker));
                }
                self.replaced.remove(&worker);
                self.on(Event::Retire(worker))
            }
            13..16 => {
                let Some(worker) = self.any_worker() else { return Ok(()) };
                self.dies(worker);
                let has_begun = self.random.bool();
                self.on(Event::Gone { worker, has_begun })
            }
            16..17 => {
                let Some(worker) = self.any_worker() else { return Ok(()) };
                self.on(Event::Abandon(worker))
            }
            17..18 if self.asked > 0 => {
                self.asked -= 1;
                self.on(Event::NotReserved)
            }
            18..20 => {
                let held: Vec<JobId> = self.held.iter().copied().collect();
                let Some(job) = self.random.choice(held) else { return Ok(()) };
                let waits = self.waiting().any(|waiting| waiting == job);
                self.on(Event::Disconnected(job))?;
                prop_assert!(!waits || !self.held.contains(&job), "{job} waits, though it is lost");
                Ok(())
            }
            20..22 => {
                let prefetch = self.random.u32(0..4);
                self.machine.change(&settings(self.mode, prefetch), STOP_TIMEOUT);
                self.capacity = self.capacity.max(capacity(self.mode, prefetch));
                self.on(Event::Time)
            }
            22..55 => self.reserved(),
            55..75 => self.ends(),
            75..85 => self.inspected(),
            _ => self.on(Event::Time),
        }
    }

    fn dies(&mut self, worker: WorkerId) {
        self.workers.remove(&worker);
        if !self.retired.remove(&worker) || self.replaced.remove(&worker) {
            self.dead.insert(worker, self.now);
        }
    }

    /// A new job, or one that was ours before; sometimes after the question for it was taken back.
    fn reserved(&mut self) -> Result<(), TestCaseError> {
        let is_surplus = self.random.u32(0..self.asked + self.surplus + 1) >= self.asked;
        if is_surplus && self.surplus == 0 {
            return Ok(());
        }
        *(if is_surplus { &mut self.surplus } else { &mut self.asked }) -= 1;
        if is_surplus && self.random.bool() {
            return Ok(());
        }
        self.next_job += 1;
        let id = if self.random.u32(0..4) == 0 { self.random.u64(0..self.next_job) } else { self.next_job };
        let job = JobId { server: self.random.u16(0..2), id };
        if !self.held.insert(job) {
            return if is_surplus { Ok(()) } else { self.on(Event::NotReserved) };
        }
        self.unbegun.retain(|unbegun| *unbegun != job);
        self.unbegun.push(job);
        self.on(if is_surplus { Event::ReservedAfterAll(job) } else { Event::Reserved(job) })
    }

    /// A worker ends a job somehow.
    fn ends(&mut self) -> Result<(), TestCaseError> {
        let Some(worker) = self.any_worker() else { return Ok(()) };
        let works_on = self.workers.get_mut(&worker).expect("it is there");
        let Some(job) = works_on.take() else { return Ok(()) };
        if self.mode == Mode::Exec {
            return match self.random.u32(0..5) {
                0 => self.on(Event::NotStarted(worker)),
                1 => self.on(Event::Exited(worker, Exit::Signal)),
                2 => self.on(Event::Exited(worker, Exit::Status(75))),
                3 => self.on(Event::Exited(worker, Exit::Status(1))),
                _ => self.on(Event::Exited(worker, Exit::Status(0))),
            };
        }
        let verdict = match self.random.u32(0..5) {
            0 => Verdict::Retry(None),
            1 => Verdict::Retry(Some(3)),
            2 => Verdict::Fail,
            3 => Verdict::Bury,
            _ => Verdict::Done,
        };
        self.on(Event::Answered(worker, job, verdict))
    }

    /// A server answers a question, or has lost the job.
    fn inspected(&mut self) -> Result<(), TestCaseError> {
        if self.inspections.is_empty() {
            return Ok(());
        }
        let job = self.inspections.remove(0);
        if self.held.contains(&job) && self.random.u32(0..8) > 0 {
            let time_to_run = Duration::from_secs(self.random.u64(1..10));
            let reserves = self.random.u32(1..5);
            let statistics = Statistics { time_to_run, time_left: time_to_run, priority: 1, reserves };
            return self.on(Event::Inspected(job, statistics));
        }
        self.held.remove(&job);
        self.on(Event::NotFound(job))
    }

    fn any_worker(&mut self) -> Option<WorkerId> {
        let workers: Vec<WorkerId> = self.workers.keys().copied().collect();
        self.random.choice(workers)
    }

    /// Ends it all: whoever is slow is killed, and every question is answered.
    fn end(&mut self) -> Result<(), TestCaseError> {
        self.retired.extend(self.workers.keys());
        self.replaced.clear();
        self.on(Event::Stop)?;
        for _ in 0..5 {
            self.ends()?;
        }
        self.now = self.now + STOP_TIMEOUT;
        self.on(Event::Time)?;
        while !self.inspections.is_empty() {
            self.inspected()?;
        }
        prop_assert_eq!(&self.held, &BTreeSet::new(), "jobs are left over");
        prop_assert!(self.workers.is_empty() && self.machine.is_finished());
        prop_assert_eq!((self.asked, self.machine.due()), (0, None));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn every_job_ends_once(stream in any::<bool>(), prefetch in 0..4_u32, turns in 0..300, seed in any::<u64>()) {
        let mode = if stream { Mode::Stream } else { Mode::Exec };
        let mut world = World::new(mode, prefetch, seed);
        for _ in 0..turns {
            world.turn()?;
        }
        world.end()?;
    }
}
