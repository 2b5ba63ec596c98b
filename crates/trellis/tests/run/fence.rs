//! The guardian: what becomes of programs while the supervisor can do nothing, and after its end, whatever has happened to
//! the guardian itself.

use rustix::process::{Signal, kill_process};

use crate::server::Server;
use crate::supervisor::{Supervisor, wait_until_gone};

/// A singleton that says whether it is the only one; the one that does so is in a session of its own.
fn alone(server: &Server, lock: &tempfile::NamedTempFile) -> String {
    format!(
        "[server]\nzookeeper = \"{}\"\nsession_timeout = \"4s\"\n\
         [program.one]\ncommand = [\"sh\", \"-c\", 'setsid \"$0\" \"$@\" & wait', HELPER]\n\
         environment = {{ DO = \"alone\", LOCK = {:?} }}\nsingleton = true\n",
        server.address,
        lock.path()
    )
}

/// Kills the guardian, and waits for another one.
fn kill_guardian(supervisor: &mut Supervisor) {
    kill_process(supervisor.guardian(), Signal::KILL).expect("it is there");
    supervisor.wait_for("the guardian is gone; another one takes its place");
    supervisor.wait_for("there is a guardian again");
}

/// Stops the guardian, and waits for another one.
fn stop_guardian(supervisor: &mut Supervisor) {
    let guardian = supervisor.guardian();
    kill_process(guardian, Signal::STOP).expect("it is there");
    supervisor.wait_for("the guardian was stopped, and is killed for it");
    supervisor.wait_for("there is a guardian again");
    wait_until_gone(guardian);
}

/// Has two supervisors run a singleton, one after the other, where the first one is stopped, and not killed.
fn stop_and_continue(mut first: Supervisor, file: &str) {
    let pid = first.pid_of("one.0");
    let mut second = Supervisor::start(file);
    second.wait_for_state("one", "elsewhere");
    first.signal(Signal::STOP);
    second.wait_for("is alone");
    // It has not come back to life to say so.
    first.wait_for("killed by the guardian");
    wait_until_gone(pid);
    first.signal(Signal::CONT);
    first.wait_for("ended process=one.0");
    first.wait_for_state("one", "elsewhere");
    assert_eq!(second.status("one")["state"], "running");
    for supervisor in [&mut first, &mut second] {
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.end().code(), Some(0));
        let rest = supervisor.rest();
        assert!(!rest.iter().any(|line| line.contains("is not the only one")), "{rest:#?}");
    }
}

#[test]
fn a_singleton_of_a_supervisor_that_is_stopped_is_dead_when_another_runs_it() {
    let (server, lock) = (Server::start(), tempfile::NamedTempFile::new().expect("a file"));
    let file = alone(&server, &lock);
    let mut first = Supervisor::start(&file);
    first.wait_for("is alone");
    stop_and_continue(first, &file);
}

#[test]
fn a_guardian_that_follows_another_kills_it_just_so() {
    let (server, lock) = (Server::start(), tempfile::NamedTempFile::new().expect("a file"));
    let file = alone(&server, &lock);
    let mut first = Supervisor::start(&file);
    first.wait_for("is alone");
    kill_guardian(&mut first);
    stop_and_continue(first, &file);
}

#[test]
fn a_guardian_that_is_stopped_is_replaced_by_one_that_kills_it_just_so() {
    let (server, lock) = (Server::start(), tempfile::NamedTempFile::new().expect("a file"));
    let file = alone(&server, &lock);
    let mut first = Supervisor::start(&file);
    first.wait_for("is alone");
    stop_guardian(&mut first);
    stop_and_continue(first, &file);
}

#[test]
fn what_the_guardian_kills_has_not_failed() {
    let (server, lock) = (Server::start(), tempfile::NamedTempFile::new().expect("a file"));
    let more = "restart = \"on-failure\"\ngive_up = { failures = 1, within = \"1m\" }\n";
    let mut supervisor = Supervisor::start(&(alone(&server, &lock) + more));
    supervisor.wait_for("is alone");
    supervisor.signal(Signal::STOP);
    supervisor.wait_for("killed by the guardian");
    supervisor.signal(Signal::CONT);
    supervisor.wait_for("is alone");
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.end().code(), Some(0));
    let rest = supervisor.rest();
    assert!(!rest.iter().any(|line| line.contains("failed too often")), "{rest:#?}");
}

#[test]
fn what_runs_on_several_machines_lives_while_the_supervisor_is_stopped() {
    let server = Server::start();
    let file = |singleton: bool| {
        format!(
            "[server]\nzookeeper = \"{}\"\nsession_timeout = \"1s\"\n[program.one]\ncommand = \"sleep 1000\"\n\
             [program.two]\ncommand = \"sleep 1001\"\nsingleton = {singleton}\n\
             [program.three]\ncommand = [\"sh\", \"-c\", \"echo here; exec sleep 1000\"]\nsingleton = true\n",
            server.address
        )
    };
    let mut first = Supervisor::start(&file(true));
    first.wait_for("started process=two.0");
    first.wait_for("three.0 | here");
    let pids = [first.pid_of("one.0"), first.pid_of("two.0")];
    // What is one no longer may live on, and is not started anew for it.
    first.write(&file(false));
    first.ask(&["reload"]);
    first.wait_for("left to other machines program=\"two\"");
    let mut second = Supervisor::start(&file(false));
    first.signal(Signal::STOP);
    second.wait_for("three.0 | here");
    first.signal(Signal::CONT);
    first.wait_for("ended process=three.0");
    assert_eq!([first.pid_of("one.0"), first.pid_of("two.0")], pids);
}

#[test]
fn a_guardian_that_follows_another_ends_what_is_left() {
    let mut supervisor = Supervisor::start(
        "[program.a]\ncommand = [\"sh\", \"-c\", \"setsid sh -c 'echo left $$; exec sleep 1000' & exec sleep 1000\"]\n",
    );
    let left = supervisor.wait_for("a.0 | left ");
    let left = left.rsplit(' ').next().and_then(|pid| pid.parse().ok());
    let left = left.and_then(rustix::process::Pid::from_raw).expect("a pid");
    let program = supervisor.pid_of("a.0");
    for _ in 0..2 {
        kill_guardian(&mut supervisor);
    }
    let status: serde_json::Value =
        serde_json::from_str(&supervisor.ask(&["status", "--json"])).expect("JSON");
    assert_eq!(status["unguarded"], false);
    let guardian = supervisor.guardian();
    supervisor.signal(Signal::KILL);
    supervisor.end();
    [program, left, guardian].into_iter().for_each(wait_until_gone);
}
