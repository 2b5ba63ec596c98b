//! A server that only knows its script: it expects these requests and answers with those frames.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use trellis_zk_client::Settings;
use trellis_zk_codec::{
    ConnectRequest, ConnectResponse, ErrorCode, Event, EventKind, KeeperState, Op, Reply, ReplyHeader,
    Request, take_frame, xid,
};

/// One step of a script.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// A client must come, with this session, and is granted number 7 or told that it is over.
    Accept { session: i64, granted: i64 },
    /// This request must come next, as [`std::fmt::Debug`] has it.
    Expect(&'static str),
    /// This request must come at last, after changes of data, all of which are refused.
    SwallowUntil(&'static str),
    /// The request that has come last is answered.
    Answer(Reply<'static>),
    /// The same, so many requests ago.
    AnswerTo(usize, Reply<'static>),
    /// The request that has come last is refused.
    Refuse(ErrorCode),
    /// Whatever comes until the client ends the connection is refused.
    RefuseAll(ErrorCode),
    /// The identity that has come last is accepted.
    AcceptIdentity,
    /// This has happened.
    Event(EventKind, &'static str),
    /// The client is let in, asks for a session, and gets these bytes.
    AcceptWith(&'static [u8]),
    /// These bytes are sent.
    Raw(&'static [u8]),
    /// A byte is sent now and then until the client ends the connection, which it must.
    Dribble,
    /// The connection ends.
    HangUp,
    /// Nothing that comes until the client ends the connection is answered.
    Swallow,
    /// The client must end the connection.
    ExpectEnd,
}

/// How long the fake waits for what it expects. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time between two bytes of a server that has all the time in the world.
const DRIBBLE_INTERVAL: Duration = Duration::from_millis(5);

/// A fake server.
pub(crate) struct Fake {
    pub(crate) settings: Settings,
    thread: JoinHandle<()>,
}

impl Fake {
    /// Listens, and plays the script.
    pub(crate) fn start(script: Vec<Step>) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = std::thread::spawn(move || play(&listener, script));
        let settings = Settings {
            session_timeout: Duration::from_secs(20),
            ..Settings::new(&format!("{address}/app")).expect("a connection string")
        };
        Fake { settings, thread }
    }

    /// Waits for the end of the script.
    pub(crate) fn finish(self) {
        self.thread.join().expect("the client did what the script says");
    }
}

fn play(listener: &TcpListener, script: Vec<Step>) {
    let mut connection: Option<Connection> = None;
    for step in script {
        match step {
            Step::Accept { session, granted } => {
                connection = Some(Connection::accept(listener, session, granted));
            }
            Step::AcceptWith(bytes) => {
                let accepted = connection.insert(Connection::greet(listener, 0));
                accepted.stream.write_all(bytes).expect("the client listens");
            }
            Step::HangUp => connection = None,
            step => connection.as_mut().expect("a script begins with a client").play(step),
        }
    }
}

struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    asked: Vec<(i32, Op)>,
}

impl Connection {
    fn greet(listener: &TcpListener, session: i64) -> Connection {
        let stream = listener.accept().expect("a client").0;
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let mut connection = Connection { stream, input: Vec::new(), asked: Vec::new() };
        let frame = connection.frame().expect("a handshake");
        assert_eq!(ConnectRequest::decode(&frame).expect("a handshake").session, session);
        connection
    }

    fn accept(listener: &TcpListener, session: i64, granted: i64) -> Connection {
        let mut connection = Self::greet(listener, session);
        let mut bytes = Vec::new();
        let response = ConnectResponse {
            protocol_version: 0,
            timeout_ms: 20_000,
            session: granted,
            password: b"secret",
            read_only: Some(false),
        };
        response.encode(&mut bytes);
        connection.stream.write_all(&bytes).expect("the client listens");
        connection
    }

    fn play(&mut self, step: Step) {
        let mut bytes = Vec::new();
        let last = self.asked.len().saturating_sub(1);
        match step {
            Step::Expect(expected) => {
                let frame =
                    self.frame().unwrap_or_else(|| panic!("expected {expected}, but the client ended"));
                let (xid, request) = Request::decode(&frame).expect("a request");
                assert_eq!(format!("{request:?}"), expected);
                self.asked.push((xid, request.op()));
            }
            Step::SwallowUntil(expected) => loop {
                let frame =
                    self.frame().unwrap_or_else(|| panic!("expected {expected}, but the client ended"));
                let (xid, request) = Request::decode(&frame).expect("a request");
                self.asked.push((xid, request.op()));
                match request {
                    // Too long to be written down and compared.
                    Request::SetData { .. } => {
                        self.answer(self.asked.len() - 1, Err(ErrorCode::NoNode), &mut bytes);
                    }
                    request => {
                        assert_eq!(format!("{request:?}"), expected);
                        break;
                    }
                }
            },
            Step::Answer(reply) => self.answer(last, Ok(reply), &mut bytes),
            Step::AnswerTo(ago, reply) => self.answer(last - ago, Ok(reply), &mut bytes),
            Step::Refuse(code) => self.answer(last, Err(code), &mut bytes),
            Step::RefuseAll(code) => {
                while let Some(frame) = self.frame() {
                    let (xid, request) = Request::decode(&frame).expect("a request");
                    self.asked.push((xid, request.op()));
                    let mut refusal = Vec::new();
                    self.answer(self.asked.len() - 1, Err(code), &mut refusal);
                    self.stream.write_all(&refusal).expect("the client listens");
                }
            }
            Step::AcceptIdentity => {
                Reply::Empty.encode(ReplyHeader { xid: xid::AUTH, zxid: 0, error: None }, &mut bytes);
            }
            Step::Event(kind, path) => {
                Event { kind, state: KeeperState::SyncConnected, path }.encode(-1, &mut bytes);
            }
            Step::Raw(raw) => bytes.extend_from_slice(raw),
            Step::Dribble => self.dribble(),
            Step::Swallow => while self.frame().is_some() {},
            Step::ExpectEnd => assert_eq!(self.frame(), None),
            Step::Accept { .. } | Step::AcceptWith(_) | Step::HangUp => {
                unreachable!("they are played elsewhere")
            }
        }
        self.stream.write_all(&bytes).expect("the client listens");
    }

    fn answer(&self, index: usize, reply: Result<Reply<'_>, ErrorCode>, out: &mut Vec<u8>) {
        let header = ReplyHeader { xid: self.asked[index].0, zxid: 9, error: reply.err() };
        reply.unwrap_or(Reply::Empty).encode(header, out);
    }

    fn dribble(&mut self) {
        self.stream.set_read_timeout(Some(DRIBBLE_INTERVAL)).expect("a time-out can be set");
        let began = Instant::now();
        while self.stream.write_all(&[0]).is_ok() {
            match self.stream.read(&mut [0; 1024]) {
                Ok(0) => break,
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                // A ping, or nothing.
                _ => assert!(began.elapsed() < PATIENCE, "the client waits for ever"),
            }
        }
    }

    /// The next frame; `None` at the end of the connection.
    fn frame(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut rest = self.input.as_slice();
            if let Some(frame) = take_frame(&mut rest, u32::MAX).expect("frames") {
                let frame = frame.to_vec();
                self.input = rest.to_vec();
                return Some(frame);
            }
            let mut chunk = [0; 64 << 10];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(count) => self.input.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the client says nothing: {error}"),
            }
        }
    }
}
