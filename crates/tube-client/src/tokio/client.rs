//! The client for tokio: a machine, a socket and a timer. What requests and replies mean is the machine's.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use trellis_tube_codec::Request;

use super::alarm::Alarm;
use super::socket::Socket;
use crate::address::Address;
use crate::answer::Answer;
use crate::error::Error;
use crate::job::{Inserted, Job, PutOptions, seconds};
use crate::limits::READ_BYTES;
use crate::machine::{Machine, Ticket};
use crate::methods::methods;
use crate::settings::Settings;
use crate::statistics::Statistics;

/// A client of one server, or of the nodes of one cluster. It connects with its first request, and again whenever
/// that is needed; the tubes that it uses and watches stay the same.
///
/// It has no task of its own: it moves while one of its futures is awaited. A future can be dropped at any time; a
/// request that was sent may then be carried out or not, and a job that it reserves goes back to the server.
/// Dropping the client closes its socket and sends nothing.
///
/// ```no_run
/// use std::time::Duration;
/// use trellis_tube_client::{PutOptions, tokio::Client};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = Client::new("localhost".parse()?);
/// client.use_tube("mail").await?;
/// client.put(b"hello", &PutOptions::default()).await?;
///
/// client.watch_only(&["mail"]).await?;
/// if let Some(job) = client.reserve(Some(Duration::from_millis(250))).await? {
///     println!("{} bytes", job.body.len());
///     client.delete(job.id).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    pub(super) machine: Machine,
    link: Link,
    /// Goes off at the machine's deadline or before.
    alarm: Alarm,
    buffer: Vec<u8>,
}

enum Link {
    None,
    Connecting(Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + Sync>>),
    Connected(Socket),
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Connecting(_) => f.write_str("Connecting"),
            Self::Connected(socket) => socket.fmt(f),
        }
    }
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
            alarm: Alarm::default(),
            buffer: vec![0; READ_BYTES],
        }
    }

    methods!([async] [.await]);

    /// Makes many requests without waiting for one reply before the next is sent. The answers are in their order.
    pub async fn call_all(&mut self, requests: &[Request<'_>]) -> Vec<Result<Answer, Error>> {
        let tickets: Vec<Ticket> = requests.iter().map(|request| self.begin(request)).collect();
        let guard = Guard { client: self, tickets: &tickets };
        let mut answers = Vec::with_capacity(tickets.len());
        for &ticket in &tickets {
            answers.push(poll_fn(|context| guard.client.poll_outcome(ticket, context)).await);
        }
        answers
    }

    /// Waits for the outcome of a request that was begun.
    pub async fn outcome(&mut self, ticket: Ticket) -> Result<Answer, Error> {
        let guard = Guard { client: self, tickets: &[ticket] };
        poll_fn(|context| guard.client.poll_outcome(ticket, context)).await
    }

    /// The same for those who wait for several clients in one task. Giving up takes an
    /// [`abandon`](Self::abandon).
    pub fn poll_outcome(&mut self, ticket: Ticket, context: &mut Context<'_>) -> Poll<Result<Answer, Error>> {
        loop {
            if let Some(outcome) = self.machine.take(ticket) {
                return Poll::Ready(outcome);
            }
            if !self.machine.is_pending(ticket) {
                return Poll::Ready(Err(Error::TicketUsed));
            }
            ready!(self.poll_progress(context));
        }
    }

    /// Ready when a reserve that nobody waits for any more has ended, with the job that had come by then; it went back.
    ///
    /// The protocol knows no way to end a reserve. But a server that sees that nothing more will be sent answers at once, and
    /// what it says before it hangs up tells whether it has counted a reservation.
    pub(super) fn poll_take_back(&mut self, ticket: Ticket, context: &mut Context<'_>) -> Poll<Option<u64>> {
        loop {
            if let Some(outcome) = self.machine.take(ticket) {
                self.hang_up();
                return Poll::Ready(outcome.ok().and_then(Answer::job).map(|job| job.id));
            }
            if !self.is_connected() {
                self.abandon(ticket);
                return Poll::Ready(None);
            }
            if let Link::Connected(socket) = &mut self.link
                && self.machine.output().is_empty()
            {
                // What goes wrong shows when it is read.
                let _ = socket.poll_half_close(context);
            }
            ready!(self.poll_progress(context));
        }
    }

    /// Ready when the job is not held any more, as far as this client can know: at the latest with its connection's end.
    pub(super) fn poll_lost(&mut self, id: u64, context: &mut Context<'_>) -> Poll<()> {
        while self.machine.holds(id) {
            ready!(self.poll_progress(context));
        }
        Poll::Ready(())
    }

    /// The time at which a call begins.
    pub(super) fn enter(&self) -> Instant {
        ::tokio::time::Instant::now().into_std()
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

    /// Ready whenever something has moved.
    pub(super) fn poll_progress(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now = self.enter();
        if let Some(address) = self.machine.wants_connection(now) {
            self.link = Link::Connecting(Box::pin(Socket::connect(address.clone())));
        }
        let moved = self.poll_link(context, now);
        self.settle();
        if moved.is_ready() { moved } else { self.poll_timer(context, now) }
    }

    fn poll_link(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<()> {
        match &mut self.link {
            Link::None => return Poll::Pending,
            Link::Connecting(connecting) => match ready!(connecting.as_mut().poll(context)) {
                Ok(socket) => {
                    self.link = Link::Connected(socket);
                    self.machine.connected(now);
                }
                Err(error) => self.machine.connect_failed(error, now),
            },
            Link::Connected(socket) => {
                while !self.machine.output().is_empty() {
                    match socket.poll_write(context, self.machine.output()) {
                        Poll::Ready(Ok(bytes)) => self.machine.wrote(bytes, now),
                        // What the server has said before it hung up is still to be read, and that tells of the end.
                        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => break,
                        Poll::Ready(Err(error)) => {
                            self.machine.lost(error, now);
                            return Poll::Ready(());
                        }
                        Poll::Pending => break,
                    }
                }
                match ready!(socket.poll_read(context, &mut self.buffer)) {
                    Ok(0) => self.machine.lost(io::ErrorKind::UnexpectedEof.into(), now),
                    Ok(bytes) => self.machine.received(&self.buffer[..bytes], now),
                    Err(error) => self.machine.lost(error, now),
                }
            }
        }
        Poll::Ready(())
    }

    fn poll_timer(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<()> {
        let Some(deadline) = self.machine.deadline() else { return Poll::Pending };
        if deadline <= now {
            self.machine.advance(now);
            self.settle();
            return Poll::Ready(());
        }
        self.alarm.poll(deadline, now, context)
    }
}

/// Gives the tickets up when the future that waits for them ends or is dropped; those that were redeemed are not
/// there any more.
struct Guard<'a> {
    client: &'a mut Client,
    tickets: &'a [Ticket],
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        for &ticket in self.tickets {
            if self.client.machine.is_pending(ticket) {
                self.client.abandon(ticket);
            }
        }
    }
}
