//! All processes that live on, as one machine: it brings the [plan](mod@crate::plan) and the machines of the single
//! [processes](crate::process) together with what people ask for. Nothing here starts a process or reads a clock.

mod name;
#[cfg(test)]
mod tests;
mod wishes;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::Moment;
use crate::config::{Mode, Program, Signal, Work};
use crate::plan::{self, Actual, Phase, Step, Wanted};
use crate::process::{Action, Event, Policy, Process, State};

pub use name::{Name, Target};
pub use wishes::{Progress, WishError};

/// One thing that the driver has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start this process, and answer with [`Event::Spawned`] or [`Event::NotSpawned`].
    Spawn {
        /// The process.
        name: Name,
        /// What to start.
        program: Arc<Program>,
    },
    /// Send this process the signal that asks it to end.
    Signal {
        /// The process.
        name: Name,
        /// The signal.
        signal: Signal,
    },
    /// Send SIGKILL to this process and all that it has started.
    Kill {
        /// The process.
        name: Name,
    },
    /// Tell people that this process is tried no more.
    GaveUp {
        /// The process.
        name: Name,
    },
    /// This process is gone for good: forget it.
    Forget {
        /// The process.
        name: Name,
    },
}

/// One process as the fleet sees it.
#[derive(Debug)]
pub struct Member {
    program: Arc<Program>,
    edition: u64,
    process: Process,
    /// Somebody wants it not to run.
    held: bool,
}

impl Member {
    /// Where it is in its life.
    #[must_use]
    pub fn state(&self) -> State {
        self.process.state()
    }

    /// When something happens to it if nothing else does.
    #[must_use]
    pub fn due(&self) -> Option<Moment> {
        self.process.due()
    }

    /// What it runs.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    fn phase(&self) -> Phase {
        match self.process.state() {
            State::Starting | State::Closing | State::Waiting | State::Restarting | State::Failing => {
                Phase::Unready
            }
            // What somebody stopped by hand is waited for by nobody.
            State::Idle | State::Running | State::Ended => Phase::Ready,
            State::Stopping if self.held => Phase::Ready,
            State::Stopping => Phase::Stopping,
            State::GivenUp => Phase::GivenUp,
        }
    }
}

/// A program that the file has.
#[derive(Debug)]
struct Entry {
    program: Arc<Program>,
    edition: u64,
    /// How many processes it should have, if nothing speaks against it.
    count: u32,
    /// Somebody has stopped it.
    held: bool,
    /// Another machine runs it.
    elsewhere: bool,
    /// It is a singleton and failed too often here. Other machines may try it.
    given_up: bool,
}

impl Entry {
    fn wanted(&self) -> Wanted {
        let count = if self.held || self.elsewhere || self.given_up { 0 } else { self.count };
        let Program { name, after, .. } = &*self.program;
        Wanted { program: name.clone(), edition: self.edition, count, after: after.clone() }
    }
}

/// All processes that live on: those of services, and those that are given jobs in frames.
///
/// Tell it what has happened, then take its orders until there are none.
///
/// ```
/// use std::path::Path;
/// use trellis_supervisor::Moment;
/// use trellis_supervisor::config::Config;
/// use trellis_supervisor::fleet::{Fleet, Order};
/// use trellis_supervisor::process::Event;
///
/// let config = Config::parse("[program.web]\ncommand = \"web\"\n", Path::new("workers.toml"))?;
/// let mut fleet = Fleet::new(7);
/// fleet.apply(&config.programs);
/// let Some(Order::Spawn { name, .. }) = fleet.next(Moment::START) else { panic!("it has a process") };
/// fleet.on(Moment::START, &name, Event::Spawned);
/// assert_eq!(fleet.next(Moment::START), None);
/// # Ok::<(), trellis_supervisor::config::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Fleet {
    /// The programs in the order of the file.
    entries: Vec<Entry>,
    members: BTreeMap<Name, Member>,
    orders: VecDeque<Order>,
    random: fastrand::Rng,
    /// Whether the plan has to be looked at again.
    changed: bool,
    /// The edition that was given last.
    edition: u64,
}

impl Fleet {
    /// A fleet without processes. The seed decides how long exactly processes wait between starts.
    #[must_use]
    pub fn new(seed: u64) -> Fleet {
        Fleet {
            entries: Vec::new(),
            members: BTreeMap::new(),
            orders: VecDeque::new(),
            random: fastrand::Rng::with_seed(seed),
            changed: false,
            edition: 0,
        }
    }

    /// Makes these the programs that are wanted; those that don't live on are left out. What has not changed is not
    /// touched, and programs that somebody has stopped stay so.
    pub fn apply(&mut self, programs: &[Program]) {
        let mut before: BTreeMap<String, Entry> =
            self.entries.drain(..).map(|entry| (entry.program.name.clone(), entry)).collect();
        self.edition += 1;
        let lives_on = |program: &&Program| match &program.work {
            Work::Service { .. } => true,
            Work::Jobs(jobs) => jobs.mode == Mode::Stream,
            Work::Timetable(_) => false,
        };
        for program in programs.iter().filter(lives_on) {
            let known = before.remove(&program.name);
            let kept = known.as_ref().filter(|known| !known.program.needs_restart(program));
            let edition = kept.map_or(self.edition, |kept| kept.edition);
            let count = match &known {
                Some(known) => known.count.clamp(program.processes.min, program.processes.max),
                None => program.processes.min,
            };
            let program = Arc::new(program.clone());
            for member in self.members.values_mut().filter(|member| member.program.name == program.name) {
                if member.edition == edition {
                    member.process.change(Policy::from(&*program));
                    member.program = Arc::clone(&program);
                }
            }
            let held = known.as_ref().is_some_and(|known| known.held);
            let elsewhere = match &known {
                Some(known) if known.program.singleton => program.singleton && known.elsewhere,
                // Nobody runs it before it is known who does.
                _ => program.singleton,
            };
            let given_up = program.singleton && kept.is_some_and(|kept| kept.given_up);
            self.entries.push(Entry { program, edition, count, held, elsewhere, given_up });
        }
        self.changed = true;
    }

    /// Has everything end, the programs that others need last.
    pub fn end(&mut self) {
        self.entries.clear();
        self.changed = true;
    }

    /// How many processes a program should have, within the limits that its file sets.
    pub fn set_count(&mut self, program: &str, count: u32) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.program.name == program) {
            let count = count.clamp(entry.program.processes.min, entry.program.processes.max);
            self.changed |= entry.count != count;
            entry.count = count;
        }
    }

    /// Whether a singleton is to run on this machine; of all others, every machine decides for itself.
    pub fn set_here(&mut self, program: &str, here: bool) {
        let is_meant = |entry: &&mut Entry| entry.program.singleton && entry.program.name == program;
        if let Some(entry) = self.entries.iter_mut().find(is_meant) {
            self.changed |= entry.elsewhere == here;
            entry.elsewhere = !here;
        }
    }

    /// Something has happened to a process.
    pub fn on(&mut self, now: Moment, name: &Name, event: Event) {
        let Some(member) = self.members.get_mut(name) else { return };
        let action = member.process.on(now, event);
        let name = name.clone();
        match action {
            Some(Action::Spawn) => {
                let program = Arc::clone(&member.program);
                self.orders.push_back(Order::Spawn { name: name.clone(), program });
            }
            Some(Action::Signal) => {
                let signal = member.program.stop.signal;
                self.orders.push_back(Order::Signal { name: name.clone(), signal });
            }
            Some(Action::Kill) => self.orders.push_back(Order::Kill { name: name.clone() }),
            Some(Action::GiveUp) => self.orders.push_back(Order::GaveUp { name: name.clone() }),
            None => {}
        }
        if member.process.state() == State::Idle && !member.held {
            self.members.remove(&name);
            self.orders.push_back(Order::Forget { name });
        }
        self.changed = true;
    }

    /// Time has passed.
    pub fn time(&mut self, now: Moment) {
        let due = |member: &Member| member.process.due().is_some_and(|due| due <= now);
        let names: Vec<Name> =
            self.members.iter().filter(|(_, member)| due(member)).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.on(now, &name, Event::Time);
        }
    }

    /// When [`Fleet::time`] is needed.
    #[must_use]
    pub fn due(&self) -> Option<Moment> {
        self.members.values().filter_map(|member| member.process.due()).min()
    }

    /// The next order; `None` if there is nothing to do before something happens.
    pub fn next(&mut self, now: Moment) -> Option<Order> {
        while self.orders.is_empty() && std::mem::take(&mut self.changed) {
            self.plan(now);
        }
        self.orders.pop_front()
    }

    /// Whether no process is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.orders.is_empty()
    }

    /// A process.
    #[must_use]
    pub fn member(&self, name: &Name) -> Option<&Member> {
        self.members.get(name)
    }

    /// All processes that are there, by name.
    pub fn members(&self) -> impl Iterator<Item = (&Name, &Member)> {
        self.members.iter()
    }

    fn plan(&mut self, now: Moment) {
        for entry in &mut self.entries {
            entry.given_up |= is_tried_no_more(entry, &self.members);
        }
        let wanted: Vec<Wanted> = self.entries.iter().map(Entry::wanted).collect();
        let actual: Vec<Actual> = self
            .members
            .iter()
            .map(|(name, member)| Actual {
                program: name.program.to_string(),
                index: name.index,
                edition: member.edition,
                after: member.program.after.clone(),
                phase: member.phase(),
            })
            .collect();
        for step in plan::steps(&wanted, &actual) {
            match step {
                Step::Start { program, index } => self.begin(now, &program, index),
                Step::Stop { program, index } => {
                    let name = Name::new(&program, index);
                    if let Some(member) = self.members.get_mut(&name) {
                        member.held = false;
                    }
                    self.on(now, &name, Event::Stop);
                }
            }
        }
    }

    fn begin(&mut self, now: Moment, program: &str, index: u32) {
        let Some(entry) = self.entries.iter().find(|entry| entry.program.name == program) else { return };
        let program = Arc::clone(&entry.program);
        let process = Process::new(Policy::from(&*program), self.random.u64(..));
        let name = Name::new(&program.name, index);
        let member = Member { program, edition: entry.edition, process, held: false };
        self.members.insert(name.clone(), member);
        self.on(now, &name, Event::Start);
    }
}

/// Whether a singleton that is to run here failed too often, and nothing of it runs or is tried any more.
fn is_tried_no_more(entry: &Entry, members: &BTreeMap<Name, Member>) -> bool {
    if !entry.program.singleton || entry.held || entry.elsewhere {
        return false;
    }
    let of_program = || members.iter().filter(|(name, _)| *name.program == *entry.program.name);
    let rests = |member: &Member| {
        let at_rest = matches!(member.state(), State::GivenUp | State::Ended | State::Idle);
        at_rest && member.edition == entry.edition
    };
    of_program().count() == entry.count as usize
        && of_program().all(|(_, member)| rests(member))
        && of_program().any(|(_, member)| member.state() == State::GivenUp)
}
