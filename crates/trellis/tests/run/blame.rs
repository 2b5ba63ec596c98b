//! Jobs whose workers are killed because they may not run any longer: that is no fault of the jobs', so it counts no try,
//! and none of them is buried.

use rustix::process::Signal;

use crate::host::Host;
use crate::jobs::{STREAM, put, wait_for, wait_for_in};
use crate::server::Server;
use crate::supervisor::{Supervisor, wait_until_gone};

/// A program whose jobs are buried when they fail once. It has more time for them than anybody waits here.
fn workers() -> String {
    format!(
        "[program.work]\ntube = \"work\"\n{STREAM}processes = 1\nmax_tries = 1\nstop = {{ timeout = \"1h\" }}\n"
    )
}

/// The same for one that is a singleton by these servers.
fn singleton(host: &Host, zookeeper: &str) -> String {
    format!(
        "[server]\nbeanstalk = \"{}\"\nzookeeper = \"{zookeeper}\"\nsession_timeout = \"4s\"\n{}singleton = true\n",
        host.beanstalk(),
        workers()
    )
}

#[test]
fn the_second_signal_kills_and_buries_nothing() {
    let host = Host::forgetful();
    let client = &mut host.client();
    let mut supervisor = Supervisor::start(&host.file(&format!(
        "{}[program.exec]\ntube = \"exec\"\ncommand = [\"sh\", \"-c\", \"trap '' TERM; echo begun; sleep 1000\"]\n\
         max_tries = 1\nstop = {{ timeout = \"1h\" }}\n",
        workers()
    )));
    put(client, b"hold");
    client.use_tube("exec").expect("it answers");
    put(client, b"");
    supervisor.wait_for("holds 1");
    supervisor.wait_for("| begun");
    supervisor.signal(Signal::TERM);
    supervisor.wait_for("INFO stopping");
    supervisor.signal(Signal::TERM);
    supervisor.wait_for("as this was the second time");
    assert_eq!(supervisor.end().code(), Some(0));
    for tube in ["work", "exec"] {
        wait_for_in(client, tube, "current-jobs-ready", 1);
    }
}

#[test]
fn a_singleton_without_word_gives_its_job_back() {
    let (host, server) = (Host::forgetful(), Server::start());
    let client = &mut host.client();
    let mut supervisor = Supervisor::start(&singleton(&host, &server.address));
    put(client, b"hold");
    supervisor.wait_for("holds 1");
    let pid = supervisor.pid_of("work.0");
    drop(server);
    wait_until_gone(pid);
    wait_for(client, "current-jobs-ready", 1);
}

#[test]
fn the_job_of_a_singleton_that_the_guardian_kills_is_begun_again() {
    let host = Host::forgetful();
    let client = &mut host.client();
    let mut supervisor = Supervisor::start(&singleton(&host, host.zookeeper()));
    put(client, b"hold");
    supervisor.wait_for("holds 1");
    let pid = supervisor.pid_of("work.0");
    supervisor.signal(Signal::STOP);
    wait_until_gone(pid);
    supervisor.signal(Signal::CONT);
    supervisor.wait_for("holds 1");
}
