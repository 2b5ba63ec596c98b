//! What the commands say of programs whose processes run for one job each.

use std::time::Instant;

use rustix::process::Signal;
use trellis_tube_client::PutOptions;

use crate::jobs::{Server, wait_for};
use crate::supervisor::{DEADLINE, Supervisor, wait_until_gone};

#[test]
fn processes_of_jobs_are_seen_and_signalled() {
    let server = Server::start();
    let client = &mut server.client();
    let mut supervisor = Supervisor::start(&server.file(
        "command = [\"sh\", \"-c\", \"trap 'exit 0' USR1; echo begun; while :; do read line < fifo & wait $!; done\"]\n\
         processes = { min = 0, max = 4 }\n",
    ));
    assert_eq!(supervisor.status("work")["state"], "idle");
    let _fifo = trellis_unix::fifo::Fifo::create(supervisor.folder().join("fifo"), 0o600).expect("a pipe");
    for _ in 0..2 {
        client.put(b"", &PutOptions::default()).expect("it is put");
        supervisor.wait_for("| begun");
    }
    assert_eq!(supervisor.status("work")["state"], "working 2");
    assert_eq!(supervisor.status("work.1")["state"], "running");
    assert!(supervisor.ask(&["status"]).contains("work.0"));
    assert!(supervisor.ask(&["logs", "work"]).contains("begun"));
    assert!(supervisor.ask(&["signal", "USR1", "work.0"]).contains("sent to 1 process"));
    wait_for(client, "cmd-delete", 1);
    assert!(supervisor.ask(&["signal", "USR1", "work"]).contains("sent to 1 process"));
    wait_for(client, "cmd-delete", 2);
    let deadline = Instant::now() + DEADLINE;
    while supervisor.status("work")["state"] != "idle" {
        assert!(Instant::now() < deadline, "{}", supervisor.status("work"));
    }
    assert_eq!(supervisor.status("work")["text"], "jobs: 2 done, 0 not done");
}

#[test]
fn the_end_waits_for_what_is_killed_and_ends_what_that_leaves_behind() {
    let server = Server::start();
    let client = &mut server.client();
    // Nothing about what it starts says whose that is.
    let mut supervisor = Supervisor::start(&server.file(
        "command = [\"sh\", \"-c\", \"trap '' TERM; env -i setsid sleep 1000 & echo left $!; sleep 1000\"]\n\
         stop = { timeout = \"100ms\" }\n",
    ));
    client.put(b"", &PutOptions::default()).expect("it is put");
    let left = supervisor.wait_for("| left ");
    let left = left.rsplit(' ').next().and_then(|pid| pid.parse().ok());
    let left = left.and_then(rustix::process::Pid::from_raw).expect("a pid");
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.end().code(), Some(0));
    wait_until_gone(left);
    wait_for(client, "current-jobs-ready", 1);
}
