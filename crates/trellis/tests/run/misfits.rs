//! Workers that don't do as they should, and programs that are several things at once.

use std::time::Instant;

use rustix::fs::{FlockOperation, flock};
use trellis_tube_client::PutOptions;

use crate::host::Host;
use crate::jobs::{STREAM, wait_for};
use crate::ledger::{put_many, wait_until_empty};
use crate::supervisor::{DEADLINE, Supervisor};

fn workers(more: &str) -> String {
    format!("[program.work]\ntube = \"work\"\n{STREAM}{more}\n")
}

#[test]
fn one_that_closes_its_socket_gives_its_job_back() {
    let host = Host::start();
    let client = &mut host.client();
    let mut supervisor = Supervisor::start(&host.file(&workers("processes = 1\nmax_tries = 2")));
    client.put(b"close", &PutOptions::default()).expect("it is put");
    // It lives on, but nobody can do anything with it.
    supervisor.wait_for("closes for 1");
    supervisor.wait_for("closes for 1");
    wait_for(client, "current-jobs-buried", 1);
    client.put(b"done", &PutOptions::default()).expect("it is put");
    wait_for(client, "cmd-delete", 1);
}

#[test]
fn one_that_answers_without_end_is_killed() {
    let host = Host::start();
    let client = &mut host.client();
    let mut supervisor = Supervisor::start(&host.file(&workers("processes = 1")));
    client
        .put_all(&["flood", "done"], &PutOptions::default())
        .into_iter()
        .for_each(|put| assert!(put.is_ok()));
    supervisor.wait_for("killed: it answered for job 1");
    // Its first answer was asked for, and the second job is done by the process that replaces it.
    wait_for(client, "cmd-delete", 2);
}

#[test]
fn one_that_hangs_is_killed_at_the_end_and_its_job_is_put_back() {
    let host = Host::start();
    let client = &mut host.client();
    let file = host.file(&workers("processes = 1\nprefetch = 0\nstop = { timeout = \"100ms\" }"));
    let mut supervisor = Supervisor::start(&file);
    client.put(b"hold", &PutOptions::default()).expect("it is put");
    supervisor.wait_for("holds 1");
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    let rest = supervisor.rest();
    assert_eq!(rest.iter().filter(|line| line.contains(" killed")).count(), 1, "{rest:#?}");
    wait_for(client, "current-jobs-ready", 1);
}

#[test]
fn one_that_takes_nothing_from_its_socket_hinders_nobody() {
    let host = Host::start();
    let client = &mut host.client();
    let deaf =
        "command = [\"sh\", \"-c\", \"echo deaf; exec sleep 1000\"]\nmode = \"stream\"\nprefetch = 9\n";
    let mut supervisor = Supervisor::start(&host.file(&format!(
        "[program.work]\ntube = \"work\"\n{deaf}[program.more]\ntube = \"more\"\n{STREAM}processes = 1\n"
    )));
    supervisor.wait_for("work.0 | deaf");
    let body = vec![b'x'; 65_000];
    client.put_all(&vec![body; 10], &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    wait_for(client, "current-jobs-reserved", 10);
    client.use_tube("more").expect("it answers");
    put_many(client, 0, 100);
    let deadline = Instant::now() + DEADLINE;
    while client.stats_tube("more").expect("it answers").and_then(|tube| tube.number("cmd-delete"))
        != Some(100)
    {
        assert!(Instant::now() < deadline, "the others wait for it");
    }
    supervisor.ask(&["signal", "KILL", "work"]);
    supervisor.wait_for("work.0 | deaf");
}

#[test]
fn one_that_floods_its_output_hinders_nobody() {
    let host = Host::start();
    let client = &mut host.client();
    let file = host.file(&workers("processes = 1\n[program.loud]\ncommand = \"yes\"\nlog = { to = \"loud.log\", max_size = \"64K\", files = 1 }"));
    let mut supervisor = Supervisor::start(&file);
    supervisor.wait_for("started process=loud.0");
    put_many(client, 0, 500);
    wait_until_empty(client);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
}

#[test]
fn processes_follow_what_all_servers_have_together() {
    let hosts = [Host::start(), Host::start()];
    let lock = tempfile::NamedTempFile::new().expect("a file");
    flock(&lock, FlockOperation::LockExclusive).expect("it is new");
    let stream = STREAM.replace("DO = \"work\"", &format!("DO = \"work\", LOCK = {:?}", lock.path()));
    let supervisor = Supervisor::start(&format!(
        "[server]\nbeanstalk = [\"{}\", \"{}\"]\n[program.work]\ntube = \"work\"\n{stream}prefetch = 0\n\
         processes = {{ min = 1, max = 8 }}\n",
        hosts[0].beanstalk(),
        hosts[1].beanstalk()
    ));
    let mut clients = hosts.each_ref().map(Host::client);
    clients.iter_mut().for_each(|client| put_many(client, 0, 3));
    let running = || {
        let status = supervisor.ask(&["status", "--json", "work"]);
        let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
        let processes = status["processes"].as_array().expect("an array");
        processes.iter().filter(|process| process["state"] == "running").count()
    };
    let deadline = Instant::now() + DEADLINE;
    while running() != 6 {
        assert!(Instant::now() < deadline, "{} run", running());
    }
    flock(&lock, FlockOperation::Unlock).expect("it is locked");
    clients.iter_mut().for_each(wait_until_empty);
}

#[test]
fn a_schedule_that_is_taken_out_of_the_file_runs_no_more() {
    let every_second = |name: &str| {
        format!("[program.{name}]\ncommand = [\"sh\", \"-c\", \"echo now\"]\nschedule = \"* * * * * *\"\n")
    };
    let mut supervisor = Supervisor::start(&[every_second("stays"), every_second("goes")].concat());
    supervisor.wait_for("goes.0 | now");
    supervisor.write(&every_second("stays"));
    supervisor.ask(&["reload"]);
    // A run may just be ending.
    let deadline = Instant::now() + DEADLINE;
    while supervisor.ask(&["status"]).contains("goes") {
        assert!(Instant::now() < deadline, "{}", supervisor.ask(&["status"]));
    }
    supervisor.ask(&["stop", "stays"]);
    supervisor.ask(&["start", "stays"]);
    // What was told up to now is looked at no more.
    supervisor.wait_for("INFO reloaded");
    supervisor.discard();
    (0..3).for_each(|_| drop(supervisor.wait_for("stays.0 | now")));
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    let rest = supervisor.rest();
    assert!(!rest.iter().any(|line| line.contains("goes.0")), "{rest:#?}");
}
