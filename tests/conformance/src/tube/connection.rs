//! A client connection that cuts what the server sends into replies, and judges nothing.

use std::fmt::{self, Display, Formatter};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::net::sockopt::set_tcp_quickack;

/// How long a reply that must come may take.
pub(crate) const REPLY_DEADLINE: Duration = Duration::from_secs(5);
/// The most bytes taken from the socket in one read.
const READ_BYTES: usize = 64 * 1024;

/// Something that a server did to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A whole reply: its line without CR LF, and its body without the trailing CR LF if it has one.
    Reply { line: String, body: Option<Vec<u8>> },
    /// Bytes that are no whole reply, and nothing came after them.
    Fragment(Vec<u8>),
    /// The server has closed the connection.
    Closed,
    /// A reply was due and did not come.
    Silence,
}

impl Display for Event {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Event::Reply { line, body: None } => formatter.write_str(line),
            Event::Reply { line, body: Some(body) } => write!(formatter, "{line} | {}", body.escape_ascii()),
            Event::Fragment(bytes) => write!(formatter, "(a fragment) {}", bytes.escape_ascii()),
            Event::Closed => formatter.write_str("(closed)"),
            Event::Silence => formatter.write_str("(no reply)"),
        }
    }
}

/// A connection to one server.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    closed: bool,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, received: Vec::new(), closed: false })
    }

    /// Sends bytes. A server that has hung up is no error here: the next read tells.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.set_nonblocking(false)?;
        match self.stream.write_all(bytes) {
            Err(error) if !is_hang_up(error.kind()) => Err(error).context("cannot send"),
            _ => Ok(()),
        }
    }

    /// Tells the server that nothing more will be sent.
    pub(crate) fn half_close(&mut self) {
        // Fails only if the server has closed the connection already, which the next read tells.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Waits for the next event, and gives `Silence` if none comes in time.
    pub(crate) fn next(&mut self) -> Result<Event> {
        let deadline = Instant::now() + REPLY_DEADLINE;
        self.stream.set_nonblocking(false)?;
        loop {
            if let Some(event) = self.take_whole() {
                return Ok(event);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Event::Silence);
            }
            self.stream.set_read_timeout(Some(left))?;
            self.read_once()?;
        }
    }

    /// Takes what has arrived, without waiting: whole replies, and the end of the connection. Returns whether
    /// any byte has arrived, or the end.
    pub(crate) fn arrived(&mut self, events: &mut Vec<Event>) -> Result<bool> {
        if self.closed {
            return Ok(false);
        }
        self.stream.set_nonblocking(true)?;
        let mut any = false;
        while !self.closed && self.read_once()? {
            any = true;
        }
        while let Some(event) = self.take_whole() {
            let last = event == Event::Closed;
            events.push(event);
            if last {
                break;
            }
        }
        Ok(any)
    }

    /// Takes the bytes that have not become a whole reply.
    pub(crate) fn take_fragment(&mut self) -> Option<Event> {
        (!self.received.is_empty()).then(|| Event::Fragment(std::mem::take(&mut self.received)))
    }

    /// Returns whether anything was read or the end was seen.
    fn read_once(&mut self) -> Result<bool> {
        let mut chunk = [0; READ_BYTES];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.closed = true,
            Ok(count) => {
                self.received.extend_from_slice(&chunk[..count]);
                // beanstalkd leaves Nagle's algorithm on: it keeps its next reply back until this one is
                // acknowledged, which this end would otherwise put off for 40 ms.
                set_tcp_quickack(&self.stream, true)?;
            }
            Err(error) if is_hang_up(error.kind()) => self.closed = true,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(false);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("cannot receive"),
        }
        Ok(true)
    }

    fn take_whole(&mut self) -> Option<Event> {
        if let Some((event, length)) = parse_reply(&self.received) {
            self.received.drain(..length);
            return Some(event);
        }
        if !self.closed {
            return None;
        }
        Some(self.take_fragment().unwrap_or(Event::Closed))
    }
}

fn is_hang_up(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
}

/// The reply at the start of the bytes, and how many bytes it takes.
fn parse_reply(bytes: &[u8]) -> Option<(Event, usize)> {
    let line_length = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let line = String::from_utf8_lossy(&bytes[..line_length]).into_owned();
    let body_start = line_length + 2;
    let Some(body_length) = announced_body(&line) else {
        return Some((Event::Reply { line, body: None }, body_start));
    };
    let body_end = body_start.checked_add(body_length)?;
    let trailer = bytes.get(body_end..body_end + 2)?;
    let mut body = bytes[body_start..body_end].to_vec();
    if trailer != b"\r\n" {
        body.extend_from_slice(b" [and not CR LF but] ");
        body.extend_from_slice(trailer);
    }
    Some((Event::Reply { line, body: Some(body) }, body_end + 2))
}

fn announced_body(line: &str) -> Option<usize> {
    let (word, rest) = line.split_once(' ')?;
    matches!(word, "OK" | "FOUND" | "RESERVED").then(|| rest.rsplit(' ').next()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_taken_only_when_it_is_whole() {
        let bytes = b"FOUND 7 4\r\na\r\nb\r\nNOT_FOUND\r\n";
        for length in 0..17 {
            assert_eq!(parse_reply(&bytes[..length]), None, "{length} bytes");
        }
        let found = Event::Reply { line: "FOUND 7 4".into(), body: Some(b"a\r\nb".to_vec()) };
        assert_eq!(parse_reply(bytes), Some((found, 17)));
        let not_found = Event::Reply { line: "NOT_FOUND".into(), body: None };
        assert_eq!(parse_reply(&bytes[17..]), Some((not_found, 11)));
    }

    #[test]
    fn a_body_without_its_trailer_is_not_mistaken_for_a_good_one() {
        let Some((Event::Reply { body: Some(body), .. }, _)) = parse_reply(b"OK 1\r\nxyz") else {
            panic!("no reply");
        };
        assert_ne!(body, b"x");
    }
}
