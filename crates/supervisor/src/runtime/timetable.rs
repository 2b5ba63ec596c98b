//! Carrying out what the runs of programs with a schedule order, and telling how they are. When, is the business of
//! [`runs`](crate::runs).

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use trellis_unix::Pid;
use trellis_unix::process::Status as EndStatus;

use super::control::ProcessStatus;
use super::orders::{number, signal_group};
use super::spawn::Extra;
use super::status::word;
use super::{Owner, Supervisor};
use crate::Moment;
use crate::config::{Config, Program};
use crate::fleet::{Name, Target};
use crate::limits::CLOCK_LOOK_MAX;
use crate::process::{Event as ProcessEvent, State};
use crate::runs::{Order, Runs, Standing};
use crate::schedule::Tick;

/// The programs with a schedule.
#[derive(Default)]
pub(super) struct Timetables {
    pub(super) runs: Runs,
    /// The processes that run.
    processes: HashMap<Name, Process>,
    /// What became of earlier runs, by program.
    outcomes: BTreeMap<String, Outcome>,
}

/// The process of a run.
struct Process {
    pid: Pid,
    /// When it was started.
    since: Moment,
}

/// What became of a program's runs.
#[derive(Default)]
struct Outcome {
    starts: u64,
    last_end: Option<String>,
}

impl Timetables {
    /// When to look at the clocks again. The one on the wall may be set, so it is looked at now and then.
    pub(super) fn due(&self, now: Moment) -> Option<Moment> {
        let tick = self.runs.next_tick().map(|at| now + until(at).min(CLOCK_LOOK_MAX));
        [self.runs.due(), tick].into_iter().flatten().min()
    }

    /// The pids of what is meant.
    pub(super) fn pids(&self, target: &Target) -> Vec<Pid> {
        let meant = self.processes.iter().filter(|(name, _)| target.includes(name));
        meant.map(|(_, process)| process.pid).collect()
    }

    /// Whether nothing of what is meant runs.
    pub(super) fn are_stopped(&self, target: &Target) -> bool {
        !self.runs.runs().any(|(name, _, _)| target.includes(name))
    }

    /// Whether no run of what is meant is to be started, or started anew.
    pub(super) fn are_started(&self, target: &Target) -> bool {
        let starts = |state| matches!(state, State::Starting | State::Restarting);
        !self.runs.runs().any(|(name, _, state)| target.includes(name) && starts(state))
    }
}

impl Supervisor {
    /// Takes what the file says now.
    pub(super) fn apply_timetables(&mut self, config: &Config) {
        let now = self.now();
        self.timetables.runs.apply(now, Timestamp::now(), &config.programs);
        self.timetables.outcomes.retain(|name, _| config.program(name).is_some());
    }

    /// Time has passed.
    pub(super) fn timetables_time(&mut self) {
        let now = self.now();
        self.timetables.runs.time(now, Timestamp::now());
    }

    /// Carries out all orders.
    pub(super) fn carry_out_runs(&mut self) {
        while let Some(order) = self.timetables.runs.next_order() {
            match order {
                Order::Spawn { name, program, .. } if program.singleton => self.claim(&name),
                Order::Spawn { name, .. } => self.begin_run(&name),
                Order::Signal { name, signal } => self.signal_run(&name, number(signal)),
                Order::Kill { name } => {
                    tracing::warn!(process = %name, "killed, since it took too long");
                    self.signal_run(&name, rustix::process::Signal::KILL);
                }
                Order::SetBack { program, until } => tracing::warn!(
                    program,
                    %until,
                    "the clock was set back: its schedule begins anew, and times that come again are run again"
                ),
            }
        }
    }

    /// Starts the process of a run that is to begin.
    pub(super) fn begin_run(&mut self, name: &Name) {
        let Some((program, tick)) = self.timetables.runs.run(name) else { return };
        let (program, tick) = (Arc::clone(program), tick.clone());
        let event = match self.start_run(name, &program, &tick) {
            Ok(()) => ProcessEvent::Spawned,
            Err(error) => {
                tracing::error!(process = %name, tick = %tick.at, "cannot be started: {error}");
                self.outcome(name).last_end = Some(format!("not started: {error}"));
                if program.singleton && self.cluster.is_forbidden(&program.name) {
                    return self.give_up_run(name);
                }
                ProcessEvent::NotSpawned
            }
        };
        let now = self.now();
        self.timetables.runs.on(now, name, event);
    }

    fn start_run(&mut self, name: &Name, program: &Program, tick: &Tick) -> io::Result<()> {
        let variables = vec![("TRELLIS_TICK", tick.at.to_string())];
        let started = self.start_process(name, program, Extra { variables, ..Extra::default() })?;
        self.owners.insert(started.pid, Owner::Run(name.clone()));
        let since = self.now();
        self.timetables.processes.insert(name.clone(), Process { pid: started.pid, since });
        self.outcome(name).starts += 1;
        tracing::info!(process = %name, pid = started.pid.as_raw_nonzero(), tick = %tick.at, "started");
        if let Err(error) = self.logs.capture(name, started.pid, started.output, program) {
            tracing::error!(process = %name, %error, "its output cannot be read");
        }
        Ok(())
    }

    /// The process of a run has ended.
    pub(super) fn run_ended(&mut self, pid: Pid, name: &Name, status: EndStatus) {
        tracing::info!(process = %name, pid = pid.as_raw_nonzero(), %status, "ended");
        self.timetables.processes.remove(name);
        self.outcome(name).last_end = Some(status.to_string());
        let now = self.now();
        self.timetables.runs.on(now, name, ProcessEvent::Exited { success: status.success() });
    }

    fn signal_run(&mut self, name: &Name, signal: rustix::process::Signal) {
        match self.timetables.processes.get(name) {
            Some(process) => signal_group(process.pid, signal),
            // Nobody knows yet whose tick it is, and nobody waits for that any more.
            None => self.give_up_run(name),
        }
    }

    fn outcome(&mut self, name: &Name) -> &mut Outcome {
        self.timetables.outcomes.entry(name.program.to_string()).or_default()
    }

    /// How the programs with a schedule are: a row for each, and one for each run that goes on.
    pub(super) fn timetables_status(&self) -> Vec<ProcessStatus> {
        let mut rows: Vec<ProcessStatus> = self
            .timetables
            .runs
            .programs()
            .map(|(program, standing)| self.of_timetable(program, standing))
            .collect();
        rows.extend(self.timetables.runs.runs().map(|(name, tick, state)| {
            let process = self.timetables.processes.get(name);
            ProcessStatus {
                program: name.program.to_string(),
                index: Some(name.index),
                state: word(state).to_owned(),
                pid: process.map(|process| process.pid.as_raw_nonzero().get()),
                seconds: process.map(|process| self.now().since(process.since).as_secs()),
                starts: 1,
                text: Some(format!("the run of {}", tick.at)),
                ..ProcessStatus::default()
            }
        }));
        rows
    }

    fn of_timetable(&self, program: &str, standing: Standing) -> ProcessStatus {
        let outcome = self.timetables.outcomes.get(program);
        let (state, seconds, text) = match standing {
            Standing::Next(Some(at)) => {
                ("scheduled", Some(until(at).as_secs()), Some(format!("next at {at}")))
            }
            Standing::Next(None) => ("ended", None, None),
            Standing::Held => ("stopped", None, None),
            Standing::Elsewhere => {
                let (word, text) = self.cluster.standing(program);
                (word, None, Some(text))
            }
        };
        ProcessStatus {
            program: program.to_owned(),
            state: state.to_owned(),
            seconds,
            text,
            starts: outcome.map_or(0, |outcome| outcome.starts),
            last_end: outcome.and_then(|outcome| outcome.last_end.clone()),
            ..ProcessStatus::default()
        }
    }
}

/// How long it is until then.
fn until(at: Timestamp) -> Duration {
    at.duration_since(Timestamp::now()).try_into().unwrap_or(Duration::ZERO)
}
