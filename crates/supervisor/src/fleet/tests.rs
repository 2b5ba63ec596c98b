//! The cases in `testdata/fleet`. A case is one or more files, each behind a line `@ NAME`, and then events: a line
//! `> SECONDS EVENT` is what happens, and the lines behind it are the orders. A line `====` separates cases. `UPDATE=1`
//! rewrites the orders.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::{Fleet, Name, Order};
use crate::Moment;
use crate::config::Config;
use crate::process::Event;

#[test]
fn events_lead_to_orders() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/fleet/cases.txt");
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
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut fleet = Fleet::new(1);
    let mut written = String::new();
    let mut file = "";
    for line in case.lines() {
        if let Some(event) = line.strip_prefix("> ") {
            let _ = writeln!(written, "{line}");
            let (seconds, event) = event.split_once(' ').expect("a time and an event");
            let now = Moment(Duration::from_secs(seconds.parse().expect("a time")));
            happen(&mut fleet, now, event, &files);
            if event == "singletons" {
                let _ = writeln!(written, "{:?}", fleet.singletons().collect::<Vec<&str>>());
            }
            while let Some(order) = fleet.next(now) {
                let _ = writeln!(written, "{}", spell(&order));
            }
        } else if let Some(name) = line.strip_prefix("@ ") {
            file = name;
            let _ = writeln!(written, "{line}");
        } else if fleet.entries.is_empty() && fleet.edition == 0 {
            let _ = writeln!(files.entry(file).or_default(), "{line}");
            let _ = writeln!(written, "{line}");
        }
    }
    written
}

fn happen(fleet: &mut Fleet, now: Moment, event: &str, files: &BTreeMap<&str, String>) {
    let words: Vec<&str> = event.split(' ').collect();
    let process = |word: &str| {
        let (program, index) = word.rsplit_once('.').expect("a process");
        Name::new(program, index.parse().expect("a number"))
    };
    match *words {
        ["apply", file] => {
            let config =
                Config::parse(&files[file], Path::new(file)).unwrap_or_else(|error| panic!("{error}"));
            fleet.apply(&config.programs);
        }
        ["end"] => fleet.end(),
        ["singletons"] => {}
        ["time"] => fleet.time(now),
        ["count", program, count] => fleet.set_count(program, count.parse().expect("a number")),
        ["here", program] => fleet.set_here(program, true),
        ["elsewhere", program] => fleet.set_here(program, false),
        [wish @ ("start" | "stop" | "restart"), word] => {
            let target = fleet.target(word).expect("it is there");
            match wish {
                "start" => fleet.start(now, &target),
                "stop" => fleet.stop(now, &target),
                _ => fleet.restart(now, &target),
            }
            .expect("it can be done");
        }
        [event, ref names @ ..] => {
            let event = match event {
                "spawned" => Event::Spawned,
                "unspawned" => Event::NotSpawned,
                "ready" => Event::Notified,
                "exit" => Event::Exited { success: true },
                "crash" => Event::Exited { success: false },
                other => panic!("{other} is no event"),
            };
            names.iter().for_each(|name| fleet.on(now, &process(name), event));
        }
        [] => panic!("there is no event"),
    }
}

fn spell(order: &Order) -> String {
    match order {
        Order::Spawn { name, program } => format!("spawn {name}: {}", program.command.join(" ")),
        Order::Signal { name, signal } => format!("signal {name}: {signal:?}"),
        Order::Kill { name } => format!("kill {name}"),
        Order::GaveUp { name } => format!("gave up {name}"),
        Order::Forget { name } => format!("forget {name}"),
    }
}

#[test]
fn a_word_names_a_program_or_a_process() {
    let text = "[program.a]\ncommand = \"a\"\n[program.\"a.b\"]\ncommand = \"b\"\n";
    let mut fleet = Fleet::new(1);
    fleet.apply(&Config::parse(text, Path::new("x")).expect("a file").programs);
    while fleet.next(Moment::START).is_some() {}
    let check = |word: &str, wanted: &str| {
        let found = match fleet.target(word) {
            Ok(target) => match fleet.names(&target) {
                Ok(names) => format!("{names:?}"),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        assert_eq!(found, wanted, "{word}");
    };
    check("a", "[Name { program: \"a\", index: 0 }]");
    check("a.0", "[Name { program: \"a\", index: 0 }]");
    check("a.b", "[Name { program: \"a.b\", index: 0 }]");
    check("a.b.0", "[Name { program: \"a.b\", index: 0 }]");
    check("a.7", "a.7 is not there: a has 1 of them, from 0");
    check("b", "there is no program or process \"b\"");
}
