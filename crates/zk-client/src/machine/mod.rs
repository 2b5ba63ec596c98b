//! A session as a state machine, without sockets, threads or clocks: bytes, requests and the time go in; bytes,
//! answers, events and the wish for a connection come out. Drivers carry them.
//!
//! ```text
//! submit, authenticate, close ─▶ ┌─────────┐ ─▶ output    bytes for the connection
//! opened, received, lost      ─▶ │ Machine │ ─▶ outcomes  answers, events and states, in their order
//! tick                        ─▶ └─────────┘ ─▶ wanted    which connection there should be
//!                                            ─▶ deadline  when to tick
//! ```

mod connection;
pub(crate) mod deadlines;
mod requests;
#[cfg(test)]
mod tests;
mod watches;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use trellis_zk_codec::{EventKind, Op, Reply, ReplyHeader, WatcherKind};

use self::connection::Phase;
use self::requests::{Claim, Pending, Unsent};
use self::watches::Watches;
use crate::error::{Attempt, Error};
use crate::settings::{SessionKey, Settings};
use crate::state::State;

/// What a caller knows a request by. Any number that is not in use.
pub type Ticket = u64;

/// The connection that a machine wants to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Another number is another connection: the one before is to be closed.
    pub number: u64,
    /// Which of the servers of [`Settings`].
    pub server: usize,
    /// Until when it must be there. A driver that connects in one blocking step should take no longer.
    pub until: Instant,
}

/// What comes out, in the order in which it happened.
#[derive(Debug)]
pub enum Outcome {
    /// A request has come to its end.
    Answered {
        /// The request.
        ticket: Ticket,
        /// What it came to.
        result: Result<Answer, Error>,
    },
    /// Something has happened to a node.
    Event {
        /// What.
        event: WatchEvent,
        /// The requests whose watches saw it.
        tickets: Vec<Ticket>,
    },
    /// Events may have been missed by these requests' watches, which stay but don't reach back.
    Missed {
        /// The requests.
        tickets: Vec<Ticket>,
    },
    /// The session's state has changed.
    State(State),
    /// Each server was tried, and none has granted the session. They will be tried again.
    Unreachable(Vec<Attempt>),
}

/// Something that has happened to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEvent {
    /// What has happened.
    pub kind: EventKind,
    /// The node.
    pub path: String,
}

/// What a server has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    op: Op,
    frame: Vec<u8>,
}

impl Answer {
    /// The answer, read.
    ///
    /// # Errors
    /// If it is not the answer to such a request.
    pub fn reply(&self) -> Result<Reply<'_>, Error> {
        let (_, body) = ReplyHeader::decode(&self.frame)?;
        Ok(Reply::decode(self.op, body)?)
    }
}

/// A session. See the [module](self) for what goes in and comes out.
#[derive(Debug)]
pub struct Machine {
    settings: Settings,
    random: fastrand::Rng,
    /// In which order the servers are tried: indices into the settings' list.
    order: Vec<usize>,
    phase: Phase,
    /// Of the newest connection that was wanted.
    number: u64,
    /// What went wrong in this round of tries.
    attempts: Vec<Attempt>,
    /// Why there is no connection.
    why: String,
    round_wait: Duration,
    state: State,
    /// The request that ends the session, once it was made.
    closing: Option<Ticket>,

    key: SessionKey,
    session_timeout: Duration,
    last_zxid: i64,
    heard: Instant,
    sent: Instant,
    /// When the machine was made.
    begun: Instant,
    /// When the last was sent that a server is known to have got.
    confirmed: Option<Instant>,
    /// When the pings were sent that it has not answered.
    pings: VecDeque<Instant>,

    next_xid: i32,
    /// Requests that are in `output` or beyond, in the order of their answers.
    pending: VecDeque<Pending>,
    /// How many of them, at the front, were told that they are late.
    late: usize,
    /// Requests that wait for a connection.
    unsent: VecDeque<Unsent>,
    unsent_bytes: usize,
    /// Identities, with those who wait to hear whether they are accepted.
    claims: Vec<Claim>,
    watches: Watches,

    input: Vec<u8>,
    output: Vec<u8>,
    /// How many bytes of this connection the driver has taken, all in all.
    taken_bytes: u64,
    outcomes: VecDeque<Outcome>,
}

impl Machine {
    /// A session that is to begin now. The `seed` decides in which order servers are tried, and how long is waited
    /// between rounds.
    pub fn new(settings: &Settings, seed: u64, now: Instant) -> Machine {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut order: Vec<usize> = (0..settings.servers.list.len()).collect();
        if settings.shuffle {
            random.shuffle(&mut order);
        }
        let new_session = SessionKey { id: 0, password: vec![0; trellis_zk_codec::limits::PASSWORD_BYTES] };
        let claims = settings.identities.iter().cloned();
        let mut machine = Machine {
            random,
            order,
            phase: Phase::Over,
            number: 0,
            attempts: Vec::new(),
            why: "none was tried yet".to_owned(),
            round_wait: crate::limits::RECONNECT_WAIT_MIN,
            state: State::Connecting,
            closing: None,
            key: settings.session.clone().unwrap_or(new_session),
            // As long as a server can be asked for.
            session_timeout: settings.session_timeout.min(Duration::from_millis(i32::MAX as u64)),
            last_zxid: 0,
            heard: now,
            sent: now,
            begun: now,
            confirmed: None,
            pings: VecDeque::new(),
            next_xid: 1,
            pending: VecDeque::new(),
            late: 0,
            unsent: VecDeque::new(),
            unsent_bytes: 0,
            claims: claims.map(|identity| Claim { identity, asked: None, under_way: false }).collect(),
            watches: Watches::default(),
            input: Vec::new(),
            output: Vec::new(),
            taken_bytes: 0,
            outcomes: VecDeque::new(),
            settings: settings.clone(),
        };
        machine.open(0, now);
        machine
    }

    /// What comes next, if anything.
    pub fn take_outcome(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    /// Ends the session for this client, without a word to the server: there is no driver any more.
    pub fn abandon(&mut self) {
        if !self.state.is_over() {
            self.end(State::Closed);
        }
    }

    /// How things stand.
    pub fn state(&self) -> State {
        self.state
    }

    /// What another client needs to go on with the session; `None` if it has not begun.
    pub fn session(&self) -> Option<&SessionKey> {
        Some(&self.key).filter(|key| key.id != 0)
    }

    /// How long the session lives without a sign of this client: what the server has granted.
    pub fn session_timeout(&self) -> Duration {
        self.session_timeout
    }

    /// When the newest request was sent that a server has answered, if there is any: the session lives for its
    /// [time-out](Self::session_timeout) from then on, if not longer.
    pub fn confirmed(&self) -> Option<Instant> {
        self.confirmed
    }

    /// The settings for another session like this one, with all identities.
    pub fn settings(&self) -> Settings {
        let identities = self.claims.iter().map(|claim| claim.identity.clone()).collect();
        Settings { identities, session: None, ..self.settings.clone() }
    }

    /// The owner of a watch, known by its ticket, has no more use for it. The server still has it.
    pub fn disown(&mut self, ticket: Ticket, path: &str) {
        self.watches.disown(ticket, path);
    }

    /// Forgets the watches of a path, which the server has removed or is not to be asked about, and gives the events
    /// that say so.
    pub fn forget_watches(&mut self, path: &str, kind: WatcherKind) -> Vec<EventKind> {
        let mut kinds = Vec::new();
        for (kind, tickets) in self.watches.remove(path, kind) {
            kinds.push(kind);
            let event = WatchEvent { kind, path: path.to_owned() };
            self.outcomes.push_back(Outcome::Event { event, tickets });
        }
        kinds
    }

    /// What was sent then, a server has got.
    fn confirm(&mut self, sent_at: Instant) {
        self.confirmed = self.confirmed.max(Some(sent_at));
    }

    fn enter(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.outcomes.push_back(Outcome::State(state));
        }
    }

    fn answer(&mut self, ticket: Ticket, result: Result<Answer, Error>) {
        self.outcomes.push_back(Outcome::Answered { ticket, result });
    }
}
