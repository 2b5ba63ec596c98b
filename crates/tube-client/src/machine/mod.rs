//! The heart of the client: one server's, or one cluster's, requests and replies, across all its connections.
//!
//! It gets bytes, events and the time, and says what to send, when to connect and what came out. It opens no
//! socket and reads no clock; both drivers are loops around it.

mod backoff;
mod connection;
mod pending;
mod tubes;

#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trellis_tube_codec::{Reply, Request, is_tube_name};

use self::backoff::Backoff;
use self::connection::Phase;
use self::pending::{Pending, Role};
use self::tubes::Tubes;
use crate::address::Address;
use crate::answer::{Answer, NoAnswer, judge, wording};
use crate::error::Error;
use crate::limits::{INPUT_BYTES_KEPT, PIPELINE_BYTES_MAX, PIPELINE_REQUESTS_MAX, PROGRESS_BYTES};
use crate::settings::Settings;

/// Names one request until its outcome is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// The state of a client without its socket, for those who write a driver of their own.
///
/// After any call, a driver looks at what is wanted: a connection ([`Machine::wants_connection`]), bytes to be sent
/// ([`Machine::output`]), the socket's end (not [`Machine::is_connected`] any more), and the time of the next
/// [`Machine::advance`] ([`Machine::deadline`]).
///
/// ```
/// use std::time::Instant;
/// use trellis_tube_client::{Machine, Settings, codec::Request};
///
/// let now = Instant::now();
/// let mut machine = Machine::new(vec!["localhost".parse()?], &Settings::default());
/// let ticket = machine.request(&Request::Delete { id: 7 }, now);
/// assert_eq!(machine.wants_connection(now).map(|address| address.to_string()), Some("localhost:11300".into()));
/// machine.connected(now);
/// assert_eq!(machine.output(), b"delete 7\r\n");
/// machine.wrote(10, now);
/// machine.received(b"DELETED\r\n", now);
/// assert!(machine.take(ticket).is_some_and(|outcome| outcome.is_ok()));
/// # Ok::<(), trellis_tube_client::AddressError>(())
/// ```
#[derive(Debug)]
pub struct Machine {
    settings: Settings,
    addresses: Vec<Address>,
    /// Which address is in use, or is tried next.
    at: usize,
    /// How many addresses were tried in vain in this round.
    tried: usize,
    phase: Phase,
    backoff: Backoff,
    last_failure: Option<(Address, Arc<io::Error>)>,
    /// Requests that no byte of was given to a driver, in their order.
    waiting: VecDeque<Pending>,
    /// Requests whose replies must come next, in their order.
    awaited: VecDeque<Pending>,
    /// Since when the server has its time for the first of them.
    since: Option<Instant>,
    /// How much has moved since then.
    moved_bytes: usize,
    output: Vec<u8>,
    written: usize,
    /// The beginning of a reply.
    input: Vec<u8>,
    outcomes: VecDeque<Outcome>,
    tickets: u64,
    tubes: Tubes,
    held: HashSet<u64>,
}

#[derive(Debug)]
struct Outcome {
    ticket: Ticket,
    takes_a_job: bool,
    result: Result<Answer, Error>,
}

impl Machine {
    /// A client of the server at any of these addresses. More than one are nodes of one cluster: the next is tried
    /// where one can't be reached.
    pub fn new(addresses: Vec<Address>, settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            addresses,
            at: 0,
            tried: 0,
            phase: Phase::Apart { retry_at: None },
            backoff: Backoff::new(settings),
            last_failure: None,
            waiting: VecDeque::new(),
            awaited: VecDeque::new(),
            since: None,
            moved_bytes: 0,
            output: Vec::new(),
            written: 0,
            input: Vec::new(),
            outcomes: VecDeque::new(),
            tickets: 0,
            tubes: Tubes::new(),
            held: HashSet::new(),
        }
    }

    /// Takes a request; it is sent in its turn. `quit` hangs up without a word.
    pub fn request(&mut self, request: &Request<'_>, now: Instant) -> Ticket {
        match *request {
            Request::Reserve => return self.reserve(None, now),
            Request::ReserveWithTimeout { seconds } => {
                return self.reserve(Some(Duration::from_secs(seconds.into())), now);
            }
            _ => {}
        }
        let ticket = self.new_ticket();
        if let Some(tube) = bad_tube(request) {
            self.deliver(Some(ticket), false, Err(Error::BadTubeName(tube.to_owned())), now);
            return ticket;
        }
        if *request == Request::Quit {
            self.hang_up(now);
            self.deliver(Some(ticket), false, Ok(Answer::Done), now);
            return ticket;
        }
        let pending = Pending::new(request, after(self.settings.patience, now));
        self.enqueue(Pending { ticket: Some(ticket), ..pending }, now)
    }

    /// Asks for a job, and waits so long for it, or for ever.
    ///
    /// The protocol counts whole seconds. A wait with a fraction is asked for as the next longer one, and ended by
    /// hanging up at its own time: the server takes a job back that it has sent just then. While the connection
    /// holds other jobs or owes other replies this would take them along, so then the longer wait is the wait.
    pub fn reserve(&mut self, wait: Option<Duration>, now: Instant) -> Ticket {
        let ticket = self.new_ticket();
        let patience = wait.map_or(self.settings.patience, |wait| wait.min(self.settings.patience));
        let pending = Pending::reserve(wait, now, after(patience, now));
        self.enqueue(Pending { ticket: Some(ticket), ..pending }, now)
    }

    /// Asks for nothing but a connection. The outcome is [`Answer::Done`].
    pub fn connect(&mut self, now: Instant) -> Ticket {
        let ticket = self.new_ticket();
        let pending = Pending::connection(after(self.settings.patience, now));
        self.enqueue(Pending { ticket: Some(ticket), ..pending }, now)
    }

    /// Begins to connect, if there is no connection; nobody is told whether one comes about.
    pub fn prefer_connection(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Apart { .. }) && self.waiting.is_empty() {
            self.enqueue(Pending::connection(after(self.settings.patience, now)), now);
        }
    }

    /// Has each later connection begin with these tubes, without waiting for one. Without `watched`, that stays.
    ///
    /// # Errors
    /// [`Error::BadTubeName`]; nothing is changed then.
    pub fn assume_tubes(&mut self, used: Option<&str>, watched: &[&str]) -> Result<(), Error> {
        if let Some(tube) = used.iter().chain(watched).find(|tube| !is_tube_name(tube.as_bytes())) {
            return Err(Error::BadTubeName((*tube).to_owned()));
        }
        self.tubes.assume(used, watched);
        Ok(())
    }

    /// Has each later connection begin with the tubes of another client, as [`Machine::assume_tubes`] does.
    pub fn copy_tubes(&mut self, other: &Self) {
        self.tubes = other.tubes.clone();
    }

    /// Takes the outcome of a request, if it is there.
    pub fn take(&mut self, ticket: Ticket) -> Option<Result<Answer, Error>> {
        let index = self.outcomes.iter().position(|outcome| outcome.ticket == ticket)?;
        self.outcomes.remove(index).map(|outcome| outcome.result)
    }

    /// Whether the outcome is still to come.
    pub fn is_pending(&self, ticket: Ticket) -> bool {
        self.awaited.iter().chain(&self.waiting).any(|pending| pending.ticket == Some(ticket))
    }

    /// Nobody waits for the outcome any more. A request that was not sent is taken back; a job that was or will be
    /// reserved by it is given back.
    pub fn abandon(&mut self, ticket: Ticket, now: Instant) {
        self.waiting.retain(|pending| pending.ticket != Some(ticket));
        if let Some(index) = self.outcomes.iter().position(|outcome| outcome.ticket == ticket) {
            let outcome = self.outcomes.remove(index);
            if let Some(Outcome { takes_a_job: true, result: Ok(Answer::Job(job)), .. }) = outcome {
                self.give_back(job.id, now);
            }
        }
        let Some(index) = self.awaited.iter().position(|pending| pending.ticket == Some(ticket)) else {
            return;
        };
        self.awaited[index].ticket = None;
        if self.awaited[index].takes_a_job() && self.may_hang_up() {
            self.hang_up(now);
        }
    }

    /// Makes a reserved job ready again, with the priority that it has. Nobody is told of the outcome.
    pub fn give_back(&mut self, id: u64, now: Instant) {
        if !self.held.contains(&id) {
            return;
        }
        if self.held.len() == 1 && self.awaited.is_empty() {
            // The server gives it back as it was, and at once.
            self.hang_up(now);
            return;
        }
        let pending = Pending::new(&Request::StatsJob { id }, now);
        self.enqueue(Pending { role: Role::GiveBack(id), ..pending }, now);
    }

    /// Whether the current connection holds the job, as far as the client was told: a job whose time to run is
    /// over is lost without a word.
    pub fn holds(&self, id: u64) -> bool {
        self.held.contains(&id)
    }

    /// Whether it holds any job, as far as it was told.
    pub fn holds_any(&self) -> bool {
        !self.held.is_empty()
    }

    /// The tube that puts, kicks and peeks mean.
    pub fn used(&self) -> &str {
        self.tubes.used()
    }

    /// The tubes that jobs are taken from.
    pub fn watched(&self) -> &[String] {
        self.tubes.watched()
    }

    /// Bytes to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output[self.written..]
    }

    /// So many of them were given to the system.
    pub fn wrote(&mut self, bytes: usize, now: Instant) {
        self.written = (self.written + bytes).min(self.output.len());
        if self.written == self.output.len() {
            self.output.clear();
            self.written = 0;
        }
        self.moved(bytes, now);
        self.flush(now);
    }

    /// These bytes have come from the server.
    pub fn received(&mut self, bytes: &[u8], now: Instant) {
        let mut input = std::mem::take(&mut self.input);
        let had_begun = !input.is_empty();
        input.extend_from_slice(bytes);
        let mut rest = input.as_slice();
        while self.is_connected() {
            match Reply::decode(&mut rest, self.settings.body_bytes_max) {
                Ok(Some(reply)) => self.answered(reply, now),
                Ok(None) => break,
                Err(source) => self.fail_front(now, |address, _| Error::Protocol { address, source }),
            }
        }
        if self.is_connected() {
            let taken = input.len() - rest.len();
            input.drain(..taken);
            if input.is_empty() && input.capacity() > INPUT_BYTES_KEPT {
                input = Vec::new();
            }
            self.input = input;
            if taken > 0 || !had_begun {
                self.restart_due(now);
            } else {
                self.moved(bytes.len(), now);
            }
            self.flush(now);
        }
    }

    /// So many bytes have moved, on a way on which the server owes something all the time.
    fn moved(&mut self, bytes: usize, now: Instant) {
        self.moved_bytes += bytes;
        if self.moved_bytes >= PROGRESS_BYTES {
            self.restart_due(now);
        }
    }

    fn answered(&mut self, reply: Reply<'_>, now: Instant) {
        let judged = self.awaited.front().map(|pending| judge(pending.op, reply));
        let Some(Ok(_) | Err(NoAnswer::Refused(_))) = judged else {
            let reply = wording(&reply);
            return self.fail_front(now, |address, op| Error::Unexpected { address, op, reply });
        };
        let Some((pending, judged)) = self.awaited.pop_front().zip(judged) else { return };
        let result = judged.map_err(|refusal| match refusal {
            NoAnswer::Refused(error) => error,
            NoAnswer::Unfit => Error::InternalError,
        });
        if pending.role == Role::Restore {
            if let Err(error) = result {
                self.lose(io::Error::other(error), now);
            }
            return;
        }
        self.prove();
        self.note(&pending, &result, now);
        self.deliver(pending.ticket, pending.takes_a_job(), result, now);
        self.leave_what_nobody_waits_for(now);
    }

    /// A reserve that was given up while something before it was still owed would bring a job that nobody takes. Perhaps
    /// nobody would look at the connection by then, or giving the job back would wait behind another reserve.
    fn leave_what_nobody_waits_for(&mut self, now: Instant) {
        let is_given_up = |pending: &Pending| pending.ticket.is_none() && pending.takes_a_job();
        if self.awaited.front().is_some_and(is_given_up) && self.may_hang_up() {
            self.hang_up(now);
        }
    }

    /// What an answer changes.
    fn note(&mut self, pending: &Pending, result: &Result<Answer, Error>, now: Instant) {
        match (&pending.role, result) {
            (Role::Use(tube), Ok(_)) => self.tubes.set_used(tube),
            (Role::Watch(tube), Ok(_)) => self.tubes.watch(tube),
            (Role::Ignore(tube), Ok(_)) => self.tubes.ignore(tube),
            (Role::Finish(id), Ok(_) | Err(Error::BuriedInstead))
            | (Role::Touch(id) | Role::GiveBack(id), Ok(Answer::NotFound)) => {
                self.held.remove(id);
            }
            (Role::GiveBack(id), Ok(answer)) => self.release_as_it_was(*id, answer.clone(), now),
            (Role::Plain, Ok(Answer::Job(job))) if pending.takes_a_job() => {
                self.held.insert(job.id);
            }
            _ => {}
        }
    }

    fn release_as_it_was(&mut self, id: u64, answer: Answer, now: Instant) {
        let priority = answer.statistics().and_then(|statistics| statistics.number("pri"));
        let priority = priority.and_then(|priority| u32::try_from(priority).ok()).unwrap_or(u32::MAX);
        let request = Request::Release { id, priority, delay: 0 };
        let pending = Pending::new(&request, now);
        self.enqueue(pending, now);
    }

    fn deliver(
        &mut self,
        ticket: Option<Ticket>,
        takes_a_job: bool,
        result: Result<Answer, Error>,
        now: Instant,
    ) {
        match (ticket, result) {
            (Some(ticket), result) => self.outcomes.push_back(Outcome { ticket, takes_a_job, result }),
            (None, Ok(Answer::Job(job))) if takes_a_job => self.give_back(job.id, now),
            (None, _) => {}
        }
    }

    fn new_ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn enqueue(&mut self, pending: Pending, now: Instant) -> Ticket {
        let ticket = pending.ticket.unwrap_or(Ticket(0));
        if self.addresses.is_empty() {
            self.deliver(pending.ticket, false, Err(Error::NoServer), now);
        } else {
            self.waiting.push_back(pending);
            self.flush(now);
        }
        ticket
    }

    /// Moves requests that wait into what is sent, as far as the limits allow.
    fn flush(&mut self, now: Instant) {
        if !self.is_connected() {
            return;
        }
        while self.awaited.len() < PIPELINE_REQUESTS_MAX && self.output().len() < PIPELINE_BYTES_MAX {
            let Some(mut pending) = self.waiting.pop_front() else { break };
            if pending.role == Role::Connection {
                self.deliver(pending.ticket, false, Ok(Answer::Done), now);
                continue;
            }
            pending.send(now, &mut self.output);
            self.awaited.push_back(pending);
            if self.awaited.len() == 1 {
                self.restart_due(now);
            }
        }
    }
}

/// The time after so long, or nearly for ever.
fn after(wait: Duration, now: Instant) -> Instant {
    // A century is far from what a clock can't say.
    const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    now + wait.min(FOREVER)
}

/// The name in the request, if it names a tube that can't be.
fn bad_tube<'a>(request: &Request<'a>) -> Option<&'a str> {
    match *request {
        Request::Use { tube }
        | Request::Watch { tube }
        | Request::Ignore { tube }
        | Request::StatsTube { tube }
        | Request::PauseTube { tube, .. } => Some(tube).filter(|tube| !is_tube_name(tube.as_bytes())),
        _ => None,
    }
}
