//! What people mean by names: programs and processes of every kind, and who looks after each. Nothing here changes anything.

use trellis_unix::Pid;

use super::Supervisor;
use crate::fleet::{Name, Target, WishError};
use crate::runs::Standing;

impl Supervisor {
    /// What names mean, all of which is there; all programs, if there are none.
    pub(super) fn targets(&self, names: &[String]) -> Result<Vec<Target>, WishError> {
        let programs = || {
            let timetables = self.timetables.runs.programs().map(|(program, _)| program);
            self.fleet.programs().chain(timetables).chain(self.place_programs())
        };
        if names.is_empty() {
            return Ok(programs().map(|program| Target::Program(program.to_owned())).collect());
        }
        let target = |name: &String| {
            let target = Target::parse(name, |word| programs().any(|program| program == word))
                .ok_or_else(|| WishError::unknown(name, programs()))?;
            if let Target::Process(name) = &target {
                self.find(name, &target)?;
            }
            Ok(target)
        };
        names.iter().map(target).collect()
    }

    /// Whether a process is there, or its place.
    fn find(&self, name: &Name, target: &Target) -> Result<(), WishError> {
        match self.kind(&name.program) {
            Kind::Living => self.fleet.names(target).map(drop),
            Kind::Places if self.place_status(name).is_some() => Ok(()),
            Kind::Places => {
                let entry = self.tubes.entries.get(&*name.program);
                let count = entry.map_or(0, |entry| entry.places.count() as usize);
                Err(WishError::NoProcess { name: name.clone(), count })
            }
            Kind::Timetable if self.timetables.runs.run(name).is_some() => Ok(()),
            Kind::Timetable => Err(WishError::NoRun(name.clone())),
        }
    }

    pub(super) fn kind(&self, program: &str) -> Kind {
        match () {
            () if self.timetables.runs.has_program(program) => Kind::Timetable,
            () if self.has_places(program) => Kind::Places,
            () => Kind::Living,
        }
    }

    /// The processes of what is meant, as far as they run.
    pub(super) fn pids(&self, target: &Target) -> Result<Vec<Pid>, WishError> {
        match self.kind(target.program()) {
            Kind::Timetable => Ok(self.timetables.pids(target)),
            Kind::Places => {
                let processes = self.job_processes.iter().filter(|(name, _)| target.includes(name));
                Ok(processes.map(|(_, process)| process.pid).collect())
            }
            Kind::Living => {
                let names = self.fleet.names(target)?;
                Ok(names.iter().filter_map(|name| self.records.get(name)?.pid).collect())
            }
        }
    }

    /// The programs that somebody has stopped.
    pub(super) fn held_programs(&self) -> impl Iterator<Item = String> {
        let living = self.fleet.programs().filter(|program| self.fleet.is_held(program));
        let runs = self.timetables.runs.programs();
        let runs = runs.filter(|(_, standing)| *standing == Standing::Held).map(|(program, _)| program);
        let entries = self.tubes.entries.iter();
        let places = entries.filter(|(_, entry)| entry.places.is_held()).map(|(program, _)| program.as_str());
        living.chain(runs).chain(places).map(str::to_owned)
    }
}

/// Who looks after a program.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The fleet: its processes live on.
    Living,
    /// Its tube: it has a process for each job.
    Places,
    /// The schedules.
    Timetable,
}
