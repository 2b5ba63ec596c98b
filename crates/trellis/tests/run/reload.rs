//! What a changed file means for jobs: those that are worked on are finished by the old rules, and all others are done by the
//! new ones.

use std::io::Write;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use trellis_tube_client::PutOptions;
use trellis_tube_client::blocking::Client;
use trellis_unix::fifo::Fifo;

use crate::jobs::{STREAM, Server, put, wait_for, wait_for_in};
use crate::supervisor::Supervisor;

/// A process for each job; one with the body `hold` or `hold-too` waits until something is written into its pipe.
fn exec(folder: &Path) -> String {
    format!(
        "command = [\"sh\", \"-c\", \"read body; echo begun $body; [ ! -p $0/$body ] || read line < $0/$body; echo ended $body\", \"{}\"]\n\
         processes = {{ min = 0, max = 2 }}\nstop = {{ timeout = \"1h\" }}\n",
        folder.display()
    )
}

/// A pipe for each job that waits: of two that read the same one, either may get what is meant for the other.
struct Pipes(tempfile::TempDir);

impl Pipes {
    fn new() -> Pipes {
        let folder = tempfile::tempdir().expect("a folder");
        for body in ["hold", "hold-too"] {
            Fifo::create(folder.path().join(body), 0o600).expect("a pipe");
        }
        Pipes(folder)
    }

    fn exec(&self) -> String {
        exec(self.0.path())
    }

    fn let_go(&self, body: &str) {
        let pipe = Fifo::existing(self.0.path().join(body)).expect("a pipe");
        pipe.waiting_writer().expect("somebody reads").write_all(b"go on\n").expect("somebody reads");
    }
}

fn put_into(client: &mut Client, tube: &str, body: &[u8]) {
    client.use_tube(tube).expect("it answers");
    put(client, body);
    client.use_tube("work").expect("it answers");
}

fn reload(supervisor: &Supervisor, file: &str) {
    supervisor.write(file);
    supervisor.ask(&["reload"]);
}

#[test]
fn another_tube_is_followed_while_a_job_of_the_old_one_is_finished() {
    let (server, pipes) = (Server::start(), Pipes::new());
    let client = &mut server.client();
    let file = server.file(&pipes.exec());
    let mut supervisor = Supervisor::start(&file);
    put(client, b"hold\n");
    supervisor.wait_for("begun hold");
    reload(&supervisor, &file.replace("tube = \"work\"", "tube = \"other\""));
    put_into(client, "other", b"new\n");
    supervisor.wait_for("ended new");
    put(client, b"old\n");
    pipes.let_go("hold");
    supervisor.wait_for("ended hold");
    wait_for(client, "cmd-delete", 1);
    // Both places have moved, and nobody has connections for the old tube.
    wait_for(client, "current-watching", 0);
    wait_for(client, "current-jobs-ready", 1);
    for body in ["hold", "hold-too"] {
        put_into(client, "other", format!("{body}\n").as_bytes());
        supervisor.wait_for(&format!("begun {body}"));
    }
    pipes.let_go("hold");
    pipes.let_go("hold-too");
    wait_for_in(client, "other", "cmd-delete", 3);
}

#[test]
fn processes_that_live_on_move_to_another_tube() {
    let server = Server::start();
    let client = &mut server.client();
    let lock = tempfile::NamedTempFile::new().expect("a file");
    flock(&lock, FlockOperation::LockExclusive).expect("it is new");
    let environment = format!("DO = \"work\", LOCK = \"{}\"", lock.path().display());
    let stream = STREAM.replace("DO = \"work\"", &environment);
    let file = server.file(&format!("{stream}processes = 2\nprefetch = 0\nstop = {{ timeout = \"1h\" }}\n"));
    let supervisor = Supervisor::start(&file);
    supervisor.ask(&["start"]);
    let pids = ["work.0", "work.1"].map(|name| supervisor.pid_of(name));
    put(client, b"done");
    wait_for(client, "current-jobs-reserved", 1);
    reload(&supervisor, &file.replace("tube = \"work\"", "tube = \"other\""));
    // The one that has nothing to do has moved, and the other follows.
    put_into(client, "other", b"bury");
    wait_for_in(client, "other", "current-jobs-buried", 1);
    wait_for_in(client, "other", "current-watching", 1);
    flock(&lock, FlockOperation::Unlock).expect("it is locked");
    wait_for(client, "cmd-delete", 1);
    wait_for(client, "current-watching", 0);
    wait_for_in(client, "other", "current-watching", 2);
    assert_eq!(["work.0", "work.1"].map(|name| supervisor.pid_of(name)), pids);
}

#[test]
fn other_servers_are_followed() {
    let (old, new, pipes) = (Server::start(), Server::start(), Pipes::new());
    for program in [pipes.exec(), format!("{STREAM}prefetch = 1\n")] {
        let (client, other) = (&mut old.client(), &mut new.client());
        let deletes = |client: &mut Client| {
            let statistics = client.stats_tube("work").expect("it answers").expect("it is used");
            statistics.number("cmd-delete").expect("a number")
        };
        let (before, there) = (deletes(client), deletes(other));
        let supervisor = Supervisor::start(&old.file(&program));
        put(client, b"done");
        wait_for(client, "cmd-delete", before + 1);
        reload(&supervisor, &new.file(&program));
        put(other, b"done");
        wait_for(other, "cmd-delete", there + 1);
        wait_for(client, "current-watching", 0);
    }
}

#[test]
fn trials_and_jobs_ahead_hold_at_once() {
    let server = Server::start();
    let client = &mut server.client();
    let failing = "command = \"false\"\nretry = { first = \"0s\", max = \"0s\" }\nmax_tries = ";
    let supervisor = Supervisor::start(&server.file(&format!("{failing}1000000\n")));
    let job = put(client, b"");
    reload(&supervisor, &server.file(&format!("{failing}1\n")));
    wait_for(client, "current-jobs-buried", 1);
    assert!(client.delete(job).is_ok());
    drop(supervisor);
    let supervisor = Supervisor::start(&server.file(&format!("{STREAM}prefetch = 0\n")));
    let options = PutOptions { ttr: std::time::Duration::from_secs(3600), ..PutOptions::default() };
    client.put_all(&[b"hold"; 4], &options).into_iter().for_each(|put| assert!(put.is_ok()));
    wait_for(client, "current-jobs-reserved", 1);
    reload(&supervisor, &server.file(&format!("{STREAM}prefetch = 2\n")));
    wait_for(client, "current-jobs-reserved", 3);
}

#[test]
fn a_program_that_goes_lets_go_of_its_tube_and_may_come_back() {
    let (server, pipes) = (Server::start(), Pipes::new());
    let client = &mut server.client();
    let file = server.file(&pipes.exec());
    let mut supervisor = Supervisor::start(&file);
    put(client, b"hold\n");
    supervisor.wait_for("begun hold");
    reload(&supervisor, "[program.idle]\ncommand = \"sleep 1000\"\n");
    // It comes back while the job is finished, in the other place; and goes again.
    reload(&supervisor, &file);
    put(client, b"new\n");
    supervisor.wait_for("ended new");
    reload(&supervisor, "[program.idle]\ncommand = \"sleep 1000\"\n");
    pipes.let_go("hold");
    wait_for(client, "cmd-delete", 2);
    wait_for(client, "current-watching", 0);
    reload(&supervisor, &file);
    put(client, b"again\n");
    supervisor.wait_for("ended again");
    let stream = server.file(&format!("{STREAM}prefetch = 1\n"));
    reload(&supervisor, &stream);
    put(client, b"done");
    wait_for(client, "cmd-delete", 4);
    reload(&supervisor, "[program.idle]\ncommand = \"sleep 1000\"\n");
    wait_for(client, "current-watching", 0);
    reload(&supervisor, &stream);
    put(client, b"done");
    wait_for(client, "cmd-delete", 5);
    reload(&supervisor, &file);
    put(client, b"last\n");
    supervisor.wait_for("ended last");
    wait_for(client, "current-watching", 2);
}
