//! A program for tests that does what a shell cannot. It is this very test program, told by a variable what to do.

use std::io::Write;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// No test, but the helper's main function.
#[test]
fn helper() {
    // As a test, it does nothing.
    match std::env::var("DO").unwrap_or_default().as_str() {
        "notify" => notify(),
        "work" => work(),
        "serve" => serve(),
        other => assert_eq!(other, ""),
    }
}

/// Says that it is ready when a line comes from a named pipe.
fn notify() {
    let pipe = std::env::var("PIPE").expect("it is told");
    let line = std::fs::read_to_string(pipe).expect("the pipe is there");
    let name = std::env::var("NOTIFY_SOCKET").expect("it is told");
    let name = name.strip_prefix('@').expect("it is a name without a file");
    let socket = UnixDatagram::unbound().expect("a socket");
    let address = SocketAddr::from_abstract_name(name).expect("a name");
    let message = format!("STATUS={line}READY=1");
    socket.send_to_addr(message.as_bytes(), &address).expect("somebody listens");
    loop {
        std::thread::park();
    }
}

/// Does jobs that come in frames on the standard input; a job's body says what becomes of it. None is done while somebody
/// has the lock, if there is one.
fn work() {
    let socket = rustix::stdio::stdin().try_clone_to_owned().expect("it is open");
    let mut socket = std::os::unix::net::UnixStream::from(socket);
    while let Some(frame) = trellis_unix::frame::read_frame(&mut socket, 1 << 20).expect("a frame") {
        let text = String::from_utf8(frame).expect("text");
        let (line, body) = text.split_once('\n').expect("a line and a body");
        let id = line.strip_prefix("job ").expect("a job");
        if body == "hold" {
            Write::write_all(&mut std::io::stdout(), format!("\nholds {id}\n").as_bytes())
                .expect("it is read");
            continue;
        }
        if body == "done"
            && let Ok(lock) = std::env::var("LOCK")
        {
            let lock = std::fs::File::open(lock).expect("it is there");
            rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockShared).expect("it can be had");
        }
        let answer = format!("{body} {id}");
        trellis_unix::frame::write_frame(&mut socket, answer.as_bytes(), 100).expect("somebody reads");
    }
}

/// Answers each connection with its pid; the socket that listens is its standard input.
fn serve() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
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
