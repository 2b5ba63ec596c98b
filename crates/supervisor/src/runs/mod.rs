//! The runs of all programs with a schedule, as one machine: it brings their [ticks](crate::schedule::Ticks) and the
//! machines of the single [processes](crate::process) together. Nothing here starts a process or reads a clock.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::Moment;
use crate::config::{Program, ReadyWhen, Restart, Signal, Timetable, Work};
use crate::fleet::{Name, Target};
use crate::limits::MISSED_TICKS_MAX;
use crate::process::{Action, Event, Policy, Process, State};
use crate::schedule::{Tick, Ticks};

/// One thing that the driver has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start this process, and answer with [`Event::Spawned`] or [`Event::NotSpawned`].
    Spawn {
        /// The process.
        name: Name,
        /// What to start.
        program: Arc<Program>,
        /// What it is started for.
        tick: Tick,
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
    /// Tell people that the clock was set back: of this program, everything had been decided until then.
    SetBack {
        /// The program.
        program: String,
        /// Until when.
        until: Timestamp,
    },
}

/// A program with a schedule.
#[derive(Debug)]
struct Entry {
    program: Arc<Program>,
    ticks: Ticks,
    /// Somebody has stopped it.
    held: bool,
    /// Another machine runs it.
    elsewhere: bool,
    /// The ticks that were given up before it was known whose they are.
    undecided: BTreeSet<Timestamp>,
}

impl Entry {
    fn is_followed(&self) -> bool {
        !self.held && !self.elsewhere
    }

    /// The last tick that need not be looked at again, of those that machines have taken. What was given up here may have been
    /// taken for this machine nevertheless, and nobody has run it then; if another machine has it, that is seen when
    /// it is asked for once more. With a later one, too much may have happened since.
    fn last_of(&mut self, taken: &[Timestamp]) -> Option<Timestamp> {
        let last = taken.iter().filter(|at| !self.undecided.contains(at)).max().copied();
        self.undecided.retain(|at| last.is_none_or(|last| *at > last));
        let before = |at: &Timestamp| at.checked_sub(SignedDuration::from_secs(1)).ok();
        last.or_else(|| self.undecided.first().and_then(before))
    }
}

/// One run.
#[derive(Debug)]
struct Run {
    program: Arc<Program>,
    tick: Tick,
    process: Process,
}

/// How the schedule of a program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is run at this time next; `None` is never again.
    Next(Option<Timestamp>),
    /// Somebody has stopped it.
    Held,
    /// Another machine runs it, as far as is known.
    Elsewhere,
}

/// The runs of all programs with a schedule.
///
/// Tell it what has happened, then take its orders until there are none.
///
/// ```
/// use std::path::Path;
/// use trellis_supervisor::Moment;
/// use trellis_supervisor::config::Config;
/// use trellis_supervisor::runs::{Order, Runs};
///
/// let text = "[program.report]\ncommand = \"report\"\nschedule = \"0 * * * *\"\n";
/// let config = Config::parse(text, Path::new("workers.toml"))?;
/// let mut runs = Runs::default();
/// runs.apply(Moment::START, "2026-01-01T11:30:00Z".parse()?, &config.programs);
/// runs.time(Moment::START, "2026-01-01T12:00:00Z".parse()?);
/// assert!(matches!(runs.next_order(), Some(Order::Spawn { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Runs {
    entries: BTreeMap<String, Entry>,
    runs: BTreeMap<Name, Run>,
    orders: VecDeque<Order>,
}

impl Runs {
    /// Makes these the programs that are wanted; those without a schedule are left out. What is past is not made up
    /// for, and runs of programs that are gone are ended.
    pub fn apply(&mut self, now: Moment, wall: Timestamp, programs: &[Program]) {
        let mut before = std::mem::take(&mut self.entries);
        for program in programs {
            let Some(timetable) = timetable(program) else { continue };
            let runs_max = program.processes.max;
            let mut entry = before.remove(&program.name).unwrap_or_else(|| Entry {
                program: Arc::new(program.clone()),
                ticks: Ticks::new(&program.name, timetable, runs_max, wall),
                held: false,
                elsewhere: program.singleton,
                undecided: BTreeSet::new(),
            });
            entry.ticks.change(timetable, runs_max, wall);
            // Nobody runs it before it is known who does.
            let became_singleton = program.singleton && !entry.program.singleton;
            entry.elsewhere = program.singleton && (became_singleton || entry.elsewhere);
            entry.program = Arc::new(program.clone());
            self.entries.insert(program.name.clone(), entry);
        }
        self.stop_runs(now, |name, entries| entries.get(&*name.program).is_none_or(|entry| entry.elsewhere));
    }

    /// Has everything end.
    pub fn end(&mut self, now: Moment) {
        self.entries.clear();
        self.stop_runs(now, |_, _| true);
    }

    /// Another machine runs a singleton, or nobody knows who does.
    pub fn set_elsewhere(&mut self, now: Moment, program: &str) {
        if let Some(entry) = self.entries.get_mut(program).filter(|entry| entry.program.singleton) {
            entry.elsewhere = true;
            self.stop_runs(now, |name, _| *name.program == *program);
        }
    }

    /// This machine runs a program from now on: the ticks after those that machines have taken, or after now if there are
    /// none.
    pub fn set_here(&mut self, program: &str, wall: Timestamp, taken: &[Timestamp]) {
        let Some(entry) = self.entries.get_mut(program).filter(|entry| entry.elsewhere) else { return };
        entry.elsewhere = false;
        let since = entry.last_of(taken).unwrap_or(wall);
        entry.ticks.begin_after(since);
    }

    /// A run that has no process gets none, although its tick may be this machine's: nobody knows. Returns the tick, unless
    /// the run is to begin anew.
    pub fn give_up(&mut self, now: Moment, name: &Name) -> Option<Tick> {
        let tick = self.runs.get(name)?.tick.clone();
        self.on(now, name, Event::NotSpawned);
        if self.runs.get(name).is_some_and(|run| run.tick == tick) {
            return None;
        }
        if let Some(entry) = self.entries.get_mut(&tick.program) {
            entry.undecided.insert(tick.at);
            if entry.undecided.len() > MISSED_TICKS_MAX {
                entry.undecided.pop_first();
            }
        }
        Some(tick)
    }

    /// Something has happened to a process.
    pub fn on(&mut self, now: Moment, name: &Name, event: Event) {
        let Some(run) = self.runs.get_mut(name) else { return };
        let action = run.process.on(now, event);
        let signal = run.program.stop.signal;
        let (name, over) = (name.clone(), matches!(run.process.state(), State::Ended | State::Idle));
        match action {
            Some(Action::Signal) => self.orders.push_back(Order::Signal { name: name.clone(), signal }),
            Some(Action::Kill) => self.orders.push_back(Order::Kill { name: name.clone() }),
            Some(Action::Spawn) => {
                // It was to be run anew, by what the file says now.
                if let Some(entry) = self.entries.get(&*name.program) {
                    run.program = Arc::clone(&entry.program);
                    run.process.change(policy(&run.program));
                }
                let (program, tick) = (Arc::clone(&run.program), run.tick.clone());
                self.orders.push_back(Order::Spawn { name: name.clone(), program, tick });
            }
            // It runs once.
            Some(Action::GiveUp) | None => {}
        }
        if over {
            self.runs.remove(&name);
            let entry = self.entries.get_mut(&*name.program);
            let next = entry.and_then(|entry| {
                if !entry.is_followed() {
                    entry.ticks.forget_waiting();
                }
                entry.ticks.ended()
            });
            next.into_iter().for_each(|tick| self.begin(now, tick));
        }
    }

    /// Time has passed, by the clock that only goes forward and by the one on the wall.
    pub fn time(&mut self, now: Moment, wall: Timestamp) {
        let due = |run: &Run| run.process.due().is_some_and(|due| due <= now);
        let names: Vec<Name> =
            self.runs.iter().filter(|(_, run)| due(run)).map(|(name, _)| name.clone()).collect();
        names.iter().for_each(|name| self.on(now, name, Event::Time));
        let mut ticks: Vec<Tick> = Vec::new();
        for (program, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.is_followed()) {
            if let Some(until) = entry.ticks.set_back(wall) {
                self.orders.push_back(Order::SetBack { program: program.clone(), until });
            }
            ticks.extend(entry.ticks.due(wall));
        }
        ticks.into_iter().for_each(|tick| self.begin(now, tick));
    }

    /// When [`Runs::time`] is needed because of a run that is being ended.
    #[must_use]
    pub fn due(&self) -> Option<Moment> {
        self.runs.values().filter_map(|run| run.process.due()).min()
    }

    /// When [`Runs::time`] is needed because of a tick.
    #[must_use]
    pub fn next_tick(&self) -> Option<Timestamp> {
        let followed = self.entries.values().filter(|entry| entry.is_followed());
        followed.filter_map(|entry| entry.ticks.next_due()).min()
    }

    /// The next order; `None` if there is nothing to do before something happens.
    pub fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// Whether no process is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.orders.is_empty()
    }

    /// Whether there is such a program among those with a schedule.
    #[must_use]
    pub fn has_program(&self, program: &str) -> bool {
        self.entries.contains_key(program)
    }

    /// The programs with a schedule, by name, and how each stands.
    pub fn programs(&self) -> impl Iterator<Item = (&str, Standing)> {
        self.entries.iter().map(|(name, entry)| {
            let standing = match entry {
                Entry { held: true, .. } => Standing::Held,
                Entry { elsewhere: true, .. } => Standing::Elsewhere,
                Entry { ticks, .. } => Standing::Next(ticks.next_due()),
            };
            (name.as_str(), standing)
        })
    }

    /// The singletons that are to run on some machine: nobody has stopped them here.
    pub fn singletons(&self) -> impl Iterator<Item = &str> {
        let singletons = self.entries.iter().filter(|(_, entry)| entry.program.singleton && !entry.held);
        singletons.map(|(name, _)| name.as_str())
    }

    /// Whether the file has such a program with a schedule, and every machine runs it.
    #[must_use]
    pub fn is_everywhere(&self, program: &str) -> bool {
        self.entries.get(program).is_some_and(|entry| !entry.program.singleton)
    }

    /// Whether another machine runs a program, as far as is known.
    #[must_use]
    pub fn is_elsewhere(&self, program: &str) -> bool {
        self.entries.get(program).is_some_and(|entry| entry.elsewhere)
    }

    /// What a run runs, and what for.
    #[must_use]
    pub fn run(&self, name: &Name) -> Option<(&Arc<Program>, &Tick)> {
        self.runs.get(name).map(|run| (&run.program, &run.tick))
    }

    /// The runs that go on, by name, with what each is for.
    pub fn runs(&self) -> impl Iterator<Item = (&Name, &Tick, State)> {
        self.runs.iter().map(|(name, run)| (name, &run.tick, run.process.state()))
    }

    /// Follows the schedule of a program that somebody has stopped; what has passed meanwhile is not made up for.
    pub fn start(&mut self, wall: Timestamp, target: &Target) {
        let Target::Program(program) = target else { return };
        if let Some(entry) = self.entries.get_mut(program).filter(|entry| entry.held) {
            entry.held = false;
            entry.ticks.begin_after(wall);
        }
    }

    /// Ends the runs that are meant, and starts each anew for the tick that it is for. A program's schedule is followed
    /// again if somebody has stopped it.
    pub fn restart(&mut self, now: Moment, wall: Timestamp, target: &Target) {
        self.start(wall, target);
        let names: Vec<Name> = self.runs.keys().filter(|name| target.includes(name)).cloned().collect();
        names.iter().for_each(|name| self.on(now, name, Event::Restart));
    }

    /// Ends the runs that are meant. A program's schedule is not followed then until somebody starts it.
    pub fn stop(&mut self, now: Moment, target: &Target) {
        if let Target::Program(program) = target
            && let Some(entry) = self.entries.get_mut(program)
        {
            entry.held = true;
        }
        self.stop_runs(now, |name, _| target.includes(name));
    }

    fn stop_runs(&mut self, now: Moment, goes: impl Fn(&Name, &BTreeMap<String, Entry>) -> bool) {
        let names: Vec<Name> = self.runs.keys().filter(|name| goes(name, &self.entries)).cloned().collect();
        names.iter().for_each(|name| self.on(now, name, Event::Stop));
    }

    fn begin(&mut self, now: Moment, tick: Tick) {
        let Some(entry) = self.entries.get_mut(&tick.program) else { return };
        entry.undecided.remove(&tick.at);
        let program = Arc::clone(&entry.program);
        let names = (0..).map(|index| Name::new(&tick.program, index));
        let Some(name) = names.into_iter().find(|name| !self.runs.contains_key(name)) else { return };
        let mut process = Process::new(policy(&program), 0);
        process.on(now, Event::Start);
        self.runs.insert(name.clone(), Run { program: Arc::clone(&program), tick: tick.clone(), process });
        self.orders.push_back(Order::Spawn { name, program, tick });
    }
}

/// It runs once, and nobody waits for it.
fn policy(program: &Program) -> Policy {
    let mut policy = Policy::from(program);
    policy.restart = Restart::Never;
    policy.ready.when = ReadyWhen::Started;
    policy
}

fn timetable(program: &Program) -> Option<&Timetable> {
    match &program.work {
        Work::Timetable(timetable) => Some(timetable),
        Work::Service { .. } | Work::Jobs(_) => None,
    }
}
