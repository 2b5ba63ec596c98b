//! Programs whose number of processes follows their tube.

use std::time::Instant;

use rustix::fs::{FlockOperation, flock};
use trellis_tube_client::PutOptions;

use crate::jobs::{STREAM, Server, wait_for};
use crate::supervisor::{DEADLINE, Supervisor};

/// A program without a job done while the lock is held.
fn program(lock: &tempfile::NamedTempFile) -> String {
    let environment = format!("DO = \"work\", LOCK = \"{}\"", lock.path().display());
    let stream = STREAM.replace("DO = \"work\"", &environment);
    format!("{stream}prefetch = 0\nprocesses = {{ min = 1, max = 4, cooldown = \"1s\" }}\n")
}

/// How many of its processes run.
fn running(supervisor: &Supervisor) -> usize {
    let status = supervisor.ask(&["status", "--json", "work"]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let processes = status["processes"].as_array().expect("an array");
    processes.iter().filter(|process| process["state"] == "running").count()
}

#[track_caller]
fn wait_until_running(supervisor: &Supervisor, wanted: usize) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let found = running(supervisor);
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{found} processes run and not {wanted}");
    }
}

#[test]
fn many_jobs_get_more_processes_and_none_only_one() {
    let server = Server::start();
    let client = &mut server.client();
    let lock = tempfile::NamedTempFile::new().expect("a file");
    flock(&lock, FlockOperation::LockExclusive).expect("it is new");
    let supervisor = Supervisor::start(&server.file(&program(&lock)));
    // There is no such tube yet.
    wait_until_running(&supervisor, 1);
    let bodies = vec![b"done"; 200];
    client.put_all(&bodies, &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    wait_until_running(&supervisor, 4);
    wait_for(client, "current-jobs-reserved", 4);
    flock(&lock, FlockOperation::Unlock).expect("it is locked");
    wait_for(client, "cmd-delete", 200);
    wait_until_running(&supervisor, 1);
}

#[test]
fn a_server_that_is_gone_costs_no_processes() {
    let server = Server::start();
    let client = &mut server.client();
    let lock = tempfile::NamedTempFile::new().expect("a file");
    flock(&lock, FlockOperation::LockExclusive).expect("it is new");
    let program = program(&lock).replace("cooldown = \"1s\"", "cooldown = \"0s\"");
    let mut supervisor = Supervisor::start(&server.file(&program));
    client.put_all(&[b"done"; 4], &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    wait_until_running(&supervisor, 4);
    wait_for(client, "current-jobs-reserved", 4);
    drop(server);
    supervisor.wait_for("no jobs come from the server of tubes");
    assert_eq!(running(&supervisor), 4);
}
