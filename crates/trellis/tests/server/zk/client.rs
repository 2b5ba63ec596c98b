//! A client of ZooKeeper's protocol, for tests: asks one thing after the other, or many at once, and keeps the events
//! that come between the replies.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use trellis_zk_codec::limits::PASSWORD_BYTES;
use trellis_zk_codec::{
    Acl, ConnectRequest, ConnectResponse, Create, CreateMode, ErrorCode, Event, EventKind, Op, Reply,
    ReplyHeader, Request, Stat, xid,
};

use super::wire::Wire;

/// For sessions that don't expire in a test.
pub(crate) const LONG_MS: i32 = 40_000;

/// What a client knows of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: i64,
    pub(crate) password: [u8; PASSWORD_BYTES],
    pub(crate) timeout_ms: i32,
}

/// A connection with a session.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    pub(crate) session: Session,
    /// The newest transaction that it has been told of.
    pub(crate) zxid: i64,
    xid: i32,
    events: Vec<Told>,
}

/// What a watch has told.
pub(crate) type Told = (EventKind, String);

/// A frame of the server.
#[derive(Debug)]
pub(crate) enum Message {
    Event(Told),
    Reply(Answer),
}

/// A reply as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) header: ReplyHeader,
    pub(crate) body: Vec<u8>,
}

/// What comes of a request: the error is the server's.
pub(crate) type Outcome<T> = Result<T, ErrorCode>;

impl Client {
    /// Begins a session that lives long.
    pub(crate) fn open(address: SocketAddr) -> Client {
        Client::open_for(address, LONG_MS)
    }

    /// Begins a session with that time-out.
    pub(crate) fn open_for(address: SocketAddr, timeout_ms: i32) -> Client {
        Client::open_on(Wire::connect(address), timeout_ms)
    }

    pub(crate) fn open_on(wire: Wire, timeout_ms: i32) -> Client {
        Client::begin(wire, &ConnectRequest { timeout_ms, ..CONNECT }).expect("a session is begun")
    }

    /// The same if the server is still there.
    pub(crate) fn try_open_for(address: SocketAddr, timeout_ms: i32) -> io::Result<Client> {
        let request = ConnectRequest { timeout_ms, ..CONNECT };
        let client = Client::try_begin(Wire::try_connect(address)?, &request)?;
        Ok(client.expect("a session is begun"))
    }

    /// Goes on with a session on a new connection; none if it is over.
    pub(crate) fn resume(address: SocketAddr, session: &Session) -> Option<Client> {
        Client::resume_after(address, session, 0)
    }

    /// The same for a client that knows of a transaction.
    pub(crate) fn resume_after(
        address: SocketAddr,
        session: &Session,
        last_zxid_seen: i64,
    ) -> Option<Client> {
        Client::begin(Wire::connect(address), &ConnectRequest { last_zxid_seen, ..session.connect() })
    }

    fn begin(wire: Wire, request: &ConnectRequest<'_>) -> Option<Client> {
        Client::try_begin(wire, request).expect("a welcome comes")
    }

    fn try_begin(mut wire: Wire, request: &ConnectRequest<'_>) -> io::Result<Option<Client>> {
        wire.try_send(&encode_connect(request))?;
        Client::try_welcomed(wire)
    }

    /// Reads the answer to what was sent to begin or to go on; none if the session is over.
    pub(crate) fn welcomed(wire: Wire) -> Option<Client> {
        Client::try_welcomed(wire).expect("a welcome comes")
    }

    fn try_welcomed(mut wire: Wire) -> io::Result<Option<Client>> {
        let frame = wire.try_frame()?;
        let response = ConnectResponse::decode(&frame).expect("a welcome is one");
        let password = response.password.try_into().expect("a password has 16 bytes");
        let session = Session { id: response.session, password, timeout_ms: response.timeout_ms };
        if session.id == 0 {
            assert_eq!(session, Session { id: 0, password: [0; PASSWORD_BYTES], timeout_ms: 0 });
            wire.assert_ended();
            return Ok(None);
        }
        Ok(Some(Client { wire, session, zxid: 0, xid: 0, events: Vec::new() }))
    }

    /// Sends a request. Gives its number.
    pub(crate) fn send(&mut self, request: &Request<'_>) -> i32 {
        self.try_send(request).expect("the server reads")
    }

    pub(crate) fn try_send(&mut self, request: &Request<'_>) -> io::Result<i32> {
        let mut bytes = Vec::new();
        let xid = self.encode(request, &mut bytes);
        self.wire.try_send(&bytes)?;
        Ok(xid)
    }

    /// Appends a request to what is to be sent. Gives its number.
    pub(crate) fn encode(&mut self, request: &Request<'_>, out: &mut Vec<u8>) -> i32 {
        self.xid += 1;
        let xid = match request {
            Request::Ping => xid::PING,
            Request::Auth { .. } => xid::AUTH,
            Request::SetWatches { .. } | Request::SetWatches2 { .. } => xid::SET_WATCHES,
            _ => self.xid,
        };
        request.encode(xid, out);
        xid
    }

    /// Reads what comes next.
    pub(crate) fn next(&mut self) -> Message {
        self.try_next().expect("something comes")
    }

    pub(crate) fn try_next(&mut self) -> io::Result<Message> {
        let frame = self.wire.try_frame()?;
        let (header, body) = ReplyHeader::decode(&frame).expect("a frame has a header");
        if header.xid == xid::NOTIFICATION {
            let Event { kind, path, .. } = Event::decode(body).expect("an event is one");
            return Ok(Message::Event((kind, path.to_owned())));
        }
        self.zxid = self.zxid.max(header.zxid);
        Ok(Message::Reply(Answer { header, body: body.to_owned() }))
    }

    /// Reads the next reply, keeping the events before it.
    pub(crate) fn answer(&mut self) -> Answer {
        self.try_answer().expect("a reply comes")
    }

    pub(crate) fn try_answer(&mut self) -> io::Result<Answer> {
        loop {
            match self.try_next()? {
                Message::Event(told) => self.events.push(told),
                Message::Reply(answer) => return Ok(answer),
            }
        }
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> Outcome<Answer> {
        self.try_ask(request).expect("a reply comes")
    }

    pub(crate) fn try_ask(&mut self, request: &Request<'_>) -> io::Result<Outcome<Answer>> {
        let xid = self.try_send(request)?;
        let answer = self.try_answer()?;
        assert_eq!(answer.header.xid, xid, "{request:?} got the reply to something else");
        Ok(match answer.header.error {
            Some(error) => Err(error),
            None => Ok(answer),
        })
    }

    /// Makes a round trip that changes nothing.
    pub(crate) fn ping(&mut self) {
        self.ask(&Request::Ping).expect("a ping is answered");
    }

    /// Returns when something has come, or after so long.
    pub(crate) fn await_news(&mut self, at_most: Duration) {
        self.wire.await_bytes(at_most);
    }

    /// What watches have told up to now, with all that has been acknowledged to anybody.
    pub(crate) fn told(&mut self) -> Vec<Told> {
        self.ping();
        std::mem::take(&mut self.events)
    }

    pub(crate) fn create(&mut self, path: &str, data: &[u8]) -> Outcome<String> {
        self.create_as(path, data, CreateMode::Persistent)
    }

    pub(crate) fn create_as(&mut self, path: &str, data: &[u8], mode: CreateMode) -> Outcome<String> {
        self.ask(&create_as(path, data, mode)).map(|answer| match answer.reply(Op::Create) {
            Reply::Path { path } => path.to_owned(),
            other => panic!("{other:?} answers a create"),
        })
    }

    pub(crate) fn delete(&mut self, path: &str) -> Outcome<()> {
        self.ask(&Request::Delete { path, version: -1 }).map(|answer| assert_eq!(answer.body, b""))
    }

    pub(crate) fn set(&mut self, path: &str, data: &[u8]) -> Outcome<Stat> {
        self.ask(&set(path, data)).map(|answer| answer.stat(Op::SetData))
    }

    pub(crate) fn get(&mut self, path: &str) -> Outcome<Vec<u8>> {
        self.get_watching(path, false)
    }

    pub(crate) fn get_watching(&mut self, path: &str, watch: bool) -> Outcome<Vec<u8>> {
        self.ask(&Request::GetData { path, watch }).map(|answer| match answer.reply(Op::GetData) {
            Reply::Data { data, .. } => data.unwrap_or_default().to_owned(),
            other => panic!("{other:?} answers a getData"),
        })
    }

    pub(crate) fn exists(&mut self, path: &str, watch: bool) -> Outcome<Stat> {
        self.ask(&Request::Exists { path, watch }).map(|answer| answer.stat(Op::Exists))
    }

    /// The names of the children, sorted.
    pub(crate) fn children(&mut self, path: &str, watch: bool) -> Outcome<Vec<String>> {
        self.ask(&Request::GetChildren { path, watch }).map(|answer| answer.children(Op::GetChildren))
    }

    /// Ends the session.
    pub(crate) fn close(mut self) {
        self.ask(&Request::CloseSession).expect("a session can be closed");
        self.wire.assert_ended();
    }
}

impl Session {
    /// How a client asks to go on with it.
    pub(crate) fn connect(&self) -> ConnectRequest<'_> {
        ConnectRequest { session: self.id, password: &self.password, timeout_ms: self.timeout_ms, ..CONNECT }
    }
}

impl Answer {
    /// What it says, as the answer to such a request.
    pub(crate) fn reply(&self, op: Op) -> Reply<'_> {
        assert_eq!(self.header.error, None, "an error is no {op:?}");
        Reply::decode(op, &self.body).expect("the reply fits the request")
    }

    pub(crate) fn stat(&self, op: Op) -> Stat {
        match self.reply(op) {
            Reply::Stat(stat) | Reply::Data { stat, .. } => stat,
            other => panic!("{other:?} has no stat"),
        }
    }

    /// The names, sorted.
    pub(crate) fn children(&self, op: Op) -> Vec<String> {
        let mut names: Vec<String> = match self.reply(op) {
            Reply::Children { children } | Reply::ChildrenAndStat { children, .. } => {
                children.iter().map(str::to_owned).collect()
            }
            other => panic!("{other:?} has no children"),
        };
        names.sort_unstable();
        names
    }
}

/// A client without a session, to whom nobody has told anything.
pub(crate) const CONNECT: ConnectRequest<'static> = ConnectRequest {
    protocol_version: 0,
    last_zxid_seen: 0,
    timeout_ms: LONG_MS,
    session: 0,
    password: &[0; PASSWORD_BYTES],
    read_only: Some(false),
};

pub(crate) fn encode_connect(request: &ConnectRequest<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    bytes
}

pub(crate) fn encode(request: &Request<'_>, xid: i32) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(xid, &mut bytes);
    bytes
}

/// An ordinary znode for everybody.
pub(crate) fn create<'a>(path: &'a str, data: &'a [u8]) -> Request<'a> {
    create_as(path, data, CreateMode::Persistent)
}

pub(crate) fn create_as<'a>(path: &'a str, data: &'a [u8], mode: CreateMode) -> Request<'a> {
    Request::Create(Create { path, data: Some(data), acl: (&[Acl::OPEN]).into(), mode })
}

pub(crate) fn set<'a>(path: &'a str, data: &'a [u8]) -> Request<'a> {
    Request::SetData { path, data: Some(data), version: -1 }
}
