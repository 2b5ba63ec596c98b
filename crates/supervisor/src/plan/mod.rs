//! What is wanted, minus what is there: which processes to start, to stop and to replace. Nothing here does it, and
//! nothing is remembered: ask again whenever something has changed.
//!
//! This is about processes that live on: services, and those that get jobs in frames. What runs for one job or one
//! time needs no plan.
//!
//! The rules:
//!
//! - a process whose program has not changed is never touched;
//! - of a program that has changed, one process at a time is taken away and started anew, the next when that one is
//!   ready; one that is not ready anyway is replaced at once;
//! - a program is started when those in its `after` are ready, and stopped when those that name it are gone;
//! - there are never more processes than wanted: what is to go has gone before another takes its place.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

/// A program as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name; each is there once.
    pub program: String,
    /// Which edition of the program: a new one whenever [`Program::needs_restart`](crate::config::Program::needs_restart).
    pub edition: u64,
    /// How many processes it should have here. 0 for a program that another machine runs: nobody waits for it then.
    pub count: u32,
    /// The programs that have to be ready before it is started.
    pub after: Vec<String>,
}

/// A process that is there: since it was started for the first time, and until it is gone for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actual {
    /// Its program.
    pub program: String,
    /// Its number among the program's processes, from 0.
    pub index: u32,
    /// The edition that it was started with.
    pub edition: u64,
    /// The programs that it needs, if its program is not wanted any more, as they stood in the last file that had it.
    pub after: Vec<String>,
    /// How it is.
    pub phase: Phase,
}

/// How a process is, as far as planning has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is being started, or waits to be started again.
    Unready,
    /// It runs and is ready; or it ended by itself as it should, and nobody needs to wait for it.
    Ready,
    /// It failed too often and is not tried again in this edition.
    GivenUp,
    /// It has been asked to end for good.
    Stopping,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Start this process in the edition that is wanted.
    Start {
        /// The program.
        program: String,
        /// The number of the process; none with this number is there.
        index: u32,
    },
    /// End this process for good. If it is wanted in another edition, its start follows when it is gone.
    Stop {
        /// The program.
        program: String,
        /// The number of the process.
        index: u32,
    },
}

/// The processes that are there, by program and number.
type Present<'a> = BTreeMap<&'a str, BTreeMap<u32, &'a Actual>>;

/// What can be done now, in order. Empty when all is as wanted, or when something has to happen first.
///
/// ```
/// use trellis_supervisor::plan::{Actual, Phase, Step, Wanted, steps};
///
/// let wanted = [Wanted { program: "web".into(), edition: 2, count: 2, after: vec![] }];
/// let actual = [0, 1].map(|index| Actual {
///     program: "web".into(),
///     index,
///     edition: 1,
///     after: vec![],
///     phase: Phase::Ready,
/// });
/// // Both are of an old edition, and one is replaced after the other.
/// assert_eq!(steps(&wanted, &actual), [Step::Stop { program: "web".into(), index: 0 }]);
/// ```
#[must_use]
pub fn steps(wanted: &[Wanted], actual: &[Actual]) -> Vec<Step> {
    let mut present = Present::new();
    for process in actual {
        present.entry(&process.program).or_default().insert(process.index, process);
    }
    let mut steps = stops_of_unwanted(wanted, actual);
    let ready = ready_programs(wanted, &present);
    let none = BTreeMap::new();
    for program in wanted {
        let processes = present.get(program.program.as_str()).unwrap_or(&none);
        steps.extend(replacements(program, processes));
        if program.after.iter().all(|name| ready.contains(name.as_str())) {
            let missing = (0..program.count).filter(|index| !processes.contains_key(index));
            let room = (program.count as usize).saturating_sub(processes.len());
            let start = |index| Step::Start { program: program.program.clone(), index };
            steps.extend(missing.take(room).map(start));
        }
    }
    steps
}

/// Ends what nobody wants any more: programs that are gone, and numbers that are too high. A program that is gone and
/// that others need is ended when they are.
fn stops_of_unwanted(wanted: &[Wanted], actual: &[Actual]) -> Vec<Step> {
    let counts: BTreeMap<&str, u32> =
        wanted.iter().map(|program| (program.program.as_str(), program.count)).collect();
    let is_gone = |program: &str| !counts.contains_key(program);
    let needed: BTreeSet<&str> = actual
        .iter()
        .filter(|process| is_gone(&process.program))
        .flat_map(|process| process.after.iter().map(String::as_str))
        .collect();
    let goes = |process: &&Actual| match counts.get(process.program.as_str()) {
        Some(count) => process.index >= *count,
        None => !needed.contains(process.program.as_str()),
    };
    actual.iter().filter(|process| process.phase != Phase::Stopping).filter(goes).map(stop).collect()
}

/// Ends processes of old editions: all that are not ready, or else one, if all others are ready.
fn replacements(program: &Wanted, processes: &BTreeMap<u32, &Actual>) -> Vec<Step> {
    let kept = || processes.values().filter(|process| process.index < program.count);
    let old = || kept().filter(|process| process.edition != program.edition);
    let unready = old().filter(|process| matches!(process.phase, Phase::Unready | Phase::GivenUp));
    let mut steps: Vec<Step> = unready.map(|process| stop(process)).collect();
    let all_ready = (0..program.count)
        .all(|index| processes.get(&index).is_some_and(|process| process.phase == Phase::Ready));
    if steps.is_empty() && all_ready {
        steps.extend(old().next().map(|process| stop(process)));
    }
    steps
}

/// The programs of which all wanted processes are ready, in whatever edition.
fn ready_programs<'a>(wanted: &'a [Wanted], present: &Present<'a>) -> BTreeSet<&'a str> {
    let is_ready = |program: &&Wanted| {
        let processes = present.get(program.program.as_str());
        let ready = |index| processes?.get(&index).filter(|process| process.phase == Phase::Ready);
        (0..program.count).all(|index| ready(index).is_some())
    };
    wanted.iter().filter(is_ready).map(|program| program.program.as_str()).collect()
}

fn stop(process: &Actual) -> Step {
    Step::Stop { program: process.program.clone(), index: process.index }
}
