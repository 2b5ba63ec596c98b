//! Two supervisors that share everything: each job and each tick is one's alone, and one takes over from the other.

use std::collections::BTreeMap;
use std::time::Instant;

use rustix::process::Signal;

use crate::host::Host;
use crate::jobs::{STREAM, wait_for};
use crate::ledger::{Record, put_many, wait_until_empty};
use crate::supervisor::{DEADLINE, Supervisor, wait_until_gone};

/// A program of workers that note what they have done.
fn workers(record: &Record, more: &str) -> String {
    let environment = format!("DO = \"work\", RECORD = {:?}", record.path());
    format!("[program.work]\ntube = \"work\"\n{}{more}\n", STREAM.replace("DO = \"work\"", &environment))
}

#[test]
fn each_job_of_a_shared_tube_is_done_once() {
    let (host, record) = (Host::start(), Record::new());
    let file = host.file(&workers(&record, "processes = 2"));
    let both = [Supervisor::start(&file), Supervisor::start(&file)];
    let client = &mut host.client();
    put_many(client, 0, 1000);
    wait_until_empty(client);
    assert_eq!(record.check(1000), 1000, "each once");
    for supervisor in both {
        assert_eq!(supervisor.status("work.0")["starts"], 1);
    }
}

#[test]
fn each_tick_is_run_by_one_of_two() {
    let (host, record) = (Host::start(), Record::new());
    let file = host.file(&format!(
        "[program.tick]\ncommand = [\"sh\", \"-c\", \"echo $TRELLIS_TICK $$ >> {}\"]\nschedule = \"* * * * * *\"\n\
         singleton = true\n",
        record.path().display()
    ));
    let both = [Supervisor::start(&file), Supervisor::start(&file)];
    let deadline = Instant::now() + DEADLINE;
    let ticks = loop {
        let text = std::fs::read_to_string(record.path()).expect("it is there");
        let mut ticks: BTreeMap<jiff::Timestamp, usize> = BTreeMap::new();
        for line in text.lines() {
            let tick = line.split(' ').next().expect("a word").parse().expect("a time");
            *ticks.entry(tick).or_default() += 1;
        }
        if ticks.len() >= 5 {
            break ticks;
        }
        assert!(Instant::now() < deadline, "{text}");
    };
    assert!(ticks.values().all(|count| *count == 1), "{ticks:?}");
    let starts = both.map(|supervisor| supervisor.status("tick")["starts"].as_u64().expect("a number"));
    assert_eq!(starts.iter().filter(|starts| **starts == 0).count(), 1, "all on one machine: {starts:?}");
}

#[test]
fn a_singleton_of_workers_is_taken_over_with_its_jobs() {
    let (host, record) = (Host::start(), Record::new());
    let file = host.file(&workers(&record, "processes = 1\nprefetch = 0\nsingleton = true"));
    let mut first = Supervisor::start(&file);
    let client = &mut host.client();
    put_many(client, 0, 1);
    wait_until_empty(client);
    let mut second = Supervisor::start(&file);
    second.wait_for_state("work", "elsewhere");
    put_many(client, 1, 50);
    wait_until_empty(client);
    second.wait_for_state("work", "elsewhere");
    // The one that has it dies with a job in hand; the other one goes on with it.
    client.put(b"hold", &trellis_tube_client::PutOptions::default()).expect("it is put");
    first.wait_for("holds 52");
    let pid = first.pid_of("work.0");
    first.signal(Signal::KILL);
    first.end();
    wait_until_gone(pid);
    second.wait_for("holds 52");
    put_many(client, 51, 1);
    wait_for(client, "current-jobs-ready", 1);
    assert_eq!(record.check(51), 51, "each once");
}
