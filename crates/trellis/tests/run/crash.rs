//! The server is killed and comes back: no job is lost, nothing runs twice at once, and nothing is restarted for it.

use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Signal, kill_process};
use trellis_tube_client::PutOptions;

use crate::host::Host;
use crate::jobs::{STREAM, wait_for};
use crate::ledger::{Record, put_many, wait_until_empty};
use crate::supervisor::{DEADLINE, Supervisor};

/// A lock that its workers wait for.
fn locked() -> tempfile::NamedTempFile {
    let lock = tempfile::NamedTempFile::new().expect("a file");
    flock(&lock, FlockOperation::LockExclusive).expect("it is new");
    lock
}

/// A program that does jobs when it can have the lock, and notes them.
fn program(mode: &str, lock: &tempfile::NamedTempFile, record: &Record) -> String {
    let variables = format!("LOCK = {:?}, RECORD = {:?}", lock.path(), record.path());
    if mode == "stream" {
        let stream = STREAM.replace("DO = \"work\"", &format!("DO = \"work\", {variables}"));
        return format!("[program.work]\ntube = \"work\"\n{stream}processes = 2\nprefetch = 4\n");
    }
    format!(
        "[program.work]\ntube = \"work\"\ncommand = [HELPER]\nenvironment = {{ DO = \"job\", {variables} }}\n\
         processes = {{ min = 0, max = 4 }}\n"
    )
}

#[test]
fn jobs_in_frames_outlive_the_server() {
    let (mut host, lock, record) = (Host::start(), locked(), Record::new());
    let supervisor = Supervisor::start(&host.file(&program("stream", &lock, &record)));
    let mut client = host.client();
    put_many(&mut client, 0, 100);
    // Two work on one each and hold four ahead.
    wait_for(&mut client, "current-jobs-reserved", 10);
    let pids = ["work.0", "work.1"].map(|name| supervisor.pid_of(name));
    host.kill();
    host.revive();
    flock(&lock, FlockOperation::Unlock).expect("it is locked");
    wait_until_empty(&mut host.client());
    record.check(100);
    assert_eq!(pids, ["work.0", "work.1"].map(|name| supervisor.pid_of(name)));
    assert_eq!(supervisor.status("work.0")["starts"], 1);
}

#[test]
fn jobs_of_one_process_each_outlive_the_server() {
    let (mut host, lock, record) = (Host::start(), locked(), Record::new());
    let supervisor = Supervisor::start(&host.file(&program("exec", &lock, &record)));
    let mut client = host.client();
    put_many(&mut client, 0, 40);
    wait_for(&mut client, "current-jobs-reserved", 4);
    let pids = [0, 1, 2, 3].map(|index| supervisor.pid_of(&format!("work.{index}")));
    host.kill();
    // What works on a job goes on.
    assert_eq!(pids, [0, 1, 2, 3].map(|index| supervisor.pid_of(&format!("work.{index}"))));
    host.revive();
    flock(&lock, FlockOperation::Unlock).expect("it is locked");
    wait_until_empty(&mut host.client());
    record.check(40);
}

#[test]
fn jobs_flow_while_the_server_is_killed_again_and_again() {
    let (mut host, lock, record) = (Host::start(), locked(), Record::new());
    flock(&lock, FlockOperation::Unlock).expect("it is locked");
    let supervisor = Supervisor::start(&host.file(&program("stream", &lock, &record)));
    for round in 0..4 {
        let mut client = host.client();
        put_many(&mut client, round * 200, 200);
        // Some are done by now, some are in hand.
        host.kill();
        host.revive();
    }
    wait_until_empty(&mut host.client());
    record.check(800);
    assert_eq!(supervisor.status("work.0")["starts"], 1);
    assert_eq!(supervisor.status("work.1")["starts"], 1);
}

/// A server that forgets begins its numbers anew. The answer for the job that was lost must not delete another one.
#[test]
fn jobs_of_a_server_that_forgot_are_told_from_new_ones() {
    let (mut host, lock, record) = (Host::forgetful(), locked(), Record::new());
    let programs = program("stream", &lock, &record).replace("processes = 2", "processes = 1");
    let mut supervisor = Supervisor::start(&host.file(&programs));
    let options = PutOptions { ttr: Duration::from_secs(3600), ..PutOptions::default() };
    let old = host.client().put(b"done 0", &options).expect("it is put").id;
    wait_for(&mut host.client(), "current-jobs-reserved", 1);
    host.kill();
    host.revive();
    let client = &mut host.client();
    assert_eq!(client.put(b"hold", &options).expect("it is put").id, old);
    wait_for(client, "current-jobs-reserved", 1);
    flock(&lock, FlockOperation::Unlock).expect("it is locked");
    supervisor.wait_for(&format!("holds {old}"));
    // What is told of the one that is lost, is told of no other; this one is put back when its worker dies.
    kill_process(supervisor.pid_of("work.0"), Signal::KILL).expect("it is there");
    supervisor.wait_for(&format!("holds {old}"));
    assert_eq!(
        client.stats_tube("work").expect("it answers").expect("it is there").number("cmd-delete"),
        Some(0)
    );
}

/// A singleton that notices when it is not the only one.
fn alone(lock: &tempfile::NamedTempFile) -> String {
    format!(
        "[program.one]\ncommand = [HELPER]\nenvironment = {{ DO = \"alone\", LOCK = {:?} }}\n\
         singleton = true\nbackoff = {{ first = \"1ms\", max = \"2ms\" }}\n",
        lock.path()
    )
}

#[test]
fn a_singleton_is_one_while_the_server_comes_and_goes() {
    let mut host = Host::start();
    let lock = tempfile::NamedTempFile::new().expect("a file");
    let file = host.file(&alone(&lock));
    let mut first = Supervisor::start(&file);
    first.wait_for("is alone");
    let second = Supervisor::start(&file);
    let mut both = [first, second];
    for _ in 0..3 {
        host.kill();
        host.revive();
        wait_until_one_runs(&both);
    }
    for supervisor in &mut both {
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.end().code(), Some(0));
        let told = supervisor.rest();
        assert!(!told.iter().any(|line| line.contains("is not the only one")), "{told:#?}");
    }
}

/// Waits until the singleton runs on exactly one.
fn wait_until_one_runs(both: &[Supervisor; 2]) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let states = both.each_ref().map(|supervisor| supervisor.status("one")["state"].clone());
        if states.iter().filter(|state| **state == "running").count() == 1 {
            return;
        }
        assert!(Instant::now() < deadline, "{states:?}");
    }
}

#[test]
fn a_schedule_goes_on_after_the_server_was_gone() {
    let mut host = Host::start();
    let schedule = "[program.one]\ncommand = [\"sh\", \"-c\", \"echo run of $TRELLIS_TICK\"]\n\
                    singleton = true\nschedule = \"* * * * * *\"\n";
    let mut supervisor = Supervisor::start(&host.file(schedule));
    let mut ticks = Vec::new();
    let tick = |line: String| line.rsplit(' ').next().expect("a word").to_owned();
    for _ in 0..3 {
        ticks.push(tick(supervisor.wait_for("one.0 | run of ")));
        host.kill();
        host.revive();
    }
    ticks.push(tick(supervisor.wait_for("one.0 | run of ")));
    ticks.push(tick(supervisor.wait_for("one.0 | run of ")));
    let mut sorted = ticks.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ticks, sorted, "each once, and one after the other");
}
