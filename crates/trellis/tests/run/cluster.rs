//! Two supervisors that share a server: who runs a singleton, who takes over, and who runs a tick.

use rustix::process::Signal;
use trellis_zk_client::blocking::{Wait, connect};
use trellis_zk_client::{Client, Settings};

use crate::host::Host;
use crate::relay::{Mood, Relay};
use crate::server::Server;
use crate::supervisor::{Supervisor, wait_until_gone};

/// A session of the test's own.
fn client(server: &Server) -> Client {
    connect(&Settings::new(&server.address).expect("an address")).expect("it answers")
}

/// A file with one singleton.
fn singleton(server: &Server, script: &str, more: &str) -> String {
    singleton_at(&server.address, script, more)
}

/// The same with a server at this address.
fn singleton_at(address: &str, script: &str, more: &str) -> String {
    format!(
        "[server]\nzookeeper = \"{address}\"\nsession_timeout = \"4s\"\nroot = \"/shop/workers\"\n\
         [program.one]\ncommand = [\"sh\", \"-c\", \"{script}\"]\nsingleton = true\n{more}\n"
    )
}

/// A schedule of which no tick may be lost.
const EACH_SECOND: &str = "schedule = \"* * * * * *\"\nmissed = \"all\"";

/// Says which tick it is run for.
const TELLS_TICK: &str = "echo run of $TRELLIS_TICK";

/// The tick of which a line tells.
fn tick(line: &str) -> jiff::Timestamp {
    line.rsplit([' ', '=']).next().expect("a word").parse().expect("a time")
}

/// The ticks that were run and that nobody has waited for; the supervisors are ended.
fn rest_of_ticks(supervisor: &mut Supervisor) -> Vec<jiff::Timestamp> {
    supervisor.signal(Signal::TERM);
    supervisor.end();
    supervisor.rest().iter().filter(|line| line.contains("one.0 | run of ")).map(|line| tick(line)).collect()
}

/// Waits until a machine has given up a tick, of which nobody knows whose it is.
fn given_up(supervisor: &mut Supervisor) -> jiff::Timestamp {
    tick(&supervisor.wait_for("given up before it began: the tick counts as missed process=one.0"))
}

#[track_caller]
fn assert_once(mut ticks: Vec<jiff::Timestamp>) {
    ticks.sort_unstable();
    assert!(ticks.windows(2).all(|pair| pair[0] != pair[1]), "one was run twice: {ticks:?}");
}

const STAYS: &str = "echo here; exec sleep 1000";

/// Two supervisors with the same file; the first one runs the singleton.
fn pair(file: &str) -> (Supervisor, Supervisor) {
    let mut first = Supervisor::start(file);
    first.wait_for("one.0 | here");
    let second = Supervisor::start(file);
    second.wait_for_state("one", "elsewhere");
    (first, second)
}

#[test]
fn another_machine_takes_over_from_one_that_is_killed() {
    let server = Server::start();
    let (mut first, mut second) = pair(&singleton(&server, STAYS, ""));
    let pid = first.pid_of("one.0");
    first.signal(Signal::KILL);
    first.end();
    wait_until_gone(pid);
    second.wait_for("one.0 | here");
    assert_eq!(second.status("one")["state"], "running");
}

#[test]
fn another_machine_takes_over_at_once_from_one_that_ends() {
    let server = Server::start();
    let (mut first, mut second) = pair(&singleton(&server, STAYS, ""));
    // Stopped by hand, it is another machine's; when that ends, it comes back.
    let pid = first.pid_of("one.0");
    first.ask(&["stop", "one"]);
    wait_until_gone(pid);
    second.wait_for("one.0 | here");
    assert_eq!(first.status("one")["state"], "stopped");
    first.ask(&["start", "one"]);
    first.wait_for_state("one", "elsewhere");
    second.signal(Signal::TERM);
    assert_eq!(second.end().code(), Some(0));
    first.wait_for("one.0 | here");
}

#[test]
fn what_failed_too_often_on_one_machine_is_left_to_another() {
    let server = Server::start();
    let give_up =
        "backoff = { first = \"10ms\", max = \"10ms\" }\ngive_up = { failures = 2, within = \"1m\" }";
    let mut first = Supervisor::start(&singleton(&server, "exit 3", give_up));
    let second = Supervisor::start(&singleton(&server, STAYS, ""));
    first.wait_for("failed too often, and is tried no more process=one.0");
    second.wait_for_state("one", "running");
    let one = first.status("one");
    let wanted = ("failed".into(), 2.into(), "exit code 3".into());
    assert_eq!((&one["state"], &one["starts"], &one["last_end"]), (&wanted.0, &wanted.1, &wanted.2));
    // It stands for election again when somebody wants it to.
    first.ask(&["start", "one"]);
    first.wait_for_state("one", "elsewhere");
    drop(second);
    first.wait_for("failed too often, and is tried no more process=one.0");
    first.wait_for("left to other machines");
    first.wait_for_state("one", "failed");
}

#[test]
fn without_a_server_it_is_run_nowhere() {
    let server = Server::start();
    let file = singleton(&server, STAYS, "");
    let mut first = Supervisor::start(&file);
    first.wait_for("one.0 | here");
    let pid = first.pid_of("one.0");
    drop(server);
    first.wait_for("stopped, since there is no word from the servers");
    wait_until_gone(pid);
    first.wait_for_state("one", "waiting");
    first.wait_for("nothing can be agreed on with other machines: none of the servers can be reached");
    let one = first.status("one");
    let text = one["text"].as_str().expect("a text");
    assert!(text.starts_with("none of the servers can be reached (127.0.0.1:"), "{text}");
    // Nor does it hinder the end.
    first.signal(Signal::TERM);
    assert_eq!(first.end().code(), Some(0));
}

#[test]
fn who_has_lost_a_session_stands_for_election_once_again() {
    let mut host = Host::forgetful();
    let mut supervisor = Supervisor::start(&host.file(
        "[program.one]\ncommand = [\"sh\", \"-c\", \"echo here; exec sleep 1000\"]\nsingleton = true\n",
    ));
    supervisor.wait_for("one.0 | here");
    host.kill();
    supervisor.wait_for("standing for election again");
    supervisor.wait_for("WARN nothing can be agreed on");
    host.revive();
    supervisor.wait_for("INFO a server can be reached");
    supervisor.wait_for("one.0 | here");
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.end().code(), Some(0));
    let rest = supervisor.rest();
    let again =
        |line: &String| line.contains("standing for election") || line.contains("nothing can be agreed");
    assert!(!rest.iter().any(again), "{rest:#?}");
}

#[test]
fn a_tick_is_run_once_by_all_machines_together() {
    let server = Server::start();
    let file = singleton(&server, TELLS_TICK, EACH_SECOND);
    let mut first = Supervisor::start(&file);
    // It is elected before the other one stands.
    first.wait_for("this machine runs it");
    let mut second = Supervisor::start(&file);
    let wait = |supervisor: &mut Supervisor| tick(&supervisor.wait_for("one.0 | run of "));
    let mut ticks = vec![wait(&mut first), wait(&mut first)];
    second.wait_for_state("one", "elsewhere");
    first.signal(Signal::KILL);
    first.end();
    let told = first.rest();
    ticks.extend(told.iter().filter(|line| line.contains("one.0 | run of ")).map(|line| tick(line)));
    ticks.extend([wait(&mut second), wait(&mut second)]);
    assert_once(ticks);
}

/// Has the servers fall silent between two ticks, and only then forward again when one was given up.
fn tick_in_silence(mood: Mood) {
    let server = Server::start();
    let relay = Relay::start(&server.address);
    let mut supervisor = Supervisor::start(&singleton_at(&relay.address, TELLS_TICK, EACH_SECOND));
    let mut ticks = vec![tick(&supervisor.wait_for("one.0 | run of "))];
    relay.set(mood);
    let given_up = given_up(&mut supervisor);
    relay.set(Mood::Forwarding);
    for at in [given_up, given_up + jiff::SignedDuration::from_secs(1)] {
        ticks.push(tick(&supervisor.wait_for(&format!("one.0 | run of {at}"))));
    }
    ticks.extend(rest_of_ticks(&mut supervisor));
    assert_once(ticks);
}

#[test]
fn a_tick_that_comes_as_the_servers_fall_silent_is_made_up_for() {
    tick_in_silence(Mood::Silent);
}

#[test]
fn a_tick_whose_answer_is_lost_is_made_up_for() {
    tick_in_silence(Mood::Deaf);
}

#[test]
fn a_tick_that_one_machine_gives_up_is_run_by_another_and_only_there() {
    let server = Server::start();
    let relay = Relay::start(&server.address);
    let mut first = Supervisor::start(&singleton_at(&relay.address, TELLS_TICK, EACH_SECOND));
    first.wait_for("this machine runs it");
    let mut second = Supervisor::start(&singleton(&server, TELLS_TICK, EACH_SECOND));
    second.wait_for_state("one", "elsewhere");
    let mut ticks = vec![tick(&first.wait_for("one.0 | run of "))];
    relay.set(Mood::Silent);
    let given_up = given_up(&mut first);
    ticks.push(tick(&second.wait_for(&format!("one.0 | run of {given_up}"))));
    relay.set(Mood::Forwarding);
    first.wait_for_state("one", "elsewhere");
    ticks.extend(rest_of_ticks(&mut second));
    // It comes back, and heeds what was run meanwhile.
    first.wait_for("this machine runs it");
    first.wait_for_state("one", "scheduled");
    let now = jiff::Timestamp::now();
    while *ticks.last().expect("one") <= now {
        ticks.push(tick(&first.wait_for("one.0 | run of ")));
    }
    ticks.extend(rest_of_ticks(&mut first));
    assert_once(ticks);
}

#[test]
fn a_tick_that_another_clock_has_left_ahead_stops_nothing() {
    let server = Server::start();
    let ahead = "/shop/workers/ticks/one/one@2099-01-01T00:00:00Z";
    client(&server).ensure_path(ahead).wait().expect("it is created");
    let file = singleton(&server, TELLS_TICK, "schedule = \"* * * * * *\"");
    let mut supervisor = Supervisor::start(&file);
    supervisor.wait_for("its time is yet to come");
    supervisor.wait_for("one.0 | run of ");
}

#[test]
fn other_servers_hold_another_election() {
    let (old, new) = (Server::start(), Server::start());
    let mut supervisor = Supervisor::start(&singleton(&old, STAYS, ""));
    supervisor.wait_for("one.0 | here");
    let pid = supervisor.pid_of("one.0");
    supervisor.write(&singleton(&new, STAYS, ""));
    supervisor.ask(&["reload"]);
    wait_until_gone(pid);
    supervisor.wait_for("one.0 | here");
    // Those who still have the old file run it, and those with the new one don't.
    let mut behind = Supervisor::start(&singleton(&old, STAYS, ""));
    behind.wait_for("one.0 | here");
    let with_it = Supervisor::start(&singleton(&new, STAYS, ""));
    with_it.wait_for_state("one", "elsewhere");
    assert_eq!(supervisor.status("one")["state"], "running");
}

#[test]
fn ticks_are_agreed_on_through_other_servers() {
    let (old, new) = (Server::start(), Server::start());
    let file = |server: &Server| singleton(server, TELLS_TICK, "schedule = \"* * * * * *\"");
    let mut supervisor = Supervisor::start(&file(&old));
    supervisor.wait_for("one.0 | run of ");
    supervisor.write(&file(&new));
    supervisor.ask(&["reload"]);
    drop(old);
    // Twice: by the old servers, and by the new ones.
    supervisor.wait_for("this machine runs it");
    supervisor.wait_for("this machine runs it");
    let second = Supervisor::start(&file(&new));
    second.wait_for_state("one", "elsewhere");
    let now = jiff::Timestamp::now();
    while tick(&supervisor.wait_for("one.0 | run of ")) <= now {}
}

#[test]
fn what_comes_back_or_becomes_something_else_is_elected_anew() {
    let server = Server::start();
    // It takes its time to end, so that it still runs when it comes back.
    let stubborn = "trap '' TERM; echo here; while :; do sleep 1000; done";
    let file = singleton(&server, stubborn, "stop = { timeout = \"1s\" }");
    let mut supervisor = Supervisor::start(&file);
    supervisor.wait_for("one.0 | here");
    let without = file.replace("program.one", "program.other").replace("echo here", "echo there");
    supervisor.write(&without);
    supervisor.ask(&["reload"]);
    supervisor.wait_for("other.0 | there");
    supervisor.write(&file);
    supervisor.ask(&["reload"]);
    supervisor.wait_for("one.0 | here");
    supervisor.write(&singleton(&server, TELLS_TICK, "schedule = \"* * * * * *\""));
    supervisor.ask(&["reload"]);
    supervisor.wait_for("one.0 | run of ");
    // No singleton any more, it needs no server.
    let everywhere = singleton(&server, STAYS, "").replace("singleton = true", "");
    supervisor.write(&everywhere);
    supervisor.ask(&["reload"]);
    supervisor.wait_for("one.0 | here");
    let pid = supervisor.pid_of("one.0");
    drop(server);
    supervisor.ask(&["start", "one"]);
    assert_eq!(supervisor.pid_of("one.0"), pid);
}
