//! The programs in mode `exec` as people see them: each has places for processes, and a process is there only while it does
//! a job. Nothing here starts or ends one; which places take jobs is decided in [`places`](crate::places).

use trellis_unix::Pid;
use trellis_unix::process::Status as EndStatus;

use super::Supervisor;
use super::control::ProcessStatus;
use crate::config::Mode;
use crate::dispatch::{Event as TubeEvent, WorkerId};
use crate::fleet::{Name, Target};
use crate::places::{Places, Presence};
use crate::{JobId, Moment};

/// A process that runs for one job.
pub(super) struct JobProcess {
    pub(super) pid: Pid,
    /// When it was started.
    pub(super) since: Moment,
    pub(super) job: JobId,
}

/// What became of a program's jobs.
#[derive(Default)]
pub(super) struct Counts {
    done: u64,
    not_done: u64,
    last_end: Option<String>,
    /// Whether that is that it could not be started.
    fails_to_start: bool,
}

impl Counts {
    /// A process has ended, and a job with it.
    pub(super) fn ended(&mut self, status: EndStatus) {
        *(if status.success() { &mut self.done } else { &mut self.not_done }) += 1;
        self.last_end = Some(status.to_string());
        self.fails_to_start = false;
    }

    /// A process could not be started, and nothing has become of a job.
    pub(super) fn not_started(&mut self, error: &std::io::Error) {
        self.last_end = Some(format!("not started: {error}"));
        self.fails_to_start = true;
    }
}

impl Supervisor {
    /// A row for each program with places, followed by those of its processes; processes of programs that have none any more,
    /// too.
    pub(super) fn places_status(&self) -> Vec<ProcessStatus> {
        let programs = self.place_programs();
        let gone = self.job_processes.keys().filter(|name| !programs.contains(&&*name.program));
        let gone: Vec<ProcessStatus> = gone.filter_map(|name| self.place_status(name)).collect();
        programs.into_iter().flat_map(|program| self.places_of_program(program)).chain(gone).collect()
    }

    fn places_of_program(&self, program: &str) -> Vec<ProcessStatus> {
        let Some(entry) = self.tubes.entries.get(program) else { return Vec::new() };
        let running = self.job_processes.keys().filter(|name| *name.program == *program);
        let processes: Vec<ProcessStatus> = running.filter_map(|name| self.place_status(name)).collect();
        let (counts, working) = (&entry.counts, processes.len());
        let state = match (entry.places.is_held(), working) {
            (true, 0) => "stopped".to_owned(),
            (true, _) => "stopping".to_owned(),
            (false, 0) if counts.fails_to_start => "waiting".to_owned(),
            (false, 0) => "idle".to_owned(),
            (false, _) => format!("working {working}"),
        };
        let mut rows = vec![ProcessStatus {
            program: program.to_owned(),
            state,
            starts: counts.done + counts.not_done + working as u64,
            last_end: counts.last_end.clone(),
            text: self
                .with_trouble(Some(format!("jobs: {} done, {} not done", counts.done, counts.not_done))),
            ..ProcessStatus::default()
        }];
        rows.extend(processes);
        rows
    }

    /// What is told of a program with a tube, and which servers give no jobs.
    pub(super) fn with_trouble(&self, text: Option<String>) -> Option<String> {
        match (text, self.tube_servers.trouble()) {
            (Some(text), Some(trouble)) => Some(format!("{text}; {trouble}")),
            (text, trouble) => text.or(trouble),
        }
    }

    /// The row of one place; `None` if there is no such place.
    pub(super) fn place_status(&self, name: &Name) -> Option<ProcessStatus> {
        let entry = self.tubes.entries.get(&*name.program).filter(|entry| entry.has_places());
        let places = entry.map(|entry| &entry.places);
        let wanted = places.is_some_and(|places| places.is_wanted(name.index));
        let row = ProcessStatus {
            program: name.program.to_string(),
            index: Some(name.index),
            ..ProcessStatus::default()
        };
        if let Some(process) = self.job_processes.get(name) {
            return Some(ProcessStatus {
                state: if wanted { "running" } else { "stopping" }.to_owned(),
                pid: Some(process.pid.as_raw_nonzero().get()),
                seconds: Some(self.now().since(process.since).as_secs()),
                starts: 1,
                text: Some(format!("job {}", process.job)),
                ..row
            });
        }
        places.filter(|places| name.index < places.count())?;
        Some(ProcessStatus { state: if wanted { "idle" } else { "stopped" }.to_owned(), ..row })
    }

    /// Whether this program has places by the file.
    pub(super) fn has_places(&self, program: &str) -> bool {
        self.tubes.entries.get(program).is_some_and(super::tubes::Entry::has_places)
    }

    /// The programs with places, by name.
    pub(super) fn place_programs(&self) -> Vec<&str> {
        let entries = self.tubes.entries.iter().filter(|(_, entry)| entry.has_places());
        let mut programs: Vec<&str> = entries.map(|(name, _)| name.as_str()).collect();
        programs.sort_unstable();
        programs
    }

    /// Has places take jobs again.
    pub(super) fn start_places(&mut self, target: &Target) {
        self.change_places(target, |places| places.start(target));
    }

    /// Has places take no more jobs.
    pub(super) fn stop_places(&mut self, target: &Target) {
        self.change_places(target, |places| places.stop(target));
    }

    /// Has places take jobs again as soon as they have finished those that they have.
    pub(super) fn restart_places(&mut self, target: &Target) {
        let program = target.program().to_owned();
        let taking = self.places(&program).into_iter().filter(|(_, presence)| *presence == Presence::Taking);
        let meant = taking.filter(|(place, _)| target.includes(&Name::new(&program, *place)));
        let retiring: Vec<u32> = meant.map(|(place, _)| place).collect();
        for place in retiring {
            self.tube(&program, Mode::Exec, TubeEvent::Retire, WorkerId(place));
        }
        self.start_places(target);
    }

    fn change_places(&mut self, target: &Target, change: impl FnOnce(&mut Places)) {
        let Some(entry) = self.tubes.entries.get_mut(target.program()) else { return };
        change(&mut entry.places);
        self.keep_places(target.program());
    }

    /// Whether all places that are meant take jobs, as far as they are to.
    pub(super) fn places_are_started(&self, target: &Target) -> bool {
        let Some(entry) = self.tubes.entries.get(target.program()) else { return true };
        let present = self.places(target.program());
        let mut meant = (0..entry.places.count())
            .filter(|place| target.includes(&Name::new(target.program(), *place)))
            .filter(|place| entry.places.is_wanted(*place));
        meant.all(|place| present.get(&place) == Some(&Presence::Taking))
    }

    /// Whether no place that is meant has a job.
    pub(super) fn places_are_stopped(&self, target: &Target) -> bool {
        let present = self.places(target.program());
        !present.keys().any(|place| target.includes(&Name::new(target.program(), *place)))
    }
}
