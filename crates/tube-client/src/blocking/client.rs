//! The blocking client: a machine, a socket, and `poll`. What requests and replies mean is the machine's.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::sched_yield;
use trellis_tube_codec::Request;

use super::close_watch::CloseWatch;
use super::socket::{Connecting, Socket};
use crate::address::Address;
use crate::answer::Answer;
use crate::error::Error;
use crate::job::{Inserted, Job, PutOptions, seconds};
use crate::limits::{CLOSE_WATCH_US_MAX, READ_BYTES};
use crate::machine::{Machine, Ticket};
use crate::methods::methods;
use crate::settings::Settings;
use crate::statistics::Statistics;

/// A client of one server, or of the nodes of one cluster. It connects with its first request, and again whenever
/// that is needed; the tubes that it uses and watches stay the same.
///
/// Dropping it closes its socket and sends nothing. A process that was forked from the one that connected lets go
/// of the connection without a word, with the first call that it makes or by dropping the client, and makes its
/// own; the jobs stay with the parent.
///
/// ```no_run
/// use std::time::Duration;
/// use trellis_tube_client::{PutOptions, blocking::Client};
///
/// let mut client = Client::new("localhost".parse()?);
/// client.use_tube("mail")?;
/// client.put(b"hello", &PutOptions::default())?;
///
/// client.watch_only(&["mail"])?;
/// if let Some(job) = client.reserve(Some(Duration::from_millis(250)))? {
///     println!("{} bytes", job.body.len());
///     client.delete(job.id)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Client {
    pub(super) machine: Machine,
    link: Link,
    /// The process that the link belongs to.
    owner: u32,
    buffer: Vec<u8>,
    close_watch: CloseWatch,
}

#[derive(Debug)]
enum Link {
    None,
    Connecting(Connecting),
    Connected(Socket),
}

impl Client {
    /// A client of one server.
    pub fn new(address: Address) -> Self {
        Self::with(vec![address], &Settings::default())
    }

    /// A client with settings. More than one address are nodes of one cluster: the next is tried where one can't
    /// be reached. (Servers that know nothing of each other are for a [`Producer`](super::Producer) or a
    /// [`Worker`](super::Worker).)
    pub fn with(addresses: Vec<Address>, settings: &Settings) -> Self {
        Self {
            machine: Machine::new(addresses, settings),
            link: Link::None,
            owner: std::process::id(),
            buffer: vec![0; READ_BYTES],
            close_watch: CloseWatch::default(),
        }
    }

    methods!([] []);

    /// Makes many requests without waiting for one reply before the next is sent. The answers are in their order.
    pub fn call_all(&mut self, requests: &[Request<'_>]) -> Vec<Result<Answer, Error>> {
        let tickets: Vec<Ticket> = requests.iter().map(|request| self.begin(request)).collect();
        tickets.into_iter().map(|ticket| self.outcome(ticket)).collect()
    }

    /// Waits for the outcome of a request that was begun.
    pub fn outcome(&mut self, ticket: Ticket) -> Result<Answer, Error> {
        let mut has_watched = false;
        self.enter();
        loop {
            self.advance(Instant::now());
            if let Some(outcome) = self.machine.take(ticket) {
                return outcome;
            }
            if !self.machine.is_pending(ticket) {
                return Err(Error::TicketUsed);
            }
            if has_watched || !self.watch_closely() {
                wait(std::slice::from_mut(self), None, None);
            }
            has_watched = true;
        }
    }

    /// The time at which a call begins.
    fn enter(&mut self) -> Instant {
        let now = Instant::now();
        self.leave_the_parents_link(now);
        now
    }

    /// Does what can be done without waiting.
    pub(super) fn turn(&mut self) {
        let now = self.enter();
        self.advance(now);
    }

    fn advance(&mut self, now: Instant) {
        self.machine.advance(now);
        self.settle();
        self.finish_connecting(now);
        while let Some(address) = self.machine.wants_connection(now) {
            match Connecting::start(address) {
                Ok(connecting) => {
                    self.link = Link::Connecting(connecting);
                    self.finish_connecting(now);
                }
                Err(error) => self.machine.connect_failed(error, now),
            }
        }
        self.write(now);
        self.settle();
    }

    /// A job of a server that is connected and has one; a server that isn't is being connected to meanwhile.
    pub(super) fn reserve_at_once(&mut self) -> Result<Option<Job>, Error> {
        self.turn();
        if self.is_connected() {
            return self.reserve(Some(Duration::ZERO));
        }
        self.machine.prefer_connection(Instant::now());
        self.turn();
        Ok(None)
    }

    /// A fork shares its parent's connection. Using it would mix up both, so this closes the child's share of it.
    fn leave_the_parents_link(&mut self, now: Instant) {
        let process = std::process::id();
        if self.owner != process {
            self.owner = process;
            self.link = Link::None;
            self.machine.hang_up(now);
            if self.machine.is_connecting() {
                self.machine.connect_failed(io::ErrorKind::Interrupted.into(), now);
            }
        }
    }

    /// Closes what the machine has given up.
    fn settle(&mut self) {
        let wanted = match self.link {
            Link::None => true,
            Link::Connecting(_) => self.machine.is_connecting(),
            Link::Connected(_) => self.machine.is_connected(),
        };
        if !wanted {
            self.link = Link::None;
        }
    }

    fn finish_connecting(&mut self, now: Instant) {
        while matches!(self.link, Link::Connecting(_)) {
            let Link::Connecting(connecting) = std::mem::replace(&mut self.link, Link::None) else { return };
            if !connecting.is_done() && !is_writable(connecting.as_fd()) {
                self.link = Link::Connecting(connecting);
                return;
            }
            match connecting.finish() {
                Ok(Ok(socket)) => {
                    self.link = Link::Connected(socket);
                    self.machine.connected(now);
                    return;
                }
                Ok(Err(next)) => self.link = Link::Connecting(next),
                Err(error) => self.machine.connect_failed(error, now),
            }
        }
    }

    fn write(&mut self, now: Instant) {
        while let (Link::Connected(socket), false) = (&self.link, self.machine.output().is_empty()) {
            match socket.write(self.machine.output()) {
                Ok(bytes) => self.machine.wrote(bytes, now),
                Err(error) if is_later(&error) => return,
                // What the server has said before it hung up is still to be read, and that tells of the end.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                Err(error) => return self.machine.lost(error, now),
            }
        }
    }

    fn read(&mut self, now: Instant) {
        let Link::Connected(socket) = &self.link else { return };
        match socket.read(&mut self.buffer) {
            Ok(0) => self.machine.lost(io::ErrorKind::UnexpectedEof.into(), now),
            Ok(bytes) => {
                self.close_watch.end(now);
                self.machine.received(&self.buffer[..bytes], now);
            }
            Err(error) if is_later(&error) => {}
            Err(error) => self.machine.lost(error, now),
        }
    }

    /// Begins a wait for a reply, and says whether one has come: it is looked for, for the moment that a server nearby
    /// takes, if that has brought replies clearly sooner lately than falling asleep. Whoever wants the processor meanwhile, such as
    /// that server, gets it.
    pub(super) fn watch_closely(&mut self) -> bool {
        let Link::Connected(socket) = &self.link else { return false };
        let began = Instant::now();
        if !self.machine.output().is_empty() || !self.close_watch.begin(began) {
            return false;
        }
        loop {
            match socket.read(&mut self.buffer) {
                Ok(bytes) if bytes > 0 => {
                    let now = Instant::now();
                    self.close_watch.end(now);
                    self.machine.received(&self.buffer[..bytes], now);
                    self.settle();
                    return true;
                }
                Err(error) if is_later(&error) && began.elapsed() < CLOSE_WATCH_US_MAX => sched_yield(),
                // The end, and errors, are found again when it is waited for.
                _ => return false,
            }
        }
    }

    /// What its socket waits for.
    fn interest(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match &self.link {
            Link::None => None,
            Link::Connecting(connecting) => Some((connecting.as_fd(), PollFlags::OUT)),
            Link::Connected(socket) if self.machine.output().is_empty() => {
                Some((socket.as_fd(), PollFlags::IN))
            }
            Link::Connected(socket) => Some((socket.as_fd(), PollFlags::IN | PollFlags::OUT)),
        }
    }

    /// Its socket is ready.
    fn ready(&mut self) {
        let now = Instant::now();
        match self.link {
            Link::None => {}
            Link::Connecting(_) => self.finish_connecting(now),
            Link::Connected(_) => self.read(now),
        }
        self.settle();
    }
}

/// Waits until something moves on any of the clients' sockets, or on `wake`, or the time has come for one of
/// them, or `until`. A signal ends it, too.
pub(super) fn wait(clients: &mut [Client], wake: Option<BorrowedFd<'_>>, until: Option<Instant>) {
    let deadline = clients.iter().filter_map(|client| client.machine.deadline()).chain(until).min();
    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let left = left.map(|left| left.min(Duration::from_secs(3600)));
    let left = left.and_then(|left| Timespec::try_from(left).ok());
    let interests = clients.iter().enumerate();
    let interests = interests.filter_map(|(index, client)| Some((index, client.interest()?)));
    let (indexes, mut descriptors): (Vec<usize>, Vec<PollFd<'_>>) = interests
        .map(|(index, (descriptor, flags))| (index, PollFd::from_borrowed_fd(descriptor, flags)))
        .unzip();
    descriptors.extend(wake.map(|wake| PollFd::from_borrowed_fd(wake, PollFlags::IN)));
    if poll(&mut descriptors, left.as_ref()).is_err() {
        return;
    }
    let ready: Vec<bool> = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty()).collect();
    drop(descriptors);
    for (index, _) in indexes.into_iter().zip(ready).filter(|(_, ready)| *ready) {
        clients[index].ready();
    }
}

fn is_writable(descriptor: BorrowedFd<'_>) -> bool {
    let mut descriptors = [PollFd::from_borrowed_fd(descriptor, PollFlags::OUT)];
    poll(&mut descriptors, Some(&Timespec::default())).is_ok_and(|count| count > 0)
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A child process finds the process id changed; here it is changed in place of a fork.
    #[test]
    fn a_forked_child_lets_go_without_a_word() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let server = std::thread::spawn(move || {
            let (mut parents, _) = listener.accept().unwrap();
            parents.read_exact(&mut [0; 9]).unwrap();
            parents.write_all(b"RESERVED 7 1\r\na\r\n").unwrap();
            let (mut childs, _) = listener.accept().unwrap();
            childs.read_exact(&mut [0; 10]).unwrap();
            childs.write_all(b"NOT_FOUND\r\n").unwrap();
            let mut rest = Vec::new();
            parents.read_to_end(&mut rest).unwrap();
            rest
        });
        let mut client = Client::new(address);
        assert!(client.reserve(None).unwrap().is_some());
        client.owner = 0;
        assert!(matches!(client.delete(7), Err(Error::NotFound)));
        assert!(!client.holds(7));
        assert_eq!(server.join().unwrap(), b"", "nothing is said on the parent's connection");
    }
}
