//! In which order programs are started: each after those that it names. Nothing here starts anything.

use std::collections::BTreeMap;

use super::{Mode, Program, Work, value};

/// A program's name, one of its keys, and what is wrong there.
pub(super) type Found = (String, &'static str, String);

/// The programs so that each comes behind those in its `after`, otherwise by name; and what is wrong with that.
pub(super) fn by_start(programs: Vec<Program>) -> (Vec<Program>, Vec<Found>) {
    let mut problems = Vec::new();
    for program in &programs {
        for name in &program.after {
            let wrong = wrong(program, name, &programs);
            problems.extend(wrong.map(|text| (program.name.clone(), "after", text)));
        }
    }
    let mut waiting: BTreeMap<String, Program> =
        programs.into_iter().map(|program| (program.name.clone(), program)).collect();
    let mut ordered: Vec<Program> = Vec::new();
    while !waiting.is_empty() {
        let free = |program: &&Program| !others(program).any(|name| waiting.contains_key(name));
        let free: Vec<String> = waiting.values().filter(free).map(|program| program.name.clone()).collect();
        if free.is_empty() {
            // There may be another one.
            let Some((name, text)) = circle(&waiting) else { break };
            waiting.remove(&name);
            problems.push((name, "after", text));
        }
        ordered.extend(free.iter().filter_map(|name| waiting.remove(name)));
    }
    (ordered, problems)
}

/// The programs that this one has to wait for, but for itself, which is told elsewhere.
fn others(program: &Program) -> impl Iterator<Item = &String> {
    program.after.iter().filter(|name| **name != program.name)
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

/// A circle among programs that all wait for another of them: one in it, and what is wrong.
fn circle(waiting: &BTreeMap<String, Program>) -> Option<(String, String)> {
    let mut path: Vec<&str> = vec![waiting.keys().next()?];
    loop {
        let last = waiting.get(*path.last()?)?;
        let next = others(last).find(|name| waiting.contains_key(*name))?;
        if let Some(begin) = path.iter().position(|name| name == next) {
            let circle = path[begin..].join(" after ");
            return Some((next.clone(), format!("the programs wait for each other: {circle} after {next}")));
        }
        path.push(next);
    }
}
