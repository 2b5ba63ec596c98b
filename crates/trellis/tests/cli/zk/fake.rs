//! A ZooKeeper server that only knows its script: it expects these requests and gives those answers. Handshakes, pings
//! and the end of a session are no part of a script.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use trellis_zk_codec::{ConnectRequest, ConnectResponse, Op, Reply, ReplyHeader, Request, take_frame};

use super::words;

/// One step of a script.
pub(crate) enum Step {
    /// This request must come next, as `words` writes it.
    Expect(String),
    /// The oldest request without an answer gets this one, as `words` writes it.
    Answer(String),
    /// This event is sent, as `words` writes it.
    Event(String),
    /// A ping must come next.
    Ping,
    /// The connection is closed. If there are more steps, the client must come again for its session.
    HangUp,
    /// The connection is closed before a request that is at least so long has come.
    HangUpBefore(usize),
    /// The connection is closed, and on the next one the client is told that its session is over.
    Expire,
    /// The client closes its session, and must begin another one.
    Again,
}

/// How long the fake waits for what it expects. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The only session, and its password.
const SESSION: i64 = 0x1000_0000_0001;
const PASSWORD: &[u8; 16] = b"0123456789abcdef";

/// A fake server.
pub(crate) struct Fake {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    thread: JoinHandle<Result<bool, String>>,
}

impl Fake {
    /// Listens, and plays the script to the first client.
    pub(crate) fn start(script: Vec<Step>) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = std::thread::spawn(move || play(script, &listener));
        Fake { address, thread }
    }

    /// Whether the client closed its session; an error if it did not do what the script says. Only to be called once
    /// the client has ended.
    pub(crate) fn finish(self) -> Result<bool, String> {
        if !self.thread.is_finished() {
            // If nobody has come, this ends the wait; a client that has come is not disturbed.
            drop(TcpStream::connect(self.address));
        }
        self.thread.join().expect("the fake server does not panic")
    }
}

fn play(script: Vec<Step>, listener: &TcpListener) -> Result<bool, String> {
    if script.is_empty() {
        return Connection::accept(listener, None)?.map_or(Ok(true), |mut connection| connection.ends());
    }
    let mut unanswered = VecDeque::new();
    // The connection, and the session that the next one must ask for.
    let (mut open, mut session) = (None, None);
    for step in script {
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => Connection::accept(listener, session)?.ok_or("nobody has come")?,
        };
        session = Some(SESSION);
        match step {
            Step::Expect(expected) => {
                let (xid, op, found) = connection.request()?.ok_or("the client has gone")?;
                if found != expected {
                    return Err(format!("expected {expected}, found {found}"));
                }
                unanswered.push_back((xid, op));
            }
            Step::Answer(text) => {
                let (xid, op) = unanswered.pop_front().ok_or("an answer without a request")?;
                connection.send(&words::encode_reply(&text, xid, op)?)?;
            }
            Step::Event(text) => connection.send(&words::encode_event(&text)?)?,
            Step::Ping => connection.ping()?,
            Step::HangUpBefore(bytes) => {
                let length = connection.length()?;
                return if length >= bytes { Ok(false) } else { Err(format!("only {length} bytes came")) };
            }
            Step::HangUp | Step::Expire | Step::Again => {
                if matches!(step, Step::Again) && !connection.ends()? {
                    return Err("the client went without closing its session".to_owned());
                }
                drop(connection);
                unanswered.clear();
                if matches!(step, Step::Expire) {
                    Connection::refuse(listener)?;
                }
                session = matches!(step, Step::HangUp).then_some(SESSION);
                continue;
            }
        }
        open = Some(connection);
    }
    open.map_or(Ok(false), |mut connection| connection.ends())
}

/// A connection with a session.
struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Connection {
    /// Waits for a client that asks for this session, or for a new one. `None` if it goes without a word.
    fn accept(listener: &TcpListener, session: Option<i64>) -> Result<Option<Connection>, String> {
        let stream = listener.accept().expect("a client").0;
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let mut connection = Connection { stream, input: Vec::new() };
        let Some(frame) = connection.frame()? else { return Ok(None) };
        let request = ConnectRequest::decode(&frame).map_err(|error| error.to_string())?;
        if request.session != session.unwrap_or(0) {
            return Err(format!("the client asks for session {:#x}", request.session));
        }
        connection.grant(request.timeout_ms, SESSION, PASSWORD)?;
        Ok(Some(connection))
    }

    /// Waits for a client and tells it that its session is over.
    fn refuse(listener: &TcpListener) -> Result<(), String> {
        let stream = listener.accept().expect("a client").0;
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let mut connection = Connection { stream, input: Vec::new() };
        connection.frame()?.ok_or("nobody has come again")?;
        connection.grant(0, 0, &[0; 16])
    }

    fn grant(&mut self, timeout_ms: i32, session: i64, password: &[u8]) -> Result<(), String> {
        let mut bytes = Vec::new();
        let read_only = Some(false);
        ConnectResponse { protocol_version: 0, timeout_ms, session, password, read_only }.encode(&mut bytes);
        self.send(&bytes)
    }

    /// Waits for the client's end; whether it closed its session before.
    fn ends(&mut self) -> Result<bool, String> {
        match self.request()? {
            None => Ok(false),
            Some((xid, Op::CloseSession, _)) => {
                let mut bytes = Vec::new();
                Reply::Empty.encode(ReplyHeader { xid, zxid: 0, error: None }, &mut bytes);
                self.send(&bytes)?;
                match self.request()? {
                    None => Ok(true),
                    Some((_, _, more)) => Err(format!("after the end of the session came {more}")),
                }
            }
            Some((_, _, more)) => Err(format!("the client sent more than expected: {more}")),
        }
    }

    /// The next request that is no ping: its number, kind and text. `None` if the client has gone.
    fn request(&mut self) -> Result<Option<(i32, Op, String)>, String> {
        while let Some(frame) = self.frame()? {
            let (xid, request) = Request::decode(&frame).map_err(|error| error.to_string())?;
            if request != Request::Ping {
                return Ok(Some((xid, request.op(), words::describe_request(&request))));
            }
            self.answer_ping(xid)?;
        }
        Ok(None)
    }

    /// Waits for a ping.
    fn ping(&mut self) -> Result<(), String> {
        let frame = self.frame()?.ok_or("the client has gone")?;
        match Request::decode(&frame) {
            Ok((xid, Request::Ping)) => self.answer_ping(xid),
            other => Err(format!("expected a ping, found {other:?}")),
        }
    }

    fn answer_ping(&mut self, xid: i32) -> Result<(), String> {
        let mut bytes = Vec::new();
        Reply::Empty.encode(ReplyHeader { xid, zxid: 0, error: None }, &mut bytes);
        self.send(&bytes)
    }

    /// How long the next frame is announced to be.
    fn length(&mut self) -> Result<usize, String> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).map_err(|error| format!("no request: {error}"))?;
        Ok(u32::from_be_bytes(length) as usize)
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            let mut rest = self.input.as_slice();
            if let Some(frame) = take_frame(&mut rest, u32::MAX).map_err(|error| error.to_string())? {
                let frame = frame.to_vec();
                self.input = rest.to_vec();
                return Ok(Some(frame));
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(bytes) => self.input.extend_from_slice(&chunk[..bytes]),
                Err(error) => return Err(format!("the client says nothing more: {error}")),
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream.write_all(bytes).map_err(|error| format!("cannot send: {error}"))
    }
}
