//! In which order programs are started: each after those that it names. Nothing here starts anything.

use std::collections::BTreeMap;

use super::{Mode, Program, Work, value};

/// A program's name, and what is wrong with its `after`.
type Found = (String, String);

/// The programs so that each comes behind those in its `after`, otherwise by name; and what is wrong with that.
pub(super) fn by_start(programs: Vec<Program>) -> (Vec<Program>, Vec<Found>) {
    let mut problems = Vec::new();
    for program in &programs {
        for name in &program.after {
            problems.extend(wrong(program, name, &programs).map(|text| (program.name.clone(), text)));
        }
    }
    if !problems.is_empty() {
        return (programs, problems);
    }
    let mut waiting: BTreeMap<String, Program> =
        programs.into_iter().map(|program| (program.name.clone(), program)).collect();
    let mut ordered: Vec<Program> = Vec::new();
    while !waiting.is_empty() {
        let free = |program: &&Program| !program.after.iter().any(|name| waiting.contains_key(name));
        let free: Vec<String> = waiting.values().filter(free).map(|program| program.name.clone()).collect();
        if free.is_empty() {
            problems.extend(circle(&waiting));
            break;
        }
        ordered.extend(free.iter().filter_map(|name| waiting.remove(name)));
    }
    (ordered, problems)
}

/// What is wrong with one name in an `after`.
fn wrong(program: &Program, name: &str, programs: &[Program]) -> Option<String> {
    let Some(other) = programs.iter().find(|other| other.name == name) else {
        let hint = value::hint(name, programs.iter().map(|other| other.name.as_str()));
        return Some(format!("there is no program {name:?}{hint}"));
    };
    match &other.work {
        _ if other.name == program.name => Some("a program cannot wait for itself".to_owned()),
        Work::Timetable(_) => Some(format!("{name} runs at certain times, so it is never ready")),
        Work::Jobs(jobs) if jobs.mode == Mode::Exec => {
            Some(format!("{name} runs one process a job, so it is never ready"))
        }
        Work::Jobs(_) | Work::Service { .. } => None,
    }
}

/// A circle among programs that all wait for another of them.
fn circle(waiting: &BTreeMap<String, Program>) -> Option<Found> {
    let mut path: Vec<&str> = vec![waiting.keys().next()?];
    loop {
        let last = waiting.get(*path.last()?)?;
        let next = last.after.iter().find(|name| waiting.contains_key(*name))?;
        if let Some(begin) = path.iter().position(|name| name == next) {
            let circle = path[begin..].join(" after ");
            return Some((next.clone(), format!("the programs wait for each other: {circle} after {next}")));
        }
        path.push(next);
    }
}
