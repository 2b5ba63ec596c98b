//! What makes no sense together in one program, with the reason. Values by themselves have been checked before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::keys::Draft;
use super::read::Lines;
use super::{GiveUp, LogTarget, Mode, Program, Restart, Timetable, Work, order};
use crate::schedule::Schedule;

/// A problem: the key, and what is wrong with it.
pub(super) type Found = (&'static str, String);

/// What a program's processes do, as far as keys depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Exec,
    Stream,
    Timetable,
}

/// Keys that only make sense for some kinds of programs: the key or its table, the kinds, and the reason why the
/// others don't have it.
const ONLY: &[(&str, &[Kind], &str)] = &[
    ("mode", &[Kind::Exec, Kind::Stream], "it says how jobs are handed over, and there is no tube"),
    ("max_tries", &[Kind::Exec, Kind::Stream], "it counts trials of jobs, and there is no tube"),
    (
        "retry",
        &[Kind::Exec, Kind::Stream],
        "it is about jobs, and there is no tube; for processes, see backoff",
    ),
    (
        "singleton",
        &[Kind::Service, Kind::Stream, Kind::Timetable],
        "each job is done once in any case, on any machine; to do all of them on one machine, take mode = \"stream\"",
    ),
    ("prefetch", &[Kind::Stream], "only processes with mode = \"stream\" have jobs reserved ahead"),
    ("timezone", &[Kind::Timetable], "there is no schedule"),
    ("missed", &[Kind::Timetable], "there is no schedule"),
    ("overlap", &[Kind::Timetable], "there is no schedule"),
    (
        "listen",
        &[Kind::Service],
        "a process takes connections, or jobs, or runs at certain times: make it two programs",
    ),
    ("processes.min", &[Kind::Exec, Kind::Stream], "there is no tube that the number could follow"),
    ("processes.max", &[Kind::Exec, Kind::Stream], "there is no tube that the number could follow"),
    (
        "processes.jobs_per_process",
        &[Kind::Exec, Kind::Stream],
        "there is no tube that the number could follow",
    ),
    ("processes.cooldown", &[Kind::Exec, Kind::Stream], "there is no tube that the number could follow"),
    (
        "restart",
        &[Kind::Service, Kind::Stream],
        "each process runs for one job or one time only: a job is tried again by max_tries and retry, a schedule comes \
         again",
    ),
    ("backoff", &[Kind::Service, Kind::Stream], "each process runs for one job or one time only"),
    ("give_up", &[Kind::Service, Kind::Stream], "each process runs for one job or one time only"),
    (
        "ready",
        &[Kind::Service, Kind::Stream],
        "each process runs for one job or one time only, so nothing waits for it",
    ),
];

/// A complete program, and what is wrong with it.
pub(super) fn program(draft: Draft, lines: &Lines) -> (Program, Vec<Found>) {
    let mut problems = Vec::new();
    let kind = kind(&draft, lines);
    problems.extend(misplaced(kind, lines));
    problems.extend(ranges(&draft, lines));
    let Draft { mut program, jobs, expression, zone, missed, overlap, listen, .. } = draft;
    program.give_up = (draft.give_up_failures > 0)
        .then_some(GiveUp { failures: draft.give_up_failures, within: draft.give_up_within });
    if matches!(kind, Kind::Exec | Kind::Timetable) {
        // What `[defaults]` says of processes that live on means nothing here.
        program.restart = Restart::Never;
        program.give_up = None;
    }
    let to_file = draft.log_path.filter(|path| path != "-");
    let standard_prefix = if to_file.is_none() { "{program}.{index} | " } else { "" };
    program.log.prefix = draft.log_prefix.unwrap_or_else(|| standard_prefix.to_owned());
    if let Some(path) = to_file {
        let path = PathBuf::from(path);
        program.log.target = LogTarget::File { path, bytes_max: draft.log_bytes_max, files: draft.log_files };
    }
    program.work = match expression.map(|expression| Schedule::parse(&expression, &zone)) {
        Some(Ok(schedule)) => Work::Timetable(Timetable { schedule, missed, overlap }),
        Some(Err(error)) => {
            let key = if matches!(error, crate::schedule::ScheduleError::Zone { .. }) {
                "timezone"
            } else {
                "schedule"
            };
            problems.push((key, error.to_string()));
            Work::Service { listen }
        }
        None if jobs.tube.is_empty() => Work::Service { listen },
        None => Work::Jobs(jobs),
    };
    (program, problems)
}

fn kind(draft: &Draft, lines: &Lines) -> Kind {
    match draft.jobs.mode {
        _ if lines.contains_key("schedule") => Kind::Timetable,
        _ if !lines.contains_key("tube") => Kind::Service,
        Mode::Exec => Kind::Exec,
        Mode::Stream => Kind::Stream,
    }
}

/// Keys of the program itself that mean nothing for it; in `[defaults]` they may stand for the others.
fn misplaced(kind: Kind, lines: &Lines) -> Vec<Found> {
    let mut problems = Vec::new();
    if kind == Kind::Timetable && lines.contains_key("tube") {
        let reason =
            "a program runs at certain times or for jobs, not both: let one with the schedule put the jobs";
        problems.push(("tube", reason.to_owned()));
    }
    for (name, kinds, reason) in ONLY {
        let belongs =
            |key: &&&str| **key == *name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        if !kinds.contains(&kind) {
            problems.extend(
                lines.keys().filter(belongs).map(|key| (*key, format!("it has no use here: {reason}"))),
            );
        }
    }
    problems
}

/// Programs that write into one file and disagree on when it is full.
pub(super) fn logs(programs: &[Program]) -> Vec<order::Found> {
    let mut limits = BTreeMap::new();
    let mut problems = Vec::new();
    for program in programs {
        let LogTarget::File { path, bytes_max, files } = &program.log.target else { continue };
        let file = path.to_string_lossy().replace("{program}", &program.name);
        let (first, limit) = *limits.entry(file.clone()).or_insert((&program.name, (bytes_max, files)));
        if limit != (bytes_max, files) {
            let text = format!(
                "{first} writes into {file}, too, with another max_size or another number of files: give both the same, or \
                 name another file"
            );
            problems.push((program.name.clone(), "log.to", text));
        }
    }
    problems
}

/// Values that contradict each other.
pub(super) fn ranges(draft: &Draft, lines: &Lines) -> Vec<Found> {
    let program = &draft.program;
    let mut problems = Vec::new();
    if program.processes.min > program.processes.max {
        let (min, max) = (program.processes.min, program.processes.max);
        problems.push(("processes.min", format!("{min} is more than processes.max, which is {max}")));
    }
    for (key, backoff) in [("backoff.first", program.backoff), ("retry.first", draft.jobs.retry)] {
        if backoff.first > backoff.max {
            let group = key.trim_end_matches(".first");
            problems.push((key, format!("it is longer than {group}.max: raise that, too")));
        }
    }
    if lines.contains_key("ready.when") && lines.contains_key("ready.after") {
        problems.push(("ready.after", "it excludes ready.when: leave one of them out".to_owned()));
    }
    problems
}
