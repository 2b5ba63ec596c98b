//! Sockets that listen for programs: what processes are told of them, and that nobody is refused while processes change.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use rustix::process::Signal;

use crate::supervisor::{DEADLINE, Supervisor, wait_until_gone};

/// A program whose processes answer each connection with their pid. The helper finds the first socket on its standard
/// input, since it may not take descriptors by their number.
fn server(listen: &str, more: &str) -> String {
    format!(
        "[program.web]\n\
         command = [\"sh\", \"-c\", \"exec \\\"$0\\\" \\\"$@\\\" <&3\", HELPER]\n\
         environment = {{ DO = \"serve\" }}\n\
         listen = {listen}\n{more}\n"
    )
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("it has one").port()
}

/// The pid of whoever answers.
fn answer(mut stream: impl Read) -> i32 {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text.parse().expect("a pid")
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("it can be set");
    stream
}

/// A process that is not yet stopped could accept a connection and never answer it. Each of its threads stops by itself.
fn wait_until_stopped(pid: rustix::process::Pid) {
    let deadline = std::time::Instant::now() + DEADLINE;
    let tasks = format!("/proc/{}/task", pid.as_raw_nonzero());
    let is_stopped = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = task.expect("it can be read").path().join("stat");
        std::fs::read_to_string(stat).expect("it is there").contains(") T ")
    };
    while !std::fs::read_dir(&tasks).expect("it is there").all(is_stopped) {
        assert!(std::time::Instant::now() < deadline, "it is not stopped");
        std::thread::yield_now();
    }
}

#[test]
fn processes_share_the_sockets_and_are_told_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.sock");
    let port = free_port();
    let listen = format!("[\"127.0.0.1:{port}\", \"unix:{}\"]", path.display());
    let mut supervisor = Supervisor::start(&server(&listen, "processes = 2"));
    let told = format!("2 sockets, {port}:shop.sock, told to me");
    supervisor.wait_for(&told);
    supervisor.wait_for(&told);
    let pids = ["web.0", "web.1"].map(|name| supervisor.pid_of(name).as_raw_nonzero().get());
    assert!(pids.contains(&answer(connect(port))));
    // One of them is as good as both.
    supervisor.ask(&["stop", "web.0"]);
    assert_eq!(answer(connect(port)), pids[1]);
    UnixStream::connect(&path).expect("it listens");
    // Whoever connects to what was stopped is told so.
    supervisor.ask(&["stop", "web"]);
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect_err("nobody listens");
    assert!(!path.exists());
    supervisor.ask(&["start", "web"]);
    assert!(!pids.contains(&answer(connect(port))));
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.end().code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn nobody_is_refused_while_processes_are_replaced() {
    let port = free_port();
    let listen = format!("\"127.0.0.1:{port}\"");
    let file = server(&listen, "backoff = { first = \"1h\", max = \"1h\" }\nstop = { timeout = \"50ms\" }");
    let mut supervisor = Supervisor::start(&file);
    let first = supervisor.pid_of("web.0");
    assert_eq!(answer(connect(port)), first.as_raw_nonzero().get());
    // Nobody is there, and one waits.
    rustix::process::kill_process(first, Signal::KILL).expect("it is there");
    supervisor.wait_for("ended process=web.0");
    let waiting = connect(port);
    // A file in which something else has changed lets it wait on.
    supervisor.write(&file.replace("DO = ", "MORE = \"1\", DO = "));
    supervisor.ask(&["reload"]);
    let second = answer(waiting);
    assert_eq!(second, supervisor.pid_of("web.0").as_raw_nonzero().get());
    // The same while one is asked to end, and does not for a while.
    let second = supervisor.pid_of("web.0");
    supervisor.ask(&["signal", "STOP", "web.0"]);
    wait_until_stopped(second);
    let waiting = connect(port);
    supervisor.ask(&["restart", "web"]);
    wait_until_gone(second);
    assert_eq!(answer(waiting), supervisor.pid_of("web.0").as_raw_nonzero().get());
}

#[test]
fn an_address_that_is_taken_is_told_and_tried_again() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = taken.local_addr().expect("it has one").port();
    let listen = format!("\"127.0.0.1:{port}\"");
    let backoff = "backoff = { first = \"10ms\", max = \"10ms\" }";
    let mut supervisor = Supervisor::start(&server(&listen, backoff));
    supervisor
        .wait_for(&format!("cannot be started: cannot listen on 127.0.0.1:{port}: Address already in use"));
    drop(taken);
    supervisor.wait_for("1 sockets");
    assert_eq!(answer(connect(port)), supervisor.pid_of("web.0").as_raw_nonzero().get());
}
