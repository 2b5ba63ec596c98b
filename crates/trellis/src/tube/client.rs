//! A small blocking client of the beanstalk protocol: one connection, one thread, a deadline on every wait.
//!
//! It knows bytes, time-outs and how to word what goes wrong; what a reply means is up to the commands.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use trellis_tube_codec::{Reply, Request};

use super::refusal::refusal;
use crate::address::Address;
use crate::connect::connect_tcp;
use crate::exit::{Exit, Failure};
use crate::limits::{JOB_SIZE_BYTES_MAX, PIPELINE_REQUESTS_MAX, READ_BYTES};

/// A connection to a server.
pub(super) struct Client {
    stream: Stream,
    address: Address,
    timeout: Duration,
    /// Requests that have not been sent.
    output: Vec<u8>,
    /// What the server has sent, from `taken` on not yet made into replies.
    input: Vec<u8>,
    taken: usize,
}

impl Client {
    /// Connects; neither this nor a later reply may take longer than `timeout`.
    pub(super) fn connect(address: &Address, timeout: Duration) -> Result<Client, Failure> {
        let stream = match address {
            Address::Tcp { host, port } => connect_tcp(host, *port, timeout).map(Stream::Tcp),
            Address::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
        };
        let stream = stream.map_err(|error| connect_failed(address, timeout, &error))?;
        let address = address.clone();
        Ok(Client { stream, address, timeout, output: Vec::new(), input: Vec::new(), taken: 0 })
    }

    /// Begins anew with another connection to the same server.
    pub(super) fn reconnect(&mut self) -> Result<(), Failure> {
        *self = Client::connect(&self.address, self.timeout)?;
        Ok(())
    }

    /// Sends a request and waits for its reply. A reply that refuses the request is a failure.
    pub(super) fn call(&mut self, request: &Request<'_>) -> Result<Reply<'_>, Failure> {
        self.queue(request);
        accept(self.receive()?)
    }

    /// The same for a request that the server may answer as late as `wait` from now, or at any time.
    pub(super) fn call_patiently(
        &mut self,
        request: &Request<'_>,
        wait: Option<Duration>,
    ) -> Result<Reply<'_>, Failure> {
        self.queue(request);
        accept(self.receive_within(wait.map(|wait| wait.saturating_add(self.timeout)))?)
    }

    /// Makes many calls without waiting for each reply, and hands the replies on in order.
    pub(super) fn call_all(
        &mut self,
        requests: &[Request<'_>],
        mut each: impl FnMut(Reply<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for window in requests.chunks(PIPELINE_REQUESTS_MAX) {
            for request in window {
                self.queue(request);
            }
            for _ in window {
                each(accept(self.receive()?)?)?;
            }
        }
        Ok(())
    }

    /// Takes a request to be sent with the next one that waits for a reply.
    pub(super) fn queue(&mut self, request: &Request<'_>) {
        request.encode(&mut self.output);
    }

    /// How many bytes are queued.
    pub(super) fn queued_bytes(&self) -> usize {
        self.output.len()
    }

    /// Sends what is queued and waits for the next reply, whatever it says.
    pub(super) fn receive(&mut self) -> Result<Reply<'_>, Failure> {
        self.receive_within(Some(self.timeout))
    }

    /// The same with a limit of its own, or without one.
    fn receive_within(&mut self, limit: Option<Duration>) -> Result<Reply<'_>, Failure> {
        self.send()?;
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        // A reply borrows the buffer, so it can only be made once no more bytes are needed.
        while self.decode_next()?.is_none() {
            self.input.drain(..std::mem::take(&mut self.taken));
            self.read_more(deadline)?;
        }
        let mut rest = &self.input[self.taken..];
        let before = rest.len();
        let reply = Reply::decode(&mut rest, JOB_SIZE_BYTES_MAX);
        self.taken += before - rest.len();
        match reply {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) | Err(_) => Err(Failure::new(Exit::Internal, "the same bytes were read in two ways")),
        }
    }

    /// Whether the next reply is complete.
    fn decode_next(&self) -> Result<Option<()>, Failure> {
        let mut rest = &self.input[self.taken..];
        let reply = Reply::decode(&mut rest, JOB_SIZE_BYTES_MAX);
        reply
            .map(|reply| reply.map(|_| ()))
            .map_err(|error| Failure::new(Exit::Internal, format!("{}: {error}", self.address)))
    }

    fn send(&mut self) -> Result<(), Failure> {
        let output = std::mem::take(&mut self.output);
        let outcome =
            self.stream.set_write_timeout(self.timeout).and_then(|()| self.stream.write_all(&output));
        outcome.map_err(|error| self.lost(&error))
    }

    fn read_more(&mut self, deadline: Option<Instant>) -> Result<(), Failure> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(self.lost(&io::ErrorKind::TimedOut.into()));
        }
        let mut chunk = [0; READ_BYTES];
        let outcome = self.stream.set_read_timeout(left).and_then(|()| self.stream.read(&mut chunk));
        match outcome {
            Ok(0) => Err(self.lost(&io::ErrorKind::UnexpectedEof.into())),
            Ok(bytes) => {
                self.input.extend_from_slice(&chunk[..bytes]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(self.lost(&error)),
        }
    }

    fn lost(&self, error: &io::Error) -> Failure {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock};
        let (address, seconds) = (&self.address, self.timeout.as_secs());
        let message = match error.kind() {
            TimedOut | WouldBlock => format!("{address} does not answer within {seconds} s"),
            UnexpectedEof | ConnectionReset | BrokenPipe => {
                format!("{address} has closed the connection before it answered")
            }
            _ => format!("the connection to {address} failed: {error}"),
        };
        Failure::new(Exit::Unreachable, message)
    }
}

/// The reply, unless it refuses the request.
fn accept(reply: Reply<'_>) -> Result<Reply<'_>, Failure> {
    match refusal(&reply) {
        Some(failure) => Err(failure),
        None => Ok(reply),
    }
}

fn connect_failed(address: &Address, timeout: Duration, error: &io::Error) -> Failure {
    use io::ErrorKind::{ConnectionRefused, NotFound, TimedOut, WouldBlock};
    let seconds = timeout.as_secs();
    let failure = |message| Failure::new(Exit::Unreachable, message);
    match (error.kind(), address) {
        (ConnectionRefused, _) => failure(format!("nothing listens on {address} (connection refused)"))
            .hint("start a server with `trellis serve`, or name another one with --server"),
        (NotFound, Address::Unix(path)) => failure(format!("there is no socket {}", path.display())).hint(
            "start a server with `trellis serve --beanstalk unix:PATH`, or name another one with --server",
        ),
        (TimedOut | WouldBlock, _) => failure(format!("no connection to {address} within {seconds} s"))
            .hint("check the address and what stands between, or allow more time with --timeout"),
        _ => failure(format!("cannot connect to {address}: {error}")),
    }
}

/// The two kinds of connection.
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_read_timeout(limit),
            Stream::Unix(stream) => stream.set_read_timeout(limit),
        }
    }

    fn set_write_timeout(&self, limit: Duration) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_write_timeout(Some(limit)),
            Stream::Unix(stream) => stream.set_write_timeout(Some(limit)),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(buffer),
            Stream::Unix(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.write_all(bytes),
            Stream::Unix(stream) => stream.write_all(bytes),
        }
    }
}
