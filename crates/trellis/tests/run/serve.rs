//! `trellis run --serve`: server and supervisor in one process, from its start to its end, whatever that is.

use std::fs;
use std::path::Path;

use rustix::process::{Resource, Rlimit, Signal, prlimit};
use tempfile::TempDir;
use trellis_tube_client::PutOptions;
use trellis_tube_client::blocking::Client;

use crate::jobs::{STREAM, wait_for};
use crate::supervisor::{Supervisor, text, trellis, wait_until_gone, write_file};

/// The settings of servers whose ports the system chooses.
const SETTINGS: &str = "beanstalk = \"127.0.0.1:0\"\nzookeeper = \"127.0.0.1:0\"\ndata-dir = \"data\"\n";
const SERVE: [&str; 2] = ["--serve", "trellis.toml"];
const SLEEPER: &str = "[program.sleeper]\ncommand = \"sleep 1000\"\n";

/// A folder with both files.
fn folder(settings: &str, file: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("trellis.toml"), settings).expect("it can be written");
    write_file(folder.path(), file);
    folder
}

fn start(file: &str) -> Supervisor {
    Supervisor::start_in(folder(SETTINGS, file), &SERVE)
}

/// A client of the server that runs in that process.
fn client(supervisor: &mut Supervisor) -> Client {
    let line = supervisor.wait_for("listening protocol=beanstalk");
    let address = line.rsplit_once("address=").expect("an address").1.trim_matches('"').to_owned();
    let mut client = Client::new(address.parse().expect("an address"));
    client.use_tube("work").expect("it answers");
    client
}

fn put(client: &mut Client, body: &[u8]) -> u64 {
    client.put(body, &PutOptions::default()).expect("it is put").id
}

/// A shell program.
fn shell(name: &str, script: &str, more: &str) -> String {
    format!("[program.{name}]\ncommand = [\"sh\", \"-c\", '''{script}''']\n{more}\n")
}

/// What `trellis run` says with these files, and its exit code; it must not run.
fn refusal(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = trellis(folder, arguments).output().expect("it runs");
    (output.status.code().expect("it ended by itself"), text(&output.stderr))
}

#[test]
fn jobs_go_through_programs_of_both_kinds_and_a_singleton_runs() {
    let name = env!("CARGO_BIN_EXE_trellis");
    let mail = format!("tube = \"mail\"\nenvironment = {{ TRELLIS = {name:?} }}");
    let mut supervisor = start(&format!(
        "[program.work]\ntube = \"work\"\n{STREAM}{}{}",
        // It puts a job for the other one, and knows no address but by the variable.
        shell(
            "mail",
            "read body; \"$TRELLIS\" tube put --tube work \"$body\"; \"$TRELLIS\" zk ls /trellis",
            &mail
        ),
        shell("leader", "echo this one leads; exec sleep 1000", "singleton = true"),
    ));
    let client = &mut client(&mut supervisor);
    supervisor.wait_for("leader.0 | this one leads");
    client.use_tube("mail").expect("it answers");
    put(client, b"done\n");
    supervisor.wait_for("mail.0 | [singletons]");
    client.use_tube("work").expect("it answers");
    wait_for(client, "cmd-delete", 1);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
}

#[test]
fn programs_end_before_the_server_and_the_next_start_has_all_jobs() {
    let script = "trap '\"$TRELLIS\" tube put --tube work good-bye; exit' TERM; echo here; while :; do sleep 0.01; done";
    let name = env!("CARGO_BIN_EXE_trellis");
    let mut supervisor = start(&shell("polite", script, &format!("environment = {{ TRELLIS = {name:?} }}")));
    supervisor.wait_for("polite.0 | here");
    supervisor.signal(Signal::TERM);
    // While it ends, the server still takes its job.
    supervisor.wait_for("polite.0 | 1");
    supervisor.wait_for("ended process=polite.0");
    supervisor.wait_for("INFO stopped");
    supervisor.wait_for("the server has stopped");
    assert_eq!(supervisor.end().code(), Some(0));
    let mut again = Supervisor::start_in(supervisor.into_folder(), &SERVE);
    let client = &mut client(&mut again);
    wait_for(client, "current-jobs-ready", 1);
}

#[test]
fn who_has_stopped_it_can_start_it_again_at_once() {
    let supervisor = start(SLEEPER);
    supervisor.ask(&["start"]);
    supervisor.ask(&["stop"]);
    // The directory is free, though nobody has waited for the process.
    let again =
        trellis(supervisor.folder(), &["--serve", "trellis.toml", "--daemon"]).output().expect("it runs");
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(supervisor.status("sleeper")["state"], "running");
    supervisor.ask(&["stop"]);
}

#[test]
fn when_it_is_killed_nothing_stays_and_no_job_is_lost() {
    let mut supervisor = start(&format!("[program.work]\ntube = \"work\"\n{STREAM}processes = 2\n"));
    let mut before = client(&mut supervisor);
    put(&mut before, b"hold");
    supervisor.wait_for("holds 1");
    before.use_tube("other").expect("it answers");
    let bodies = vec![b"more"; 100];
    before.put_all(&bodies, &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    let pids = ["work.0", "work.1"].map(|name| supervisor.pid_of(name));
    supervisor.signal(Signal::KILL);
    supervisor.end();
    pids.into_iter().for_each(wait_until_gone);
    let mut again = Supervisor::start_in(supervisor.into_folder(), &SERVE);
    again.wait_for("holds 1");
    let mut after = client(&mut again);
    let other = after.stats_tube("other").expect("it answers").expect("it is there");
    assert_eq!(other.number("current-jobs-ready"), Some(100));
}

#[test]
fn the_end_of_the_server_is_the_end_of_all() {
    let mut supervisor = start(&shell(
        "polite",
        "trap 'echo good-bye; exit' TERM; echo here; while :; do sleep 0.01; done",
        "",
    ));
    let mut client = client(&mut supervisor);
    supervisor.wait_for("polite.0 | here");
    // Nothing more can be written.
    let nothing = Rlimit { current: Some(1), maximum: Some(1) };
    prlimit(Some(supervisor.pid()), Resource::Fsize, nothing).expect("it is ours");
    assert!(client.put(b"lost", &PutOptions::default()).is_err());
    supervisor.wait_for("the server has failed, so everything is stopped");
    supervisor.wait_for("polite.0 | good-bye");
    assert_eq!(supervisor.end().code(), Some(5));
    supervisor.wait_for("error: writing");
}

#[test]
fn the_wrong_file_in_the_wrong_place_is_told_apart() {
    let folder = folder(SETTINGS, SLEEPER);
    let config = "`trellis run --config workers.toml";
    for arguments in [&["workers.toml"][..], &["--serve", "trellis.toml", "workers.toml"]] {
        let (code, message) = refusal(folder.path(), arguments);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains(&format!("tip: {config}`\n")), "{message}");
    }
    let (code, message) = refusal(folder.path(), &["--serve", "workers.toml"]);
    assert_eq!(code, 2, "{message}");
    assert!(message.contains(&format!("{config} --serve`")), "{message}");
    let (_, message) = refusal(folder.path(), &["restat"]);
    assert!(message.contains("'restart'"), "{message}");
}

#[test]
fn what_is_wrong_is_told_before_anything_is_started() {
    let other = format!("[server]\nbeanstalk = \"queue.example:11300\"\n{SLEEPER}");
    let tube = format!("{SLEEPER}tube = \"work\"\n");
    let off = SETTINGS.replace("beanstalk = \"127.0.0.1:0\"", "beanstalk = \"off\"");
    for (settings, file, wanted) in [
        ("durability = \"srict\"\n", SLEEPER, "\"srict\" is not one of strict, interval, memory"),
        ("user = \"nobody\"\n", SLEEPER, "the setting user cannot be used with --serve"),
        (SETTINGS, &other, "workers.toml:2: server.beanstalk: \"queue.example:11300\" is another server"),
        (&off, &tube, "workers.toml:3: program.sleeper.tube: it needs beanstalkd's protocol"),
    ] {
        let folder = folder(settings, file);
        for arguments in [&["--serve", "trellis.toml"][..], &["--check", "--serve", "trellis.toml"]] {
            let (code, message) = refusal(folder.path(), arguments);
            assert!(code == 2 && message.contains(wanted), "{code}: {message}");
        }
        assert!(!folder.path().join("data").exists());
    }
    let folder = folder(SETTINGS, SLEEPER);
    let (code, message) = refusal(folder.path(), &["--serve", "no-such-file"]);
    assert!(code == 2 && message.contains("no-such-file"), "{code}: {message}");
    let right = trellis(folder.path(), &["--check", "--serve", "trellis.toml"]).output().expect("it runs");
    assert!(right.status.success(), "{}", text(&right.stderr));
}

#[test]
fn a_directory_serves_one_at_a_time() {
    let mut supervisor = start(SLEEPER);
    let data = supervisor.folder().join("data");
    let settings = SETTINGS.replace("data-dir = \"data\"", &format!("data-dir = {data:?}"));
    let second = folder(&settings, &shell("started", "echo started", ""));
    let (code, message) = refusal(second.path(), &SERVE);
    assert!(code == 5 && message.contains("is in use by another server"), "{code}: {message}");
    assert!(!message.contains("process=started"), "{message}");
    let (code, message) = refusal(second.path(), &["--serve", "trellis.toml", "--daemon"]);
    assert!(code == 5 && message.contains("is in use by another server"), "{code}: {message}");
    put(&mut client(&mut supervisor), b"still here");
}

#[test]
fn a_changed_file_keeps_the_server() {
    let mut supervisor = start(SLEEPER);
    supervisor.write(&format!("[server]\nzookeeper = \"a.example:2181\"\n{SLEEPER}"));
    let refused = supervisor.command(&["reload"]);
    assert!(text(&refused.stderr).contains("is another server than the one that --serve starts"));
    supervisor.write(&format!("{SLEEPER}{}", shell("mail", "echo mail for $(cat)", "tube = \"work\"")));
    supervisor.ask(&["reload"]);
    put(&mut client(&mut supervisor), b"anna");
    supervisor.wait_for("mail.0 | mail for anna");
}
