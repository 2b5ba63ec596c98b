//! Programs and people that, by malice or by mistake, would keep the supervisor from everybody else.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::Instant;

use rustix::process::Signal;

use crate::supervisor::{DEADLINE, Supervisor, text, trellis, write_file};

const SLEEPER: &str = "[program.sleeper]\ncommand = \"sleep 1000\"\n";

/// What is killed when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A connection to the control socket.
fn connect(supervisor: &Supervisor) -> UnixStream {
    let stream = UnixStream::connect(supervisor.folder().join("workers.sock")).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("it can be set");
    stream
}

#[test]
fn one_that_says_how_it_is_without_end_hinders_nobody() {
    let mut supervisor = Supervisor::start(
        "[program.chatter]\ncommand = [HELPER]\nenvironment = { DO = \"chatter\" }\nready = { when = \"notified\" }\n\
         [program.good]\ncommand = \"sleep 1000\"\n",
    );
    supervisor.wait_for("has said 3000");
    assert_eq!(supervisor.status("chatter")["text"], "");
    supervisor.ask(&["restart", "good"]);
    let status = format!("/proc/{}/status", supervisor.pid().as_raw_nonzero());
    let status = std::fs::read_to_string(status).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let kilobytes: u32 = resident.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes < 64 << 10, "it has {kilobytes} kB");
}

#[test]
fn a_standard_error_that_nobody_reads_hinders_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    write_file(
        folder.path(),
        "[program.crash]\ncommand = \"false\"\nbackoff = { first = \"1ms\", max = \"1ms\" }\n\
         give_up = { failures = 1000, within = \"1ms\" }\n",
    );
    let mut command = trellis(folder.path(), &[]);
    let mut supervisor = Killed(command.stderr(Stdio::piped()).spawn().expect("it can be started"));
    // It has room for some forty messages.
    let error = supervisor.0.stderr.take().expect("a pipe");
    rustix::pipe::fcntl_setpipe_size(&error, 4096).expect("it can be smaller");
    let deadline = Instant::now() + DEADLINE;
    let mut starts = 0;
    while starts < 100 {
        assert!(Instant::now() < deadline, "{starts} starts");
        let status = trellis(folder.path(), &["status", "--json"]).output().expect("it runs");
        if let Ok(status) = serde_json::from_slice::<serde_json::Value>(&status.stdout) {
            starts = status["processes"][0]["starts"].as_u64().expect("a number");
        }
    }
    // Nothing is lost, unless nobody reads to the end.
    let mut lines = BufReader::new(error).lines();
    for _ in 0..100 {
        lines
            .find(|line| line.as_ref().is_ok_and(|line| line.contains("ended process=crash.0")))
            .expect("a line")
            .expect("text");
    }
    let stopped = trellis(folder.path(), &["stop"]).output().expect("it runs");
    assert!(stopped.status.success(), "{}", text(&stopped.stderr));
    assert_eq!(supervisor.0.wait().expect("it is ours").code(), Some(0));
}

#[test]
fn those_who_say_nothing_keep_nobody_out_for_long() {
    let supervisor = Supervisor::start(SLEEPER);
    let mut idle: Vec<UnixStream> = (0..100).map(|_| connect(&supervisor)).collect();
    let status = supervisor.command(&["status"]);
    assert_eq!(status.status.code(), Some(4), "{}", text(&status.stderr));
    assert!(text(&status.stderr).contains("the supervisor is busy"), "{}", text(&status.stderr));
    let mut said = String::new();
    idle[0].read_to_string(&mut said).expect("it is told something");
    assert!(said.contains("nothing was asked for 10 seconds"), "{said}");
    idle.iter_mut().for_each(|stream| drop(stream.read_to_string(&mut said)));
    supervisor.ask(&["status"]);
}

#[test]
fn those_who_have_gone_keep_nobody_out() {
    let mut supervisor = Supervisor::start(
        "[program.never]\ncommand = \"sleep 1000\"\nready = { when = \"notified\", timeout = \"1h\" }\n",
    );
    supervisor.wait_for("started process=never.0");
    for _ in 0..300 {
        let mut stream = connect(&supervisor);
        // One that comes before others are let go is refused, and its connection closed.
        let _ = stream.write_all(b"{\"version\":1,\"do\":\"start\",\"names\":[]}\n");
        let mut heard = String::new();
        if BufReader::new(stream).read_line(&mut heard).is_ok() {
            assert!(heard.contains("heard") || heard.contains("busy"), "{heard}");
        }
    }
    let deadline = Instant::now() + DEADLINE;
    while !supervisor.command(&["status"]).status.success() {
        assert!(Instant::now() < deadline, "they are waited for");
    }
}

#[test]
fn a_supervisor_that_is_stopped_is_not_waited_for() {
    let supervisor = Supervisor::start(SLEEPER);
    supervisor.signal(Signal::STOP);
    let status = supervisor.command(&["status"]);
    assert_eq!(status.status.code(), Some(3), "{}", text(&status.stderr));
    assert!(text(&status.stderr).contains("says nothing for 10 seconds"), "{}", text(&status.stderr));
    supervisor.signal(Signal::CONT);
    supervisor.ask(&["status"]);
}
