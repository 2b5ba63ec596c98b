//! A server that only knows its script: it expects these bytes and answers with those.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// One step of a script.
pub(crate) enum Step {
    /// These bytes must come next.
    Expect(Vec<u8>),
    /// These are sent.
    Send(Vec<u8>),
}

/// How long the fake waits for what it expects. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A fake server with one connection to come.
pub(crate) struct Fake {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    thread: JoinHandle<Result<(), String>>,
}

impl Fake {
    /// Listens, and plays the script to the first client.
    pub(crate) fn start(script: Vec<Step>) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = std::thread::spawn(move || play(script, &listener.accept().expect("a client").0));
        Fake { address, thread }
    }

    /// Whether the client did what the script says. Only to be called once the client has ended.
    pub(crate) fn finish(self) -> Result<(), String> {
        if !self.thread.is_finished() {
            // If nobody has come, this ends the wait; a client that has come is not disturbed.
            drop(TcpStream::connect(self.address));
        }
        self.thread.join().expect("the fake server does not panic")
    }
}

fn play(script: Vec<Step>, mut stream: &TcpStream) -> Result<(), String> {
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
    for step in script {
        match step {
            Step::Expect(expected) => expect(&expected, stream)?,
            Step::Send(bytes) => stream.write_all(&bytes).map_err(|error| format!("cannot send: {error}"))?,
        }
    }
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(0) => Ok(()),
        _ => Err(format!("the client sent more than expected: {:?}", String::from_utf8_lossy(&rest))),
    }
}

fn expect(expected: &[u8], mut stream: &TcpStream) -> Result<(), String> {
    let mut found = Vec::new();
    while found.len() < expected.len() {
        let mut chunk = vec![0; expected.len() - found.len()];
        match stream.read(&mut chunk) {
            Ok(bytes) if bytes > 0 => found.extend_from_slice(&chunk[..bytes]),
            _ => break,
        }
    }
    let (expected, found) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(&found));
    if expected == found { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}
