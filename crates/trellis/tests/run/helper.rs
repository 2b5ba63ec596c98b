//! A program for tests that does what a shell cannot. It is this very test program, told by a variable what to do.

use std::fs::File;
use std::io::Write;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Signal, getpid, kill_process};

/// No test, but the helper's main function.
#[test]
fn helper() {
    // As a test, it does nothing.
    match variable("DO").as_str() {
        "notify" => notify(),
        "chatter" => chatter(),
        "work" => work(),
        "job" => job(),
        "alone" => alone(),
        "serve" => serve(),
        other => assert_eq!(other, ""),
    }
}

/// Says that it is ready when a line comes from a named pipe.
fn notify() {
    let pipe = std::env::var("PIPE").expect("it is told");
    let line = std::fs::read_to_string(pipe).expect("the pipe is there");
    let (socket, address) = notify_socket();
    let message = format!("STATUS={line}READY=1");
    socket.send_to_addr(message.as_bytes(), &address).expect("somebody listens");
    loop {
        std::thread::park();
    }
}

/// Says how it is without end, in messages as long as they may be, and tells after each thousand of them.
fn chatter() {
    let (socket, address) = notify_socket();
    let message = b"STATUS=\n".repeat(512);
    for count in 1.. {
        socket.send_to_addr(&message, &address).expect("somebody listens");
        if count % 1000 == 0 {
            writeln!(std::io::stdout(), "\nhas said {count}").expect("somebody reads");
        }
    }
}

fn notify_socket() -> (UnixDatagram, SocketAddr) {
    let name = std::env::var("NOTIFY_SOCKET").expect("it is told");
    let name = name.strip_prefix('@').expect("it is a name without a file");
    let socket = UnixDatagram::unbound().expect("a socket");
    (socket, SocketAddr::from_abstract_name(name).expect("a name"))
}

/// Does jobs that come in frames on the standard input; the first word of a job's body says what becomes of it. None is
/// done while somebody has the lock, if there is one. It dies at the length of a frame that is too long for it.
fn work() {
    let socket = rustix::stdio::stdin().try_clone_to_owned().expect("it is open");
    let mut socket = std::os::unix::net::UnixStream::from(socket);
    let mut fate = Fate::told();
    let bytes_max = variable("FRAME_BYTES_MAX").parse().unwrap_or(1 << 20);
    while let Some(frame) = trellis_unix::frame::read_frame(&mut socket, bytes_max).expect("a frame") {
        let text = String::from_utf8(frame).expect("text");
        let (line, body) = text.split_once('\n').expect("a line and a body");
        let id = line.strip_prefix("job ").expect("a job");
        let word = body.split(' ').next().unwrap_or(body);
        match word {
            "hold" => {
                writeln!(std::io::stdout(), "\nholds {id}").expect("it is read");
                continue;
            }
            "flood" => {
                let answer = format!("done {id}");
                loop {
                    trellis_unix::frame::write_frame(&mut socket, answer.as_bytes(), 100)
                        .expect("somebody reads");
                }
            }
            "close" => {
                writeln!(std::io::stdout(), "\ncloses for {id}").expect("it is read");
                socket.shutdown(std::net::Shutdown::Both).expect("it is open");
                std::thread::park();
            }
            "fail" => record(body),
            "die" => {
                record(body);
                std::process::exit(1);
            }
            "leave" => {
                record(body);
                let answer = format!("done {id}");
                trellis_unix::frame::write_frame(&mut socket, answer.as_bytes(), 100)
                    .expect("somebody reads");
                std::process::exit(0);
            }
            "exit" => {
                // As the runtimes of languages do it: the socket is closed before the process ends.
                socket.shutdown(std::net::Shutdown::Both).expect("it is open");
                std::thread::park_timeout(std::time::Duration::from_millis(50));
                std::process::exit(body["exit ".len()..].parse().expect("a status"));
            }
            "done" => {
                wait_for_lock();
                fate.strikes();
                record(body);
                fate.strikes();
            }
            _ => {}
        }
        let answer = format!("{word} {id}");
        trellis_unix::frame::write_frame(&mut socket, answer.as_bytes(), 100).expect("somebody reads");
    }
}

/// Does the one job that is its standard input.
fn job() {
    let body = std::io::read_to_string(std::io::stdin()).expect("text");
    let mut fate = Fate::told();
    wait_for_lock();
    fate.strikes();
    record(&body);
    fate.strikes();
    std::process::exit(0);
}

/// Says whether it is the only one with the lock, and has it as long as it lives.
fn alone() {
    let lock = File::open(variable("LOCK")).expect("it is there");
    let had = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
    let word = if had { "alone" } else { "not the only one" };
    writeln!(std::io::stdout(), "\nis {word}").expect("somebody reads");
    loop {
        std::thread::park();
    }
}

/// When a worker is killed in the middle of a job: a matter of chance.
struct Fate {
    chance: Option<fastrand::Rng>,
}

impl Fate {
    /// As the variables say; it differs from process to process.
    fn told() -> Fate {
        let seed = variable("SEED").parse::<u64>().ok();
        Fate { chance: seed.map(|seed| fastrand::Rng::with_seed(seed ^ u64::from(std::process::id()))) }
    }

    /// One time of forty, this is the end.
    fn strikes(&mut self) {
        if self.chance.as_mut().is_some_and(|chance| chance.u32(..40) == 0) {
            kill_process(getpid(), Signal::KILL).expect("it is this process");
        }
    }
}

fn wait_for_lock() {
    if let Ok(lock) = std::env::var("LOCK") {
        let lock = File::open(lock).expect("it is there");
        flock(&lock, FlockOperation::LockShared).expect("it can be had");
    }
}

/// Notes that a job is done, in a line that nobody else writes into.
fn record(body: &str) {
    if let Ok(path) = std::env::var("RECORD") {
        let mut file = File::options().append(true).open(path).expect("it is there");
        file.write_all(format!("{body}\n").as_bytes()).expect("it can be written");
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Answers each connection with its pid; the socket that listens is its standard input.
fn serve() {
    let pid = std::process::id().to_string();
    let whom = if variable("LISTEN_PID") == pid { "me" } else { "somebody else" };
    let (count, names) = (variable("LISTEN_FDS"), variable("LISTEN_FDNAMES"));
    // The test's own words may stand on the line already.
    writeln!(std::io::stdout(), "\n{count} sockets, {names}, told to {whom}").expect("somebody reads");
    let socket = rustix::stdio::stdin().try_clone_to_owned().expect("it is open");
    for stream in std::net::TcpListener::from(socket).incoming() {
        // Whoever has connected may have gone.
        let _ = stream.expect("a connection").write_all(pid.as_bytes());
    }
}
