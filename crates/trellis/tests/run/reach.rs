//! Servers of tubes that can't be reached: told once, and when they are back, and shown in the status. Jobs come from the
//! others meanwhile.

use std::net::TcpListener;
use std::time::Instant;

use crate::host::Host;
use crate::jobs::{STREAM, put};
use crate::ledger::wait_until_empty;
use crate::supervisor::{DEADLINE, Supervisor};

/// Waits until all rows of the status are, or aren't, about a server that can't be connected to.
#[track_caller]
fn wait_for_trouble(supervisor: &Supervisor, wanted: bool) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let status = supervisor.ask(&["status", "--json"]);
        let value: serde_json::Value = serde_json::from_str(&status).expect("JSON");
        let rows = value["processes"].as_array().expect("an array");
        let is_told = |row: &serde_json::Value| {
            row["text"].as_str().is_some_and(|text| text.contains("cannot connect to 127.0.0.1"))
        };
        if rows.iter().all(|row| is_told(row) == wanted) {
            return;
        }
        assert!(Instant::now() < deadline, "{status}");
    }
}

#[test]
fn a_server_that_is_down_is_told_of_once_until_it_is_back() {
    let mut hosts = [Host::start(), Host::start()];
    hosts[1].kill();
    let mut supervisor = Supervisor::start(&format!(
        "[server]\nbeanstalk = [\"{}\", \"{}\"]\n[program.work]\ntube = \"work\"\n{STREAM}\
         [program.one]\ntube = \"one\"\ncommand = \"true\"\nprocesses = 3\n",
        hosts[0].beanstalk(),
        hosts[1].beanstalk()
    ));
    let told = format!("no jobs come from the server of tubes at {}", hosts[1].beanstalk());
    supervisor.wait_for(&told);
    wait_for_trouble(&supervisor, true);
    put(&mut hosts[0].client(), b"done");
    wait_until_empty(&mut hosts[0].client());
    hosts[1].revive();
    put(&mut hosts[1].client(), b"done");
    supervisor.wait_for("the server of tubes answers again");
    wait_until_empty(&mut hosts[1].client());
    wait_for_trouble(&supervisor, false);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    let rest = supervisor.rest();
    assert!(!rest.iter().any(|line| line.contains(&told)), "{rest:#?}");
}

/// The system connects to a server that is stopped, and takes what is sent to it.
#[test]
fn a_server_that_is_silent_keeps_nobody_from_the_jobs_of_others() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = Host::start();
    let mut supervisor = Supervisor::start(&format!(
        "[server]\nbeanstalk = [\"{}\", \"{}\"]\n[program.work]\ntube = \"work\"\n{STREAM}",
        silent.local_addr().expect("an address"),
        host.beanstalk()
    ));
    let mut client = host.client();
    for _ in 0..200 {
        put(&mut client, b"done");
    }
    wait_until_empty(&mut client);
    // A wait for a job that the silent server knows of is ended in time, too.
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
}
