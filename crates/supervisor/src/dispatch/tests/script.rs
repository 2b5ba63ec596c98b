//! Runs `testdata/dispatch.txt`. A case is a title (`# …`), a line of settings, and lines of an event with its time in
//! milliseconds, an arrow, and the actions. `UPDATE=1` rewrites the actions.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::config::{Backoff, Jobs, Mode};
use crate::dispatch::{Action, Dispatcher, Event, Exit, KillReason, Statistics, WorkerId};
use crate::stream::Verdict;
use crate::{JobId, Moment};

#[test]
fn scripts_cause_what_they_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/dispatch.txt");
    let text = std::fs::read_to_string(&path).expect("the script is there");
    let mut written = String::new();
    let mut machine = machine("exec");
    for line in text.lines() {
        let Some((event, _)) = line.split_once("->") else {
            if !line.is_empty() && !line.starts_with('#') {
                machine = self::machine(line);
            }
            let _ = writeln!(written, "{line}");
            continue;
        };
        let words: Vec<&str> = event.split_whitespace().collect();
        let now = Moment(Duration::from_millis(words[0].parse().expect("a time")));
        let actions: Vec<String> = machine.on(now, self::event(&words[1..])).into_iter().map(spell).collect();
        let due = machine.due().map_or(String::new(), |due| format!(" (due {})", due.0.as_millis()));
        let _ = writeln!(written, "{} -> {}{due}", words.join(" "), actions.join(", "));
    }
    let written = written.replace("->  (", "-> (").replace("-> \n", "->\n");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written).expect("the script can be written");
    }
    let found = std::fs::read_to_string(&path).expect("the script is there");
    for (found, written) in found.lines().zip(written.lines()) {
        assert_eq!(found, written, "UPDATE=1 rewrites the script");
    }
}

/// `exec` or `stream PREFETCH`.
fn machine(line: &str) -> Dispatcher {
    let prefetch = line.strip_prefix("stream ").map(|prefetch| prefetch.parse().expect("a prefetch"));
    let settings = Jobs {
        tube: "t".to_owned(),
        mode: if prefetch.is_some() { Mode::Stream } else { Mode::Exec },
        tries_max: 3,
        retry: Backoff { first: Duration::from_millis(1500), max: Duration::from_secs(4) },
        prefetch: prefetch.unwrap_or(9),
    };
    Dispatcher::new(&settings, Duration::from_secs(10))
}

fn event(words: &[&str]) -> Event {
    let worker = |word: &str| WorkerId(word.parse().expect("a worker"));
    let job = |word: &str| word.parse::<JobId>().expect("a job");
    let number = |word: &str| word.parse::<u64>().expect("a number");
    match *words {
        ["joined", id] => Event::Joined(worker(id)),
        ["retire", id] => Event::Retire(worker(id)),
        ["replace", id] => Event::Replace(worker(id)),
        ["abandon", id] => Event::Abandon(worker(id)),
        ["gone", id] => Event::Gone { worker: worker(id), has_begun: true },
        ["gone", id, "unread"] => Event::Gone { worker: worker(id), has_begun: false },
        ["not-started", id] => Event::NotStarted(worker(id)),
        ["exited", id, "signal"] => Event::Exited(worker(id), Exit::Signal),
        ["exited", id, status] => Event::Exited(worker(id), Exit::Status(status.parse().expect("a status"))),
        ["done", id, one] => Event::Answered(worker(id), job(one), Verdict::Done),
        ["fail", id, one] => Event::Answered(worker(id), job(one), Verdict::Fail),
        ["bury", id, one] => Event::Answered(worker(id), job(one), Verdict::Bury),
        ["retry", id, one] => Event::Answered(worker(id), job(one), Verdict::Retry(None)),
        ["retry", id, one, seconds] => {
            Event::Answered(worker(id), job(one), Verdict::Retry(seconds.parse().ok()))
        }
        ["reserved", one] => Event::Reserved(job(one)),
        ["reserved", one, "after", "all"] => Event::ReservedAfterAll(job(one)),
        ["not-reserved"] => Event::NotReserved,
        ["inspected", one, ttr, left, reserves] => {
            let statistics = Statistics {
                time_to_run: Duration::from_secs(number(ttr)),
                time_left: Duration::from_secs(number(left)),
                priority: 5,
                reserves: reserves.parse().expect("a number"),
            };
            Event::Inspected(job(one), statistics)
        }
        ["not-found", one] => Event::NotFound(job(one)),
        ["disconnected", one] => Event::Disconnected(job(one)),
        ["too-late", one] => Event::TooLate(job(one)),
        ["stop"] => Event::Stop,
        ["time"] => Event::Time,
        _ => panic!("{words:?} is no event"),
    }
}

fn spell(action: Action) -> String {
    match action {
        Action::Ask { count } => format!("ask {count}"),
        Action::Hand { worker, job } => format!("hand {job} to {}", worker.0),
        Action::Inspect(job) => format!("inspect {job}"),
        Action::Forget(job) => format!("forget {job}"),
        Action::Touch(job) => format!("touch {job}"),
        Action::Delete(job) => format!("delete {job}"),
        Action::Release { job, priority, delay_seconds } => {
            format!("release {job} {priority} {delay_seconds}")
        }
        Action::Bury { job, priority } => format!("bury {job} {priority}"),
        Action::Retired(worker) => format!("retired {}", worker.0),
        Action::Kill { worker, reason: KillReason::StopTimeout } => format!("kill {} (time)", worker.0),
        Action::Kill { worker, reason: KillReason::Abandoned } => format!("kill {} (abandoned)", worker.0),
        Action::Kill { worker, reason: KillReason::UnknownJob(_) } => {
            format!("kill {} (unknown job)", worker.0)
        }
    }
}

#[test]
fn a_changed_file_holds_for_jobs_that_run() {
    let mut machine = machine("exec");
    let (worker, job, now) = (WorkerId(0), JobId { server: 0, id: 1 }, Moment::START);
    machine.on(now, Event::Joined(worker));
    machine.on(now, Event::Reserved(job));
    let retry = Backoff { first: Duration::from_secs(7), max: Duration::from_secs(7) };
    let settings = Jobs { tube: "t".to_owned(), mode: Mode::Exec, tries_max: 9, retry, prefetch: 0 };
    machine.change(&settings, Duration::from_secs(1));
    machine.on(now, Event::Exited(worker, Exit::Status(1)));
    let second = Duration::from_secs(1);
    let statistics = Statistics { time_to_run: second, time_left: second, priority: 0, reserves: 8 };
    let actions = machine.on(now, Event::Inspected(job, statistics));
    assert_eq!(actions[0], Action::Release { job, priority: 0, delay_seconds: 7 });
}

#[test]
fn fewer_jobs_wait_when_the_file_says_so() {
    let mut machine = machine("stream 2");
    let (worker, now) = (WorkerId(0), Moment::START);
    let job = |id| JobId { server: 0, id };
    machine.on(now, Event::Joined(worker));
    (1..=3).for_each(|id| drop(machine.on(now, Event::Reserved(job(id)))));
    let retry = Backoff { first: Duration::ZERO, max: Duration::ZERO };
    let settings = Jobs { tube: "t".to_owned(), mode: Mode::Stream, tries_max: 3, retry, prefetch: 1 };
    machine.change(&settings, Duration::from_secs(1));
    assert_eq!(machine.on(now, Event::Time), [Action::Inspect(job(3))]);
}
