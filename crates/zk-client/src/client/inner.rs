//! What the lock of a session guards: who waits for what, and what becomes of what comes out of the machine. Nothing here
//! waits.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::task::Waker;
use std::time::Instant;

use super::shared::{Input, Link, Turn};
use super::{Happening, Listener};
use crate::error::{Attempt, ConnectError, Error, Loss};
use crate::limits::{READ_BYTES, STATES_MAX, WATCH_EVENTS_MAX};
use crate::machine::{Answer, Machine, Outcome, Ticket, WatchEvent};
use crate::path::Chroot;
use crate::state::State;
use crate::wakers::Wakers;
use crate::watch::{Notice, OnNotice};

/// What the lock guards.
pub(crate) struct Inner {
    pub(crate) machine: Machine,
    pub(super) link: Option<Box<dyn Link>>,
    /// Why the socket is of no use, noticed while writing.
    broken: Option<Loss>,
    next_ticket: Ticket,
    answers: HashMap<Ticket, Slot>,
    pub(crate) watchers: HashMap<Ticket, Watcher>,
    pub(crate) followers: HashMap<Ticket, Follower>,
    pub(super) timers: BTreeMap<(Instant, Ticket), Waker>,
    listener: Option<Listener>,
    /// The last round of tries that came to nothing.
    unreachable: Option<Vec<Attempt>>,
    /// Who waits for the session's first connection.
    pub(super) impatient: Wakers,
    /// Who waits for room for requests.
    pub(super) waiting_for_room: Wakers,
    /// Who waits for a sign that a server has heard of this client.
    pub(super) waiting_for_confirmation: Wakers,
    /// Whether there is no handle left.
    pub(super) abandoned: bool,
    /// The newest confirmation that those who wait were woken for.
    told_confirmed: Option<Instant>,
    /// What the driver was told last.
    told: (Option<u64>, Option<Instant>, bool),
}

/// Where an answer is waited for.
enum Slot {
    Waiting(Option<Waker>),
    Done(Result<Answer, Error>),
}

/// Where the notices of a watch are waited for.
pub(crate) struct Watcher {
    pub(crate) path: String,
    /// Whether its first event is its last.
    pub(crate) once: bool,
    pub(crate) done: bool,
    pub(crate) notices: VecDeque<Notice>,
    pub(crate) waker: Option<Waker>,
    pub(crate) callback: Option<OnNotice>,
}

/// Where changes of state are waited for.
#[derive(Default)]
pub(crate) struct Follower {
    pub(crate) states: VecDeque<State>,
    pub(crate) waker: Option<Waker>,
}

impl Inner {
    /// Nobody waits for anything yet.
    pub(super) fn new(machine: Machine) -> Inner {
        Inner {
            machine,
            link: None,
            broken: None,
            next_ticket: 1,
            answers: HashMap::new(),
            watchers: HashMap::new(),
            followers: HashMap::new(),
            timers: BTreeMap::new(),
            listener: None,
            unreachable: None,
            impatient: Wakers::default(),
            waiting_for_room: Wakers::default(),
            waiting_for_confirmation: Wakers::default(),
            abandoned: false,
            told_confirmed: None,
            told: (None, None, false),
        }
    }

    /// A number that is not in use.
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        self.next_ticket
    }

    /// A number whose answer will be waited for.
    pub(crate) fn expect(&mut self) -> Ticket {
        let ticket = self.ticket();
        self.answers.insert(ticket, Slot::Waiting(None));
        ticket
    }

    /// The answer, once it is there.
    pub(crate) fn poll_answer(&mut self, ticket: Ticket, waker: &Waker) -> Option<Result<Answer, Error>> {
        match self.answers.get_mut(&ticket)? {
            Slot::Waiting(waiting) => {
                *waiting = Some(waker.clone());
                None
            }
            Slot::Done(_) => match self.answers.remove(&ticket) {
                Some(Slot::Done(result)) => Some(result),
                _ => None,
            },
        }
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn forget_answer(&mut self, ticket: Ticket) {
        self.answers.remove(&ticket);
    }

    /// Wakes somebody at a time.
    pub(crate) fn set_timer(&mut self, at: Instant, ticket: Ticket, waker: &Waker) {
        self.timers.insert((at, ticket), waker.clone());
    }

    /// Nobody waits for that time any more.
    pub(crate) fn forget_timer(&mut self, at: Instant, ticket: Ticket) {
        self.timers.remove(&(at, ticket));
    }

    /// Tells somebody from now on of everything that happens.
    pub(crate) fn listen(&mut self, listener: Option<Listener>) {
        self.listener = listener;
    }

    /// Whether there is a session, if that is known.
    pub(crate) fn session_outcome(&self) -> Option<Result<(), ConnectError>> {
        let state = self.machine.state();
        if state.is_connected() {
            return Some(Ok(()));
        }
        if state.is_over() {
            return Some(Err(ConnectError::Over(state)));
        }
        self.unreachable.clone().map(|attempts| Err(ConnectError::Unreachable(attempts)))
    }

    /// Whether there is room for requests, if that is known.
    pub(crate) fn room_outcome(&self) -> Option<Result<(), Error>> {
        let state = self.machine.state();
        if state.is_over() {
            return Some(Err(Error::Over(state)));
        }
        self.machine.has_room().then_some(Ok(()))
    }

    /// When the session was confirmed, if it was after that moment.
    pub(crate) fn confirmed_after(&self, before: Option<Instant>) -> Option<Result<Instant, Error>> {
        let state = self.machine.state();
        if state.is_over() {
            return Some(Err(Error::Over(state)));
        }
        self.machine.confirmed().filter(|confirmed| Some(*confirmed) > before).map(Ok)
    }

    /// Nobody waits for the notices of a watch any more.
    pub(crate) fn drop_watcher(&mut self, ticket: Ticket) {
        if let Some(watcher) = self.watchers.remove(&ticket) {
            self.machine.disown(ticket, &watcher.path);
        }
    }

    /// Takes in what the driver tells; whether there may be more to read.
    pub(super) fn take(&mut self, input: &mut Input, now: Instant) -> bool {
        let mut more = false;
        match std::mem::replace(input, Input::Nothing) {
            Input::Nothing => {}
            // Nobody has any use for it, and its handshake would take the session away from whoever goes on with it.
            Input::Opened(_) if self.abandoned => {}
            Input::Opened(link) => {
                self.link = Some(link);
                self.machine.opened(now);
            }
            Input::Readable => {
                let mut buffer = [0; READ_BYTES];
                match self.link.as_ref().map(|link| link.read(&mut buffer)) {
                    None => {}
                    Some(Ok(0)) => self.lose(Loss::Closed, now),
                    Some(Ok(bytes)) => {
                        self.machine.received(&buffer[..bytes], now);
                        *input = Input::Readable;
                        more = true;
                    }
                    Some(Err(error)) => match error.kind() {
                        io::ErrorKind::WouldBlock => {}
                        io::ErrorKind::Interrupted => {
                            *input = Input::Readable;
                            more = true;
                        }
                        _ => self.lose(error.into(), now),
                    },
                }
            }
            Input::Lost(loss) => self.lose(loss, now),
        }
        if let Some(loss) = self.broken.take() {
            self.lose(loss, now);
        }
        self.machine.tick(now);
        more
    }

    fn lose(&mut self, loss: Loss, now: Instant) {
        self.link = None;
        self.machine.lost(loss, now);
    }

    pub(super) fn fire_timers(&mut self, now: Instant) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(timer) = self.timers.first_entry().filter(|timer| timer.key().0 <= now) {
            wakers.push(timer.remove());
        }
        wakers
    }

    /// Hands out what has come out of the machine, and the bytes to the socket. Who is to be woken, is given back.
    pub(super) fn settle(&mut self, chroot: &Chroot) -> Vec<Waker> {
        let mut wakers = Vec::new();
        if self.told_confirmed != self.machine.confirmed() || self.machine.state().is_over() {
            self.told_confirmed = self.machine.confirmed();
            wakers.extend(self.waiting_for_confirmation.take());
        }
        while let Some(outcome) = self.machine.take_outcome() {
            self.hand_out(outcome, chroot, &mut wakers);
        }
        self.flush();
        if !self.waiting_for_room.is_empty() && self.room_outcome().is_some() {
            wakers.extend(self.waiting_for_room.take());
        }
        wakers
    }

    fn hand_out(&mut self, outcome: Outcome, chroot: &Chroot, wakers: &mut Vec<Waker>) {
        match outcome {
            Outcome::Answered { ticket, result } => {
                // Who has given up waiting need not be told.
                if let Some(slot) = self.answers.get_mut(&ticket)
                    && let Slot::Waiting(waker) = std::mem::replace(slot, Slot::Done(result))
                {
                    wakers.extend(waker);
                }
            }
            Outcome::Event { event, tickets } => {
                let event = WatchEvent { path: chroot.to_user(&event.path).to_owned(), ..event };
                for ticket in tickets {
                    let Some(watcher) = self.watchers.get_mut(&ticket) else { continue };
                    wakers.extend(watcher.notice(Notice::Event(event.clone())));
                    // Nobody has a handle of one with a callback, to take it away when it has told everything.
                    if watcher.done && watcher.callback.is_some() {
                        self.watchers.remove(&ticket);
                    }
                }
                self.tell_listener(&Happening::Event(event));
            }
            Outcome::Missed { tickets } => {
                for ticket in tickets {
                    let watcher = self.watchers.get_mut(&ticket);
                    wakers.extend(watcher.and_then(|watcher| watcher.notice(Notice::Missed)));
                }
            }
            Outcome::State(state) => {
                if state.is_connected() {
                    // What was tried before that says nothing of the next time.
                    self.unreachable = None;
                }
                for follower in self.followers.values_mut() {
                    if follower.states.len() >= STATES_MAX {
                        follower.states.pop_front();
                    }
                    follower.states.push_back(state);
                    wakers.extend(follower.waker.take());
                }
                if state.is_over() {
                    wakers.extend(self.watchers.values_mut().filter_map(|watcher| watcher.waker.take()));
                }
                wakers.extend(self.impatient.take());
                self.tell_listener(&Happening::State(state));
            }
            Outcome::Unreachable(attempts) => {
                self.tell_listener(&Happening::Unreachable(attempts.clone()));
                self.unreachable = Some(attempts);
                wakers.extend(self.impatient.take());
            }
        }
    }

    fn tell_listener(&mut self, happening: &Happening) {
        if let Some(listener) = &mut self.listener {
            listener(happening);
        }
    }

    /// Gives the socket what it takes.
    fn flush(&mut self) {
        let Some(link) = &self.link else { return };
        while !self.machine.output().is_empty() && self.broken.is_none() {
            match link.write(self.machine.output()) {
                Ok(count) => self.machine.taken(count),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return,
                    io::ErrorKind::Interrupted => {}
                    _ => self.broken = Some(error.into()),
                },
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let timer = self.timers.keys().next().map(|(at, _)| *at);
        [timer, self.machine.deadline()].into_iter().flatten().min()
    }

    pub(super) fn tell(&mut self) -> Turn {
        let wanted = self.machine.wanted();
        let turn = Turn {
            wanted: wanted.map(|wanted| (wanted, self.machine.server().clone())),
            deadline: self.deadline(),
            writing: self.link.is_some() && !self.machine.output().is_empty(),
            over: self.abandoned || self.machine.state().is_over(),
        };
        if wanted.map(|wanted| wanted.number) != self.told.0 {
            // The connection before, if any, is not wanted any more.
            self.link = None;
        }
        self.told = (wanted.map(|wanted| wanted.number), turn.deadline, turn.writing);
        turn
    }

    /// Whether the driver should know what it doesn't know yet.
    pub(super) fn news(&self) -> bool {
        let (number, deadline, writing) = self.told;
        let sooner = self.deadline().is_some_and(|at| deadline.is_none_or(|deadline| at < deadline));
        let unwritten = self.link.is_some() && !self.machine.output().is_empty() && !writing;
        sooner
            || unwritten
            || self.broken.is_some()
            || self.machine.wanted().map(|wanted| wanted.number) != number
            || self.machine.state().is_over()
    }
}

impl Watcher {
    /// Takes a notice, and tells who is to be woken.
    fn notice(&mut self, notice: Notice) -> Option<Waker> {
        if self.done {
            return None;
        }
        if let Notice::Event(event) = &notice {
            self.done = self.once || event.kind.number() >= WATCH_REMOVED;
        }
        if let Some(callback) = &mut self.callback {
            callback(notice);
            return None;
        }
        if self.notices.len() >= WATCH_EVENTS_MAX {
            self.notices.clear();
            self.notices.push_back(Notice::Missed);
        } else {
            self.notices.push_back(notice);
        }
        self.waker.take()
    }
}

/// The number of the first kind of event that tells of the end of a watch.
const WATCH_REMOVED: i32 = trellis_zk_codec::EventKind::DataWatchRemoved.number();
