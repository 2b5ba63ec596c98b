//! How everything is, for people and programs. Nothing is changed here.

use super::control::{ProcessStatus, Status};
use super::{Record, Supervisor, tubes};
use crate::fleet::{Member, Name, Target};
use crate::process::State;

impl Supervisor {
    /// The status of these programs and processes; of all, and of what is left of others, if none are named.
    pub(super) fn status(&self, targets: Option<&[Target]>) -> Status {
        let mut processes = self.rows();
        if let Some(targets) = targets {
            let is_meant = |target: &Target, row: &ProcessStatus| match (target, row.index) {
                (Target::Process(_), None) => false,
                (Target::Process(name), Some(index)) => *name == Name::new(&row.program, index),
                (Target::Program(program), _) => *program == row.program,
            };
            processes.retain(|row| targets.iter().any(|target| is_meant(target, row)));
            // A place has no row as long as nothing runs there.
            for target in targets {
                if let Target::Process(name) = target
                    && !processes.iter().any(|row| is_meant(target, row))
                {
                    processes.extend(self.place_status(name));
                }
            }
        }
        Status {
            pid: std::process::id().try_into().unwrap_or(i32::MAX),
            up_seconds: self.now().0.as_secs(),
            config: self.config_path.display().to_string(),
            unguarded: self.guardian.pid().is_none(),
            processes,
        }
    }

    fn rows(&self) -> Vec<ProcessStatus> {
        let mut processes = Vec::new();
        for program in self.fleet.programs() {
            let mut members = self.fleet.members().filter(|(name, _)| *name.program == *program).peekable();
            if members.peek().is_none() {
                processes.push(self.without_processes(program));
            }
            processes.extend(members.map(|(name, member)| self.of_process(name, member)));
        }
        processes.extend(self.places_status());
        let gone = |name: &Name| !self.fleet.has_program(&name.program);
        let leaving = self.fleet.members().filter(|(name, _)| gone(name));
        processes.extend(leaving.map(|(name, member)| self.of_process(name, member)));
        processes.extend(self.timetables_status());
        processes.sort_by(|one, other| (&one.program, one.index).cmp(&(&other.program, other.index)));
        processes
    }

    fn of_process(&self, name: &Name, member: &Member) -> ProcessStatus {
        let now = self.now();
        let record = self.records.get(name);
        let running = record.filter(|record| record.pid.is_some());
        let waits =
            member.due().filter(|_| member.state() == State::Waiting).map(|due| due.since(now).as_secs());
        let text = record.and_then(|record: &Record| record.text.clone());
        ProcessStatus {
            program: name.program.to_string(),
            index: Some(name.index),
            state: word(member.state()).to_owned(),
            pid: running.and_then(|record| record.pid).map(|pid| pid.as_raw_nonzero().get()),
            seconds: running.map(|record| now.since(record.since).as_secs()).or(waits),
            starts: record.map_or(0, |record| record.starts),
            last_end: record.and_then(|record| record.last_end.clone()),
            text: if tubes::is_stream(member.program()) { self.with_trouble(text) } else { text },
        }
    }

    fn without_processes(&self, program: &str) -> ProcessStatus {
        if self.fleet.is_given_up(program) {
            return self.given_up(program);
        }
        let (state, text) = if self.fleet.is_held(program) {
            ("stopped", None)
        } else if self.fleet.is_elsewhere(program) {
            let (word, text) = self.cluster.standing(program);
            (word, Some(text))
        } else {
            ("none", Some("waits for other programs, or has no processes".to_owned()))
        };
        ProcessStatus {
            program: program.to_owned(),
            state: state.to_owned(),
            text,
            ..ProcessStatus::default()
        }
    }

    /// A singleton that failed too often here.
    fn given_up(&self, program: &str) -> ProcessStatus {
        let records = || self.records.iter().filter(|(name, _)| *name.program == *program);
        ProcessStatus {
            program: program.to_owned(),
            state: word(State::GivenUp).to_owned(),
            starts: records().map(|(_, record)| record.starts).sum(),
            last_end: records().find_map(|(_, record)| record.last_end.clone()),
            text: Some("another machine may run it".to_owned()),
            ..ProcessStatus::default()
        }
    }
}

/// A state as people see it.
pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Idle => "stopped",
        State::Starting => "starting",
        State::Running => "running",
        State::Closing => "closing",
        State::Waiting => "waiting",
        State::Stopping => "stopping",
        State::Restarting => "restarting",
        State::Failing => "failing",
        State::Ended => "ended",
        State::GivenUp => "failed",
    }
}
