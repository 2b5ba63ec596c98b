//! The cases in `testdata/runs`. A case is a file, and then events: a line `> HH:MM:SS EVENT` is what happens on the
//! first day of 2026, and the lines behind it are the orders. What is to be started runs at once, unless the event ends with
//! `unanswered`. A line `@` begins another file. A line `====` separates
//! cases. `UPDATE=1` rewrites the orders.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::{Order, Runs};
use crate::Moment;
use crate::config::Config;
use crate::fleet::{Name, Target};
use crate::process::Event;

#[test]
fn events_lead_to_orders() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/runs/cases.txt");
    let text = std::fs::read_to_string(&path).expect("the cases are there");
    let cases: Vec<String> = text.split("====\n").map(outcome).collect();
    let found = cases.join("====\n");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &found).expect("the file can be written");
        return;
    }
    assert_eq!(found, text, "UPDATE=1 rewrites it");
}

/// A case with the orders that there are.
fn outcome(case: &str) -> String {
    let midnight: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let (mut runs, mut file, mut written) = (Runs::default(), String::new(), String::new());
    let mut is_order = false;
    for line in case.lines() {
        if let Some(event) = line.strip_prefix("> ") {
            is_order = true;
            let _ = writeln!(written, "{line}");
            let (time, event) = event.split_once(' ').expect("a time and an event");
            let wall: Timestamp = format!("2026-01-01T{time}Z").parse().expect("a time");
            let now = Moment(Duration::try_from(wall.duration_since(midnight)).expect("it is later"));
            let is_answered = !event.ends_with(" unanswered");
            happen(&mut runs, now, wall, event.trim_end_matches(" unanswered"), &file);
            while let Some(order) = runs.next_order() {
                let _ = writeln!(written, "{}", spell(&order));
                if let Order::Spawn { name, .. } = order
                    && is_answered
                {
                    runs.on(now, &name, Event::Spawned);
                }
            }
        } else if line == "@" {
            (is_order, file) = (false, String::new());
            let _ = writeln!(written, "{line}");
        } else if !is_order {
            let _ = writeln!(file, "{line}");
            let _ = writeln!(written, "{line}");
        }
    }
    written
}

fn happen(runs: &mut Runs, now: Moment, wall: Timestamp, event: &str, file: &str) {
    let words: Vec<&str> = event.split(' ').collect();
    let target = |word: &str| Target::parse(word, |name| name == "report").expect("a program or a process");
    match *words {
        ["apply"] => {
            let config = Config::parse(file, Path::new("x")).unwrap_or_else(|error| panic!("{error}"));
            runs.apply(now, wall, &config.programs);
        }
        ["time"] => runs.time(now, wall),
        ["end"] => runs.end(now),
        ["elsewhere"] => runs.set_elsewhere(now, "report"),
        ["here", ref taken @ ..] => {
            let at = |time: &&str| format!("2026-01-01T{time}Z").parse().expect("a time");
            runs.set_here("report", wall, &taken.iter().map(at).collect::<Vec<Timestamp>>());
        }
        ["give-up", index] => drop(runs.give_up(now, &Name::new("report", index.parse().expect("a number")))),
        ["start", word] => runs.start(wall, &target(word)),
        ["stop", word] => runs.stop(now, &target(word)),
        ["restart", word] => runs.restart(now, wall, &target(word)),
        ["not-started", index] => {
            let name = Name::new("report", index.parse().expect("a number"));
            runs.on(now, &name, Event::NotSpawned);
        }
        ["exit", index] => {
            let name = Name::new("report", index.parse().expect("a number"));
            runs.on(now, &name, Event::Exited { success: true });
        }
        _ => panic!("{event} is no event"),
    }
}

fn spell(order: &Order) -> String {
    match order {
        Order::Spawn { name, tick, .. } => format!("spawn {name} for {}", tick.at),
        Order::Signal { name, signal } => format!("signal {name}: {signal:?}"),
        Order::Kill { name } => format!("kill {name}"),
        Order::SetBack { program, until } => {
            format!("the clock was set back for {program}, decided until {until}")
        }
    }
}
