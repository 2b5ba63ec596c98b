//! What people ask of processes: start, stop, restart. Nothing here is told by a file or decided by time.

use super::{Entry, Fleet, Name, Target};
use crate::Moment;
use crate::config::Program;
use crate::process::{Event, State};

/// Why a wish cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// There is no such program or process.
    #[error("there is no program or process {word:?}{hint}")]
    Unknown {
        /// What was asked for.
        word: String,
        /// What may be meant.
        hint: String,
    },
    /// The program has fewer processes.
    #[error("{name} is not there: {program} has {}", processes(*count), program = name.program)]
    NoProcess {
        /// What was asked for.
        name: Name,
        /// How many there are.
        count: usize,
    },
    /// No run of the program has this number.
    #[error("{0} is not there: no run of {program} has that number now", program = _0.program)]
    NoRun(Name),
}

/// So many, for people.
fn processes(count: usize) -> String {
    match count {
        0 => "no processes now".to_owned(),
        count => format!("{count} of them, from 0"),
    }
}

impl WishError {
    /// No program or process has this name; these are the programs that there are.
    #[must_use]
    pub fn unknown<'a>(word: &str, programs: impl Iterator<Item = &'a str>) -> WishError {
        WishError::Unknown { word: word.to_owned(), hint: crate::config::hint(word, programs) }
    }
}

impl Fleet {
    /// Whether there is such a program among those that live on.
    #[must_use]
    pub fn has_program(&self, program: &str) -> bool {
        self.entries.iter().any(|entry| entry.program.name == program)
    }

    /// Whether somebody has stopped the program.
    #[must_use]
    pub fn is_held(&self, program: &str) -> bool {
        self.entries.iter().any(|entry| entry.program.name == program && entry.held)
    }

    /// Whether the program runs on another machine, as far as is known.
    #[must_use]
    pub fn is_elsewhere(&self, program: &str) -> bool {
        self.entries.iter().any(|entry| entry.program.name == program && entry.elsewhere)
    }

    /// The programs that live on, in the order of the file.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.program.name.as_str())
    }

    /// Whether the program is a singleton that is tried no more on this machine, as it failed too often.
    #[must_use]
    pub fn is_given_up(&self, program: &str) -> bool {
        self.entries.iter().any(|entry| entry.program.name == program && entry.given_up)
    }

    /// The singletons that are to run on some machine: nobody has stopped them here, and they have not failed too often.
    pub fn singletons(&self) -> impl Iterator<Item = &str> {
        let is_meant = |entry: &&Entry| entry.program.singleton && !entry.held && !entry.given_up;
        let singletons = self.entries.iter().filter(is_meant);
        singletons.map(|entry| entry.program.name.as_str())
    }

    /// Whether the file has such a program that lives on, and every machine runs it.
    #[must_use]
    pub fn is_everywhere(&self, program: &str) -> bool {
        self.entries.iter().any(|entry| entry.program.name == program && !entry.program.singleton)
    }

    /// The programs that are to run on this machine: nobody has stopped them, and they are not other machines'.
    pub fn wanted_here(&self) -> impl Iterator<Item = &Program> {
        let wanted = |entry: &&Entry| !entry.held && !entry.elsewhere && !entry.given_up;
        self.entries.iter().filter(wanted).map(|entry| &*entry.program)
    }

    /// Starts what is stopped, has ended, was given up or waits to be started again. What runs is left alone.
    ///
    /// # Errors
    ///
    /// There is no such process.
    pub fn start(&mut self, now: Moment, target: &Target) -> Result<(), WishError> {
        for name in self.names(target)? {
            let Some(member) = self.members.get_mut(&name) else { continue };
            let was_held = std::mem::take(&mut member.held);
            let rests = matches!(
                member.state(),
                State::Idle | State::Ended | State::GivenUp | State::Waiting | State::Stopping
            );
            if was_held || rests {
                self.on(now, &name, Event::Start);
            }
        }
        self.hold(target, false);
        Ok(())
    }

    /// Stops it, until somebody starts it.
    ///
    /// # Errors
    ///
    /// There is no such process.
    pub fn stop(&mut self, now: Moment, target: &Target) -> Result<(), WishError> {
        let names = self.names(target)?;
        if let Target::Process(_) = target {
            for name in names {
                let Some(member) = self.members.get_mut(&name) else { continue };
                member.held = true;
                self.on(now, &name, Event::Stop);
            }
        }
        self.hold(target, true);
        Ok(())
    }

    /// Starts it anew: a program's processes one after the other, each when the one before is ready.
    ///
    /// # Errors
    ///
    /// There is no such process.
    pub fn restart(&mut self, now: Moment, target: &Target) -> Result<(), WishError> {
        let names = self.names(target)?;
        match target {
            Target::Program(program) => {
                self.edition += 1;
                let edition = self.edition;
                if let Some(entry) = self.entry(program) {
                    entry.edition = edition;
                }
            }
            Target::Process(_) => {
                for name in names {
                    let Some(member) = self.members.get_mut(&name) else { continue };
                    member.held = false;
                    self.on(now, &name, Event::Restart);
                }
            }
        }
        self.hold(target, false);
        Ok(())
    }

    /// The processes that are meant.
    ///
    /// # Errors
    ///
    /// There is no such process.
    pub fn names(&self, target: &Target) -> Result<Vec<Name>, WishError> {
        let program = match target {
            Target::Program(program) => program.as_str(),
            Target::Process(name) => &name.program,
        };
        let all: Vec<Name> = self.members.keys().filter(|name| *name.program == *program).cloned().collect();
        match target {
            Target::Program(_) => Ok(all),
            Target::Process(name) if all.contains(name) => Ok(vec![name.clone()]),
            Target::Process(name) => Err(WishError::NoProcess { name: name.clone(), count: all.len() }),
        }
    }

    /// What a word means.
    ///
    /// # Errors
    ///
    /// It names no program and no process.
    pub fn target(&self, word: &str) -> Result<Target, WishError> {
        Target::parse(word, |program| self.has_program(program))
            .ok_or_else(|| WishError::unknown(word, self.programs()))
    }

    fn hold(&mut self, target: &Target, held: bool) {
        if let Target::Program(program) = target
            && let Some(entry) = self.entry(program)
        {
            entry.held = held;
            entry.given_up = false;
        }
        self.changed = true;
    }

    fn entry(&mut self, program: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.program.name == program)
    }
}

/// How far something has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is as it should be.
    Done,
    /// It is on its way.
    Moving,
    /// This process has failed, and may be tried again.
    Failed(Name),
}

impl Fleet {
    /// Whether all that is meant runs and is ready. Ask when there are no orders left.
    #[must_use]
    pub fn is_started(&self, target: &Target) -> Progress {
        let (program, index) = match target {
            Target::Program(program) => (program.as_str(), None),
            Target::Process(name) => (&*name.program, Some(name.index)),
        };
        let Some(entry) = self.entries.iter().find(|entry| entry.program.name == program) else {
            return Progress::Done;
        };
        if entry.given_up {
            return Progress::Failed(Name::new(program, index.unwrap_or(0)));
        }
        let count = entry.wanted().count;
        let indexes = index.map_or(0..count, |index| index..index + 1);
        for index in indexes {
            let name = Name::new(program, index);
            let Some(member) = self.members.get(&name) else { return Progress::Moving };
            match member.state() {
                State::Waiting | State::GivenUp => return Progress::Failed(name),
                State::Running | State::Ended if member.edition == entry.edition => {}
                State::Idle if member.held => {}
                _ => return Progress::Moving,
            }
        }
        Progress::Done
    }

    /// Whether nothing of what is meant runs.
    #[must_use]
    pub fn is_stopped(&self, target: &Target) -> Progress {
        let rests = |name: &Name| {
            let state = self.members.get(name).map_or(State::Idle, super::Member::state);
            matches!(state, State::Idle | State::Ended | State::GivenUp)
        };
        match target {
            Target::Process(name) if rests(name) => Progress::Done,
            Target::Program(program)
                if self.members.keys().filter(|name| *name.program == **program).all(rests) =>
            {
                Progress::Done
            }
            _ => Progress::Moving,
        }
    }
}
