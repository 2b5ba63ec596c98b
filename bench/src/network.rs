//! The load generator's engine: many connections on one thread, non-blocking. It moves bytes, cuts them into
//! replies and takes the times; which protocol they speak and what is asked next is not its business.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

use crate::meter::Meter;

/// How many bytes are read at once.
const READ_BYTES: usize = 256 * 1024;
/// How many sockets are looked after between two looks at the clock.
const EVENTS_MAX: usize = 1024;
/// How long to wait for events before looking at the clock.
const POLL_TIMEOUT: Duration = Duration::from_millis(50);

/// As many connections as come from one address. ZooKeeper takes no more than 60, as it is set up by itself, and those
/// of a preparation may not be gone yet.
const CONNECTIONS_PER_ADDRESS: usize = 20;

/// How a protocol's replies are cut from a stream of bytes.
pub(crate) trait Protocol {
    /// One reply.
    type Reply<'a>;
    /// The first reply in `input` and its length; `None` if more bytes are needed.
    fn reply(input: &[u8]) -> Result<Option<(Self::Reply<'_>, usize)>>;
}

/// Who asks what. Each reply answers the oldest open request of its connection.
pub(crate) trait Workload {
    /// What is spoken.
    type Protocol: Protocol;
    /// Makes the first requests.
    fn begin(&mut self, exchange: &mut Exchange);
    /// Takes a reply and makes the requests that follow from it.
    fn reply(
        &mut self,
        from: usize,
        reply: <Self::Protocol as Protocol>::Reply<'_>,
        exchange: &mut Exchange,
    ) -> Result<()>;
    /// Whether all is done, for workloads that have an end of their own.
    fn finished(&self) -> bool {
        false
    }
}

/// Where workloads leave their requests.
pub(crate) struct Exchange {
    /// When the reply at hand was read.
    pub(crate) now: Instant,
    /// What is counted.
    pub(crate) meter: Meter,
    lines: Vec<Line>,
    /// The lines with something new to send.
    changed: Vec<usize>,
}

/// One connection's requests.
#[derive(Default)]
struct Line {
    output: Vec<u8>,
    /// When each open request was made, the oldest first; `None` if its time does not matter.
    open: VecDeque<Option<Instant>>,
    changed: bool,
}

impl Exchange {
    /// An exchange for so many connections, without any request.
    pub(crate) fn new(connections: usize) -> Result<Exchange> {
        let lines = (0..connections).map(|_| Line::default()).collect();
        Ok(Exchange { now: Instant::now(), meter: Meter::new()?, lines, changed: Vec::new() })
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.lines.len()
    }

    /// Begins a request on a connection; the caller appends its bytes.
    pub(crate) fn request(&mut self, connection: usize) -> &mut Vec<u8> {
        let now = self.now;
        self.open(connection, Some(now))
    }

    /// Begins a request that may wait long for its reply, so that its time tells nothing.
    pub(crate) fn waiting_request(&mut self, connection: usize) -> &mut Vec<u8> {
        self.open(connection, None)
    }

    fn open(&mut self, connection: usize, at: Option<Instant>) -> &mut Vec<u8> {
        let line = &mut self.lines[connection];
        line.open.push_back(at);
        if !line.changed {
            line.changed = true;
            self.changed.push(connection);
        }
        &mut line.output
    }

    /// A reply has come on a connection.
    fn close(&mut self, connection: usize) -> Result<()> {
        let Some(at) = self.lines[connection].open.pop_front() else {
            bail!("the server sent a reply that nobody asked for");
        };
        self.meter.count();
        if let Some(at) = at {
            self.meter.record(self.now - at);
        }
        Ok(())
    }
}

/// The connections to one server.
pub(crate) struct Network {
    poll: Poll,
    sockets: Vec<Socket>,
    exchange: Exchange,
    input: Vec<u8>,
}

struct Socket {
    stream: TcpStream,
    /// The beginning of a reply whose end has not come yet.
    partial: Vec<u8>,
}

impl Network {
    /// Opens `count` connections, one after the other.
    pub(crate) fn connect(address: SocketAddr, count: usize) -> Result<Network> {
        let poll = Poll::new()?;
        let mut sockets = Vec::with_capacity(count);
        for number in 0..count {
            let stream = open(address, number)
                .with_context(|| format!("cannot open connection {number} of {count}"))?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
            sockets.push(Socket { stream, partial: Vec::new() });
        }
        Ok(Network { poll, sockets, exchange: Exchange::new(count)?, input: vec![0; READ_BYTES] })
    }

    /// What is counted.
    pub(crate) fn meter(&mut self) -> &mut Meter {
        &mut self.exchange.meter
    }

    /// Sends a workload's first requests.
    pub(crate) fn begin<W: Workload>(&mut self, workload: &mut W) -> Result<()> {
        self.exchange.now = Instant::now();
        workload.begin(&mut self.exchange);
        self.send_changed()
    }

    /// Goes on until the workload is finished or it is `until`; tells whether it is finished.
    pub(crate) fn run<W: Workload>(&mut self, workload: &mut W, until: Instant) -> Result<bool> {
        let mut events = Events::with_capacity(EVENTS_MAX);
        while !workload.finished() {
            if Instant::now() >= until {
                return Ok(false);
            }
            match self.poll.poll(&mut events, Some(POLL_TIMEOUT)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                let connection = event.token().0;
                if event.is_readable() {
                    self.receive(connection, event.is_read_closed(), workload)?;
                }
                if event.is_writable() {
                    self.send(connection)?;
                }
                self.send_changed()?;
            }
        }
        Ok(true)
    }

    /// Runs a workload that has an end, from its beginning; one that takes longer than `limit` is an error.
    pub(crate) fn complete<W: Workload>(&mut self, workload: &mut W, limit: Duration) -> Result<()> {
        self.begin(workload)?;
        if !self.run(workload, Instant::now() + limit)? {
            bail!("the server took more than {} s over it", limit.as_secs());
        }
        Ok(())
    }

    /// Reads what has come and hands the replies in it to the workload. If the server has `closed` the
    /// connection, that is an error after its last reply.
    fn receive<W: Workload>(&mut self, connection: usize, closed: bool, workload: &mut W) -> Result<()> {
        loop {
            let socket = &mut self.sockets[connection];
            let length = match socket.stream.read(&mut self.input) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("cannot read a reply"),
            };
            self.exchange.now = Instant::now();
            let received = &self.input[..length];
            if socket.partial.is_empty() {
                let taken = replies(received, connection, workload, &mut self.exchange)?;
                socket.partial.extend_from_slice(&received[taken..]);
            } else {
                socket.partial.extend_from_slice(received);
                let taken = replies(&socket.partial, connection, workload, &mut self.exchange)?;
                socket.partial.drain(..taken);
            }
            // Less than was asked for means that there is no more; epoll tells about what comes later, but
            // not a second time about an end that has come already.
            if workload.finished() || (length < self.input.len() && !closed) {
                return Ok(());
            }
        }
    }

    fn send_changed(&mut self) -> Result<()> {
        while let Some(connection) = self.exchange.changed.pop() {
            self.exchange.lines[connection].changed = false;
            self.send(connection)?;
        }
        Ok(())
    }

    /// Sends as much as the socket takes; epoll tells when it takes more.
    fn send(&mut self, connection: usize) -> Result<()> {
        let output = &mut self.exchange.lines[connection].output;
        let mut sent = 0;
        while sent < output.len() {
            match self.sockets[connection].stream.write(&output[sent..]) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot send a request"),
            }
        }
        output.drain(..sent);
        Ok(())
    }
}

/// Opens a connection from one of the machine's own addresses, of which it has millions.
fn open(address: SocketAddr, number: usize) -> Result<std::net::TcpStream> {
    let offset = u32::try_from(number / CONNECTIONS_PER_ADDRESS)?;
    let own = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + offset);
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddrV4::new(own, 0))?;
    connect(&socket, &address)?;
    Ok(socket.into())
}

/// Hands every complete reply to the workload; the number of bytes that they had.
fn replies<W: Workload>(
    input: &[u8],
    connection: usize,
    workload: &mut W,
    exchange: &mut Exchange,
) -> Result<usize> {
    let mut taken = 0;
    while taken < input.len() {
        let Some((reply, length)) = W::Protocol::reply(&input[taken..])? else { break };
        taken += length;
        exchange.close(connection)?;
        workload.reply(connection, reply, exchange)?;
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use super::Network;
    use crate::beanstalk;
    use crate::workload::Script;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A server for one connection: reads so many bytes, then answers each byte in a packet of its own.
    fn server(reads: usize, answer: &'static str) -> (std::net::SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            stream.read_exact(&mut vec![0; reads]).unwrap();
            for byte in answer.as_bytes() {
                // The generator may have seen enough and be gone.
                let _ = stream.write_all(&[*byte]);
            }
        });
        (address, answering)
    }

    /// Uses two tubes, both at once, and returns how many replies were counted.
    fn use_two(answer: &'static str) -> anyhow::Result<u64> {
        let (address, answering) = server("use tube-1\r\nuse tube-2\r\n".len(), answer);
        let mut network = Network::connect(address, 1)?;
        let mut number = 0;
        let mut workload = Script::new(2, |_, out: &mut Vec<u8>| {
            number += 1;
            beanstalk::tube(out, "use", number);
            number <= 2
        });
        let outcome = network.complete(&mut workload, LIMIT);
        answering.join().unwrap();
        outcome.map(|()| network.meter().replies())
    }

    #[test]
    fn replies_in_pieces_are_put_together() {
        assert_eq!(use_two("USING tube-1\r\nUSING tube-2\r\n").unwrap(), 2);
    }

    #[test]
    fn a_wrong_reply_is_an_error() {
        let error = use_two("USING tube-1\r\nOUT_OF_MEMORY\r\n").unwrap_err();
        assert_eq!(error.to_string(), "the server answered `OUT_OF_MEMORY`");
    }

    #[test]
    fn a_missing_reply_is_an_error() {
        assert_eq!(use_two("USING tube-1\r\n").unwrap_err().to_string(), "the server closed a connection");
    }
}
