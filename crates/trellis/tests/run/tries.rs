//! What counts as a try of a job, and what doesn't: workers that die, end or cannot be started.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use trellis_tube_client::PutOptions;

use crate::host::Host;
use crate::jobs::{STREAM, put, wait_for};
use crate::ledger::{Record, put_many, wait_until_empty};
use crate::supervisor::{DEADLINE, Supervisor};

/// A program whose workers note what they begin.
fn recorded(record: &Record, more: &str) -> String {
    let environment = format!("RECORD = {:?}, DO =", record.path());
    format!("[program.work]\ntube = \"work\"\n{}{more}\n", STREAM.replacen("DO =", &environment, 1))
}

/// How often each job was begun.
fn begun(record: &Record) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(record.path()).expect("it is there");
    text.lines().fold(BTreeMap::new(), |mut counts, line| {
        *counts.entry(line.to_owned()).or_default() += 1;
        counts
    })
}

#[test]
fn each_of_many_jobs_that_kill_is_begun_as_often_as_the_file_says() {
    let (host, record) = (Host::forgetful(), Record::new());
    let client = &mut host.client();
    let bodies: Vec<String> = (0..4).map(|number| format!("die {number}")).collect();
    client.put_all(&bodies, &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    let program = recorded(&record, "processes = 1\nprefetch = 4\nmax_tries = 3");
    let _supervisor = Supervisor::start(&host.file(&program));
    wait_for(client, "current-jobs-buried", 4);
    let wanted: BTreeMap<String, usize> = bodies.into_iter().map(|body| (body, 3)).collect();
    assert_eq!(begun(&record), wanted);
}

/// A program whose workers die when they have read the length of a frame that has more bytes than that.
fn narrow(bytes_max: u32) -> String {
    let environment = format!("FRAME_BYTES_MAX = \"{bytes_max}\", DO =");
    let stream = STREAM.replacen("DO =", &environment, 1);
    format!("[program.work]\ntube = \"work\"\n{stream}processes = 2\nmax_tries = 3\n")
}

#[test]
fn a_long_job_that_kills_whoever_reads_its_length_is_buried() {
    let host = Host::forgetful();
    let client = &mut host.client();
    put(client, &[b'x'; 20_000]);
    put_many(client, 0, 50);
    let _supervisor = Supervisor::start(&host.file(&narrow(10_000)));
    wait_for(client, "current-jobs-buried", 1);
    wait_for(client, "cmd-delete", 50);
    let job = client.stats_job(1).expect("it answers").expect("it is there");
    assert_eq!(job.number("reserves"), Some(3));
}

#[test]
fn a_short_job_that_nobody_can_read_makes_way_for_others() {
    let host = Host::forgetful();
    let client = &mut host.client();
    put(client, &[b'x'; 1000]);
    let _supervisor = Supervisor::start(&host.file(&narrow(100)));
    wait_for(client, "current-jobs-delayed", 1);
    put_many(client, 0, 50);
    wait_for(client, "cmd-delete", 50);
    wait_for(client, "current-jobs-buried", 0);
}

#[test]
fn workers_that_end_after_each_job_fail_at_none() {
    let (host, record) = (Host::forgetful(), Record::new());
    let client = &mut host.client();
    let bodies: Vec<String> = (0..20).map(|number| format!("leave {number}")).collect();
    client.put_all(&bodies, &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    let program = recorded(&record, "processes = 2\nprefetch = 4\nmax_tries = 1");
    let _supervisor = Supervisor::start(&host.file(&program));
    wait_until_empty(client);
    assert_eq!(begun(&record), bodies.into_iter().map(|body| (body, 1)).collect());
}

#[test]
fn the_exit_status_of_a_worker_is_known() {
    let host = Host::forgetful();
    let client = &mut host.client();
    let program = recorded(&Record::new(), "processes = 1\nmax_tries = 1\nrestart = \"on-failure\"");
    let mut supervisor = Supervisor::start(&host.file(&program));
    put(client, b"exit 3");
    supervisor.wait_for("status=exit code 3");
    put(client, b"exit 0");
    supervisor.wait_for("status=exit code 0");
    wait_for(client, "current-jobs-buried", 2);
    // With 3, it was started again, and with 0 it is not.
    let status = supervisor.status("work.0");
    assert_eq!((&status["state"], &status["starts"]), (&"ended".into(), &2.into()), "{status}");
    assert_eq!(status["last_end"], "exit code 0");
}

#[test]
fn jobs_wait_for_a_program_that_cannot_be_started() {
    let host = Host::forgetful();
    let client = &mut host.client();
    let program = |command: &str| {
        host.file(&format!("[program.work]\ntube = \"work\"\ncommand = \"{command}\"\nmax_tries = 1\n"))
    };
    let mut supervisor = Supervisor::start(&program("/no/such/program"));
    put(client, b"");
    supervisor.wait_for("cannot be started");
    let deadline = Instant::now() + DEADLINE;
    loop {
        let status = supervisor.status("work");
        let end = status["last_end"].as_str().unwrap_or_default();
        if status["state"] == "waiting" && end.starts_with("not started: ") {
            break;
        }
        assert!(Instant::now() < deadline, "{status}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    supervisor.wait_for("cannot be started");
    supervisor.write(&program("true"));
    supervisor.ask(&["reload"]);
    wait_until_empty(client);
    assert_eq!(supervisor.status("work")["state"], "idle");
}

#[test]
fn restarts_take_no_try_from_any_job() {
    let (host, record) = (Host::forgetful(), Record::new());
    let client = &mut host.client();
    let bodies: Vec<String> = (0..1000).map(|number| format!("fail {number}")).collect();
    let program = recorded(&record, "processes = 4\nprefetch = 4\nmax_tries = 2");
    let supervisor = Supervisor::start(&host.file(&program));
    for part in bodies.chunks(250) {
        client.put_all(part, &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
        supervisor.ask(&["restart", "work"]);
    }
    wait_for(client, "current-jobs-buried", 1000);
    assert_eq!(begun(&record), bodies.into_iter().map(|body| (body, 2)).collect());
}
