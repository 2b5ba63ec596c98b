//! Programs with a tube, against a server of ours: what becomes of jobs, whatever happens to those who do them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use trellis_tube_client::PutOptions;
use trellis_tube_client::blocking::Client;

use crate::supervisor::{DEADLINE, Supervisor};

/// A server that keeps nothing.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start() -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_trellis"))
            .env_clear()
            .args(["serve", "--durability", "memory", "--zookeeper", "off", "--http", "off"])
            .args(["--beanstalk", "127.0.0.1:0", "--log-format", "json"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains("\"listening\""));
        let message: serde_json::Value = serde_json::from_str(&line.expect("it listens")).expect("JSON");
        let address = message["fields"]["address"].as_str().expect("an address").to_owned();
        // Its messages are read on, so that it never waits for that.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }

    /// Stops it: it answers nobody any more, and hangs up on nobody.
    fn freeze(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::STOP).expect("it is there");
    }

    pub(crate) fn client(&self) -> Client {
        let mut client = Client::new(self.address.parse().expect("an address"));
        client.use_tube("work").expect("it answers");
        client
    }

    /// A file with one program.
    pub(crate) fn file(&self, program: &str) -> String {
        format!("[server]\nbeanstalk = \"{}\"\n[program.work]\ntube = \"work\"\n{program}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a number of the tube's statistics is as wanted.
#[track_caller]
pub(crate) fn wait_for(client: &mut Client, key: &str, wanted: u64) {
    wait_for_in(client, "work", key, wanted);
}

/// The same for another tube. One that doesn't exist has nothing.
#[track_caller]
pub(crate) fn wait_for_in(client: &mut Client, tube: &str, key: &str, wanted: u64) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let statistics = client.stats_tube(tube).expect("it answers");
        let found = statistics.as_ref().and_then(|statistics| statistics.number(key)).unwrap_or(0);
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{key} is {found} and not {wanted}: {statistics:?}");
    }
}

pub(crate) fn put(client: &mut Client, body: &[u8]) -> u64 {
    client.put(body, &PutOptions::default()).expect("it is put").id
}

#[test]
fn an_exit_status_says_what_becomes_of_a_job() {
    let server = Server::start();
    let client = &mut server.client();
    let mut supervisor = Supervisor::start(&server.file(
        "command = [\"sh\", \"-c\", \"read body; echo job $TRELLIS_JOB: $body; exit $body\"]\n\
         processes = { min = 0, max = 2 }\nmax_tries = 2\nretry = { first = \"0s\", max = \"0s\" }\n",
    ));
    put(client, b"0\n");
    supervisor.wait_for("job 1: 0");
    put(client, b"3\n");
    // Twice, and then it is buried.
    supervisor.wait_for("job 2: 3");
    supervisor.wait_for("job 2: 3");
    wait_for(client, "current-jobs-buried", 1);
    let later = put(client, b"75\n");
    for _ in 0..4 {
        supervisor.wait_for(&format!("job {later}: 75"));
    }
    wait_for(client, "current-jobs-buried", 1);
    wait_for(client, "cmd-delete", 1);
}

#[test]
fn a_large_body_comes_whole_and_many_run_beside_each_other() {
    let server = Server::start();
    let client = &mut server.client();
    let mut supervisor = Supervisor::start(
        &server.file("command = [\"sh\", \"-c\", \"wc -c\"]\nprocesses = { min = 0, max = 4 }\n"),
    );
    let body = vec![b'x'; 65535];
    put(client, &body);
    supervisor.wait_for(" 65535");
    for _ in 0..50 {
        put(client, b"1234567");
    }
    for _ in 0..50 {
        supervisor.wait_for("| 7");
    }
    wait_for(client, "cmd-delete", 51);
    wait_for(client, "current-jobs-reserved", 0);
}

#[test]
fn running_jobs_may_finish_when_the_supervisor_ends() {
    let server = Server::start();
    let client = &mut server.client();
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let fifo = trellis_unix::fifo::Fifo::create(&pipe, 0o600).expect("a pipe");
    let mut supervisor = Supervisor::start(&server.file(&format!(
        "command = [\"sh\", \"-c\", \"echo begun; read line < {pipe}; echo finished\"]\nstop = {{ timeout = \"1h\" }}\n",
        pipe = pipe.display()
    )));
    put(client, b"");
    put(client, b"");
    supervisor.wait_for("| begun");
    supervisor.signal(Signal::TERM);
    supervisor.wait_for("INFO stopping");
    let mut writer = fifo.waiting_writer().expect("somebody reads");
    std::io::Write::write_all(&mut writer, b"go on\n").expect("somebody reads");
    supervisor.wait_for("| finished");
    assert_eq!(supervisor.end().code(), Some(0));
    // The one was done, the other not begun.
    wait_for(client, "cmd-delete", 1);
    wait_for(client, "current-jobs-ready", 1);
}

/// A worker whose socket is its standard input, where a program in safe Rust can find it.
pub(crate) const STREAM: &str = "command = [\"sh\", \"-c\", \"exec \\\"$0\\\" \\\"$@\\\" <&3\", HELPER]\nmode = \"stream\"\n\
     environment = { DO = \"work\" }\nbackoff = { first = \"1ms\", max = \"2ms\" }\n\
     retry = { first = \"0s\", max = \"0s\" }\n";

#[test]
fn workers_that_live_on_do_many_jobs() {
    let server = Server::start();
    let client = &mut server.client();
    let mut supervisor = Supervisor::start(&server.file(&format!("{STREAM}processes = 4\nprefetch = 8\n")));
    let bodies = vec![b"done"; 2000];
    client.put_all(&bodies, &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    wait_for(client, "cmd-delete", 2000);
    put(client, b"bury");
    wait_for(client, "current-jobs-buried", 1);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    wait_for(client, "current-jobs-reserved", 0);
}

#[test]
fn the_job_of_a_worker_that_dies_is_done_by_another() {
    let server = Server::start();
    let client = &mut server.client();
    let mut supervisor = Supervisor::start(&server.file(&format!("{STREAM}processes = 2\n")));
    supervisor.ask(&["start"]);
    let options = PutOptions { ttr: Duration::from_secs(3600), ..PutOptions::default() };
    client.put(b"hold", &options).expect("it is put");
    let line = supervisor.wait_for("holds 1");
    let holder = if line.contains("work.0") { "work.0" } else { "work.1" };
    kill_process(supervisor.pid_of(holder), Signal::KILL).expect("it is there");
    // The time to run is an hour: it is the death that gives the job back.
    supervisor.wait_for("holds 1");
    // And one that says nonsense is killed: that who has replaced the dead one, since the other is busy.
    put(client, b"nonsense");
    supervisor.wait_for("killed: \"nonsense");
}

#[test]
fn a_server_that_is_silent_at_the_end_may_not_know_what_was_done() {
    for (body, wanted) in [("hold", "and is waited for no longer"), ("done", "may be done again")] {
        let server = Server::start();
        let client = &mut server.client();
        let lock = tempfile::NamedTempFile::new().expect("a file");
        flock(&lock, FlockOperation::LockExclusive).expect("it is new");
        let environment = format!("LOCK = {:?}, DO =", lock.path());
        let mut supervisor = Supervisor::start(&server.file(&format!(
            "{}processes = 1\nprefetch = 0\nstop = {{ timeout = \"1s\" }}\n",
            STREAM.replacen("DO =", &environment, 1)
        )));
        let options = PutOptions { ttr: Duration::from_secs(1), ..PutOptions::default() };
        client.put(body.as_bytes(), &options).expect("it is put");
        // Then all is known about it that has to be asked for.
        let deadline = Instant::now() + DEADLINE;
        while client.stats().expect("it answers").number("cmd-touch") == Some(0) {
            assert!(Instant::now() < deadline, "nobody has the job");
        }
        server.freeze();
        flock(&lock, FlockOperation::Unlock).expect("it is locked");
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.end().code(), Some(0));
        let told = supervisor.rest();
        let told: Vec<&String> = told.iter().filter(|line| line.contains("does not answer")).collect();
        assert!(matches!(told[..], [line] if line.contains(wanted)), "{told:#?}");
    }
}

#[test]
fn no_job_waits_for_a_worker_with_a_long_one_while_another_is_idle() {
    let server = Server::start();
    let client = &mut server.client();
    let mut supervisor = Supervisor::start(
        &server.file(&format!("{STREAM}processes = 2\nprefetch = 8\nstop = {{ timeout = \"100ms\" }}\n")),
    );
    put(client, b"hold");
    supervisor.wait_for("holds 1");
    let bodies = vec![b"done"; 100];
    client.put_all(&bodies, &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    wait_for(client, "cmd-delete", 100);
    // When nobody is idle, others wait, and at the end nobody has begun them.
    put(client, b"hold");
    supervisor.wait_for("holds 102");
    client.put_all(&bodies[..5], &PutOptions::default()).into_iter().for_each(|put| assert!(put.is_ok()));
    wait_for(client, "current-jobs-reserved", 7);
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
    wait_for(client, "current-jobs-ready", 7);
}

#[test]
fn the_time_to_run_is_kept_alive() {
    let server = Server::start();
    let client = &mut server.client();
    let mut supervisor = Supervisor::start(&server.file(&format!("{STREAM}processes = 1\nprefetch = 0\n")));
    let options = PutOptions { ttr: Duration::from_secs(1), ..PutOptions::default() };
    let id = client.put(b"hold", &options).expect("it is put").id;
    supervisor.wait_for("holds 1");
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2500) {
        let job = client.stats_job(id).expect("it answers").expect("it is there");
        assert_eq!((job.number("timeouts"), job.text("state")), (Some(0), Some("reserved")));
    }
}
