//! The programs in mode `exec` as people see them: each has places for processes, and a process is there only while it does
//! a job. Nothing here starts or ends one.

use trellis_unix::Pid;
use trellis_unix::process::Status as EndStatus;

use super::Supervisor;
use super::control::ProcessStatus;
use crate::fleet::{Name, Target, WishError};
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
}

impl Counts {
    /// A process has ended, and a job with it.
    pub(super) fn ended(&mut self, status: EndStatus) {
        *(if status.success() { &mut self.done } else { &mut self.not_done }) += 1;
        self.last_end = Some(status.to_string());
    }
}

impl Supervisor {
    /// A row for each program with places, followed by those of its processes.
    pub(super) fn places_status(&self) -> Vec<ProcessStatus> {
        self.place_programs().into_iter().flat_map(|program| self.place_status(program)).collect()
    }

    fn place_status(&self, program: &str) -> Vec<ProcessStatus> {
        let Some(entry) = self.tubes.get(program) else { return Vec::new() };
        let now = self.now();
        let running: Vec<(&Name, &JobProcess)> =
            self.job_processes.iter().filter(|(name, _)| *name.program == *program).collect();
        let (counts, working) = (&entry.counts, running.len());
        let state = if working == 0 { "idle".to_owned() } else { format!("working {working}") };
        let mut rows = vec![ProcessStatus {
            program: program.to_owned(),
            state,
            starts: counts.done + counts.not_done + working as u64,
            last_end: counts.last_end.clone(),
            text: Some(format!("jobs: {} done, {} not done", counts.done, counts.not_done)),
            ..ProcessStatus::default()
        }];
        rows.extend(running.into_iter().map(|(name, process)| ProcessStatus {
            program: program.to_owned(),
            index: Some(name.index),
            state: "running".to_owned(),
            pid: Some(process.pid.as_raw_nonzero().get()),
            seconds: Some(now.since(process.since).as_secs()),
            starts: 1,
            last_end: None,
            text: Some(format!("job {}", process.job)),
        }));
        rows
    }

    /// What names mean, programs with places included; all programs, if there are none.
    pub(super) fn targets_and_places(&self, names: &[String]) -> Result<Vec<Target>, WishError> {
        let places = self.place_programs();
        if names.is_empty() {
            let all = self.programs().chain(places);
            return Ok(all.map(|program| Target::Program(program.to_owned())).collect());
        }
        let known = || self.programs().chain(places.iter().copied());
        let target = |name: &String| {
            let target = Target::parse(name, |word| known().any(|program| program == word));
            target.ok_or_else(|| WishError::unknown(name, known()))
        };
        names.iter().map(target).collect()
    }

    /// The processes of what is meant, as far as they run.
    pub(super) fn pids(&self, target: &Target) -> Result<Vec<Pid>, WishError> {
        if let Some(pids) = self.timetables.pids(target) {
            return Ok(pids);
        }
        if self.place_programs().contains(&target.program()) {
            let processes = self.job_processes.iter().filter(|(name, _)| target.includes(name));
            return Ok(processes.map(|(_, process)| process.pid).collect());
        }
        let names = self.fleet.names(target)?;
        Ok(names.iter().filter_map(|name| self.records.get(name)?.pid).collect())
    }

    /// The programs with places, by name.
    fn place_programs(&self) -> Vec<&str> {
        let entries = self.tubes.iter().filter(|(_, entry)| entry.places > 0);
        let mut programs: Vec<&str> = entries.map(|(name, _)| name.as_str()).collect();
        programs.sort_unstable();
        programs
    }
}
