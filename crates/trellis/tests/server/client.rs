//! A connection that sends bytes and reads replies, for tests. It waits with a deadline and panics past it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Instant;

use crate::server::DEADLINE;

/// A connection to a server.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("the socket is open");
        stream.set_read_timeout(Some(DEADLINE)).expect("the socket is open");
        Client { stream: BufReader::new(stream) }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes.as_ref()).expect("the server reads");
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads one line, without its end.
    pub(crate) fn line(&mut self) -> String {
        self.try_line().expect("a reply comes")
    }

    pub(crate) fn try_line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Reads a body of that length and its end.
    pub(crate) fn try_body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut body = vec![0; length + 2];
        self.stream.read_exact(&mut body)?;
        assert_eq!(body.split_off(length), b"\r\n", "a body ends with CR LF");
        Ok(body)
    }

    /// Sends a line and reads the line that answers it.
    pub(crate) fn ask(&mut self, line: impl AsRef<str>) -> String {
        self.try_ask(line.as_ref()).expect("a reply comes")
    }

    pub(crate) fn try_ask(&mut self, line: &str) -> io::Result<String> {
        self.try_send(format!("{line}\r\n").as_bytes())?;
        self.try_line()
    }

    /// Sends a line and reads the body that answers it; nothing if the answer has none.
    pub(crate) fn body(&mut self, line: &str) -> Option<Vec<u8>> {
        let answer = self.ask(line);
        let (word, rest) = answer.split_once(' ')?;
        assert!(matches!(word, "OK" | "FOUND" | "RESERVED"), "{line}: {answer}");
        let length = rest.rsplit(' ').next().and_then(|text| text.parse().ok()).expect("a length");
        Some(self.try_body(length).expect("a body comes"))
    }

    /// The names and values that answer a line; nothing if there is no such thing.
    pub(crate) fn facts(&mut self, line: &str) -> Option<BTreeMap<String, String>> {
        let text = String::from_utf8(self.body(line)?).expect("facts are text");
        let lines = text.strip_prefix("---\n").expect("facts begin as YAML does").lines();
        let pair = |line: &str| {
            let (key, value) = line.split_once(": ").expect("a line has a name and a value");
            (key.to_owned(), value.trim_matches('"').to_owned())
        };
        Some(lines.map(pair).collect())
    }

    /// Puts a job with that priority, delay and TTR. Returns its id.
    pub(crate) fn put(&mut self, numbers: &str, body: &str) -> u64 {
        self.send(format!("put {numbers} {}\r\n{body}\r\n", body.len()));
        let line = self.line();
        let id = line.strip_prefix("INSERTED ").and_then(|id| id.parse().ok());
        id.unwrap_or_else(|| panic!("{line}, and not INSERTED"))
    }

    /// Makes a round trip of a command that changes nothing, in which what was sent before on other connections most
    /// likely arrives as well. A busy kernel may deliver it later: see [`Client::until_waiting`].
    pub(crate) fn round_trip(&mut self) {
        assert_eq!(self.ask("kick-job 0"), "NOT_FOUND");
    }

    /// Returns when the server knows of exactly so many connections that wait for a job.
    pub(crate) fn until_waiting(&mut self, workers: usize) {
        let deadline = Instant::now() + DEADLINE;
        let wanted = workers.to_string();
        while self.facts("stats").expect("facts")["current-waiting"] != wanted {
            assert!(Instant::now() < deadline, "{workers} do not wait");
        }
    }

    /// Ends the sending direction.
    pub(crate) fn half_close(&mut self) {
        self.stream.get_mut().shutdown(Shutdown::Write).expect("the socket is open");
    }

    /// Whether nothing has come so far.
    pub(crate) fn has_nothing(&mut self) -> bool {
        let stream = self.stream.get_mut();
        stream.set_nonblocking(true).expect("the socket is open");
        let found = stream.peek(&mut [0]);
        stream.set_nonblocking(false).expect("the socket is open");
        self.stream.buffer().is_empty()
            && matches!(found, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Reads to the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest,
            // The server closed before it had read everything.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => rest,
            Err(error) => panic!("the connection stays open: {error}"),
        }
    }

    /// The socket.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }
}
