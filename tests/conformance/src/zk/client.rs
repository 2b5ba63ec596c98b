//! A client of one server: a connection, its session, and the answers that are due on it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::answer::{Header, View};
use super::connection::{Arrival, Connection};
use super::jute::Reader;
use super::operation::Operation;
use super::request::{Meaning, NOTIFICATION_XID, Request};

/// A ping: it passes through the server behind everything before it, and changes nothing.
const FENCE: &[u8] = b"\0\0\0\x08\xff\xff\xff\xfe\0\0\0\x0b";

/// The number of requests that are made one at a time.
const ASKING_XID: i32 = 1;

/// A session as its client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) id: i64,
    pub(super) password: Vec<u8>,
}

/// Something that a server did to a connection, as text without what differs between servers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Observed {
    pub(super) is_event: bool,
    pub(super) text: String,
}

/// The end of a connection, or the lack of an answer.
pub(super) const CLOSED: &str = "(closed)";
pub(super) const SILENCE: &str = "(no answer)";

/// What is due.
#[derive(Clone, Copy, Debug)]
enum Due {
    Handshake,
    Answer(Operation),
    Fence,
    /// The end of the connection. The real server may still answer what it gets before it hangs up, so nothing is
    /// sent.
    End,
}

#[derive(Debug)]
pub(super) struct Client {
    connection: Connection,
    due: VecDeque<Due>,
    next_xid: i32,
    /// The newest transaction that the server has told of.
    pub(super) newest_zxid: i64,
    /// The session that the handshake has given.
    pub(super) session: Option<Session>,
    /// Whether the connection can be of no further use.
    pub(super) is_over: bool,
}

impl Client {
    /// Opens a connection and sends the handshake.
    pub(super) fn open(address: SocketAddr, handshake: &[u8]) -> Result<Client> {
        let mut connection = Connection::open(address)?;
        connection.send(handshake)?;
        let due = VecDeque::from([Due::Handshake]);
        Ok(Client { connection, due, next_xid: 1, newest_zxid: 0, session: None, is_over: false })
    }

    /// Sends requests in one write, or in several, cut in thousandths of its length.
    pub(super) fn send(&mut self, requests: &[Request], cuts: &[usize], meaning: Meaning<'_>) -> Result<()> {
        let mut bytes = Vec::new();
        for request in requests {
            request.encode(self.next_xid, meaning, &mut bytes);
            self.next_xid += 1;
            self.due.push_back(Due::Answer(request.operation));
        }
        let mut start = 0;
        for end in cuts.iter().map(|cut| cut * bytes.len() / 1000).chain([bytes.len()]) {
            self.connection.send(&bytes[start..end])?;
            start = end;
        }
        Ok(())
    }

    /// Has the server answer when everything before has been done.
    pub(super) fn send_fence(&mut self) -> Result<()> {
        self.due.push_back(Due::Fence);
        self.connection.send(FENCE)
    }

    /// Waits until something has come, but not longer than so.
    pub(super) fn wait(&mut self, patience: Duration) -> Result<()> {
        self.connection.wait(patience)
    }

    /// Takes everything that comes until nothing is due any more.
    pub(super) fn receive(&mut self, view: View<'_>, observed: &mut Vec<Observed>) -> Result<()> {
        while !self.due.is_empty() && !self.is_over {
            let text = match self.connection.next()? {
                Arrival::Frame(frame) => match self.frame(&frame, view)? {
                    Some(seen) => {
                        observed.push(seen);
                        continue;
                    }
                    None => continue,
                },
                Arrival::Closed => CLOSED,
                Arrival::Silence => SILENCE,
            };
            self.is_over = true;
            observed.push(Observed { is_event: false, text: text.into() });
        }
        Ok(())
    }

    /// Makes a request on a connection on which nothing else is due, and gives the answer as it is.
    pub(super) fn ask(&mut self, request: &Request, meaning: Meaning<'_>) -> Result<(Header, Vec<u8>)> {
        let mut bytes = Vec::new();
        request.encode(ASKING_XID, meaning, &mut bytes);
        self.connection.send(&bytes)?;
        let frame = match self.connection.next()? {
            Arrival::Frame(frame) => frame,
            Arrival::Closed => bail!("the server hangs up instead of an answer to {request}"),
            Arrival::Silence => bail!("no answer to {request}"),
        };
        let (header, body) =
            Header::read(&frame).with_context(|| format!("no answer: {}", frame.escape_ascii()))?;
        self.newest_zxid = self.newest_zxid.max(header.zxid);
        Ok((header, body.to_vec()))
    }

    fn frame(&mut self, frame: &[u8], view: View<'_>) -> Result<Option<Observed>> {
        if let Some(Due::Handshake) = self.due.front() {
            self.due.pop_front();
            let text =
                self.handshake(frame).unwrap_or_else(|| format!("(unreadable) {}", frame.escape_ascii()));
            return Ok(Some(Observed { is_event: false, text }));
        }
        let (header, body) =
            Header::read(frame).with_context(|| format!("no answer: {}", frame.escape_ascii()))?;
        self.newest_zxid = self.newest_zxid.max(header.zxid);
        if header.xid == NOTIFICATION_XID {
            return Ok(Some(Observed { is_event: true, text: view.event(header, body) }));
        }
        let text = match self.due.pop_front() {
            Some(Due::Answer(operation)) => {
                if hangs_up(operation, header.error) {
                    self.due.push_back(Due::End);
                }
                view.answer(operation, header, body)
            }
            _ if (header.xid, header.error, body) == (-2, 0, &[]) => return Ok(None),
            _ => format!("(unexpected) {}", frame.escape_ascii()),
        };
        Ok(Some(Observed { is_event: false, text }))
    }

    /// Learns the session of a handshake's answer and gives what is the same with every server.
    fn handshake(&mut self, frame: &[u8]) -> Option<String> {
        let mut reader = Reader::new(frame);
        let (version, timeout_ms, id) = (reader.int()?, reader.int()?, reader.long()?);
        let password = reader.buffer()?.unwrap_or_default().to_vec();
        let rest = reader.rest().escape_ascii().to_string();
        let zeros = if password.iter().all(|byte| *byte == 0) { "zeros" } else { "secret bytes" };
        let granted = if id == 0 { "no session" } else { "a session" };
        let length = password.len();
        self.session = (id != 0).then_some(Session { id, password });
        Some(format!("{granted} for {timeout_ms} ms, {length} {zeros}, version {version}, then {rest:?}"))
    }
}

/// Whether the server hangs up behind this answer.
fn hangs_up(operation: Operation, error: i32) -> bool {
    match operation {
        Operation::CloseSession | Operation::Other(_) => true,
        Operation::Auth => error != 0,
        _ => false,
    }
}
