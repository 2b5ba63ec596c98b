//! A program for tests that does what a shell cannot. It is this very test program, told by a variable what to do.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// No test, but the helper's main function.
#[test]
fn helper() {
    // As a test, it does nothing.
    if std::env::var("DO").as_deref() == Ok("notify") {
        notify();
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
