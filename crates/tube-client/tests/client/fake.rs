//! A server that only knows its script: one list of steps for each connection, in the order in which they come.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use trellis_tube_client::Address;

/// How long the fake waits for what it expects. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time between two bytes of a server that has all the time in the world.
const DRIBBLE_INTERVAL: Duration = Duration::from_millis(5);

/// What large bodies are made of.
pub(crate) const BODY_BYTE: u8 = b'x';

/// One step of a script. Lines end in `\r\n` on the wire and `\n` here.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// These lines must come next.
    Expect(&'static str),
    /// These are sent.
    Send(&'static str),
    /// So many bytes of a large body must come next.
    ExpectBody(usize),
    /// They are sent.
    SendBody(usize),
    /// A byte of a body is sent now and then until the client hangs up, which it must.
    Dribble,
    /// For so long, the client must say nothing and not hang up.
    Quiet(Duration),
    /// The client must hang up next, without another byte.
    End,
    /// The connection is closed; what the client may still send is ignored.
    Close,
}

/// A fake server.
pub(crate) struct Fake {
    pub(crate) address: Address,
    thread: JoinHandle<()>,
}

trait Connection: Read + Write {
    fn wait_no_longer_than(&self, patience: Duration);
}

impl Connection for TcpStream {
    fn wait_no_longer_than(&self, patience: Duration) {
        self.set_read_timeout(Some(patience)).expect("a time-out");
    }
}

impl Connection for UnixStream {
    fn wait_no_longer_than(&self, patience: Duration) {
        self.set_read_timeout(Some(patience)).expect("a time-out");
    }
}

impl Fake {
    /// Listens on a port.
    pub(crate) fn start(scripts: &[&[Step]]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string().parse().expect("an address");
        let accept = move || {
            let (stream, _) = listener.accept().expect("a client");
            stream.wait_no_longer_than(PATIENCE);
            Box::new(stream) as Box<dyn Connection>
        };
        Self { address, thread: play(scripts, accept) }
    }

    /// Listens on a Unix socket.
    pub(crate) fn start_unix(path: &Path, scripts: &[&[Step]]) -> Self {
        let listener = UnixListener::bind(path).expect("a socket");
        let accept = move || {
            let (stream, _) = listener.accept().expect("a client");
            stream.wait_no_longer_than(PATIENCE);
            Box::new(stream) as Box<dyn Connection>
        };
        Self { address: Address::Unix(path.to_owned()), thread: play(scripts, accept) }
    }

    /// Waits until every script was played.
    pub(crate) fn finish(self) {
        self.thread.join().expect("the client keeps to the script");
    }
}

/// An address where nobody listens: the port was free a moment ago, and nobody asks for it by name.
pub(crate) fn nobody() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string().parse().expect("an address")
}

fn play(
    scripts: &[&[Step]],
    mut accept: impl FnMut() -> Box<dyn Connection> + Send + 'static,
) -> JoinHandle<()> {
    let scripts: Vec<Vec<Step>> = scripts.iter().map(|script| script.to_vec()).collect();
    std::thread::spawn(move || {
        for (index, script) in scripts.iter().enumerate() {
            let mut connection = accept();
            for step in script {
                act(*step, connection.as_mut(), index + 1);
            }
        }
    })
}

fn act(step: Step, connection: &mut dyn Connection, number: usize) {
    match step {
        Step::Expect(lines) => {
            let lines = lines.replace('\n', "\r\n");
            let mut found = vec![0; lines.len()];
            connection.read_exact(&mut found).unwrap_or_else(|error| {
                panic!(
                    "connection {number}: {error} instead of {lines:?}: {:?}",
                    String::from_utf8_lossy(&found)
                )
            });
            assert_eq!(String::from_utf8_lossy(&found), lines, "connection {number}");
        }
        Step::Send(lines) => {
            connection.write_all(lines.replace('\n', "\r\n").as_bytes()).expect("the client is there");
        }
        Step::ExpectBody(bytes) => {
            let mut found = vec![0; bytes];
            connection.read_exact(&mut found).expect("a body");
            assert!(found.iter().all(|byte| *byte == BODY_BYTE), "connection {number}");
        }
        Step::SendBody(bytes) => {
            connection.write_all(&vec![BODY_BYTE; bytes]).expect("the client is there");
        }
        Step::Dribble => {
            connection.wait_no_longer_than(DRIBBLE_INTERVAL);
            let began = Instant::now();
            // Who reads nothing for a moment says that the client is still there.
            while connection.write_all(&[BODY_BYTE]).is_ok()
                && connection.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
            {
                assert!(began.elapsed() < PATIENCE, "connection {number}: the client waits for ever");
            }
        }
        Step::Quiet(time) => {
            connection.wait_no_longer_than(time);
            let read = loop {
                match connection.read(&mut [0]) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            let is_quiet = read.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            assert!(is_quiet, "connection {number}: {read:?} instead of silence");
            connection.wait_no_longer_than(PATIENCE);
        }
        Step::End => {
            let mut rest = Vec::new();
            // A client that hangs up on unread bytes makes the system say so with a reset.
            let _ = connection.read_to_end(&mut rest);
            assert_eq!(String::from_utf8_lossy(&rest), "", "connection {number}");
        }
        Step::Close => {}
    }
}
