//! Watches and changes of state, as values to wait for or as callbacks.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::client::Client;
use crate::machine::{Ticket, WatchEvent};
use crate::state::State;

/// What the owner of a watch is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something has happened.
    Event(WatchEvent),
    /// Events may have been missed: look again. Only a watch that stays misses any, while there is no connection or if
    /// nobody takes its events; those that fire once are caught up on by the server.
    Missed,
}

/// Is told of everything that a watch sees. It is called while the session is held: it must be quick, and must not call
/// the client.
pub type OnNotice = Box<dyn FnMut(Notice) + Send>;

/// A watch that a request has set.
///
/// The server keeps it when this is dropped, but it is not set again after a reconnection.
#[derive(Debug)]
#[must_use = "a watch tells nothing if it is dropped"]
pub struct Watch {
    client: Client,
    ticket: Ticket,
    /// Whether a callback has taken over.
    given_away: bool,
}

impl Watch {
    pub(crate) fn new(client: Client, ticket: Ticket) -> Watch {
        Watch { client, ticket, given_away: false }
    }

    /// Waits for the next notice. `None`: there will be none any more, since the watch has fired for the only time, was
    /// removed, or the session is over.
    pub fn notice(&mut self) -> NextNotice<'_> {
        NextNotice { watch: self }
    }

    /// The next notice if it is there already.
    pub fn try_notice(&mut self) -> Option<Notice> {
        if self.client.shared().is_forked() {
            return None;
        }
        self.client.shared().lock().watchers.get_mut(&self.ticket)?.notices.pop_front()
    }

    /// Has a callback called with every notice, those that have come already included.
    pub fn on_notice(mut self, mut callback: OnNotice) {
        if self.client.shared().is_forked() {
            return;
        }
        self.given_away = true;
        let mut inner = self.client.shared().lock();
        let Some(watcher) = inner.watchers.get_mut(&self.ticket) else { return };
        watcher.notices.drain(..).for_each(&mut callback);
        if watcher.done {
            inner.watchers.remove(&self.ticket);
        } else {
            watcher.callback = Some(callback);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.given_away && !self.client.shared().is_forked() {
            self.client.shared().lock().drop_watcher(self.ticket);
        }
    }
}

/// Waits for a notice. See [`Watch::notice`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are waited for"]
pub struct NextNotice<'a> {
    watch: &'a mut Watch,
}

impl Future for NextNotice<'_> {
    type Output = Option<Notice>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Notice>> {
        let shared = self.watch.client.shared();
        if shared.is_forked() {
            return Poll::Ready(None);
        }
        let mut inner = shared.lock();
        let over = inner.machine.state().is_over();
        let Some(watcher) = inner.watchers.get_mut(&self.watch.ticket) else { return Poll::Ready(None) };
        if let Some(notice) = watcher.notices.pop_front() {
            return Poll::Ready(Some(notice));
        }
        if watcher.done || over {
            return Poll::Ready(None);
        }
        watcher.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The states of a session from a moment on. See [`Client::states`].
#[derive(Debug)]
pub struct States {
    client: Client,
    ticket: Ticket,
}

impl States {
    pub(crate) fn new(client: Client, ticket: Ticket) -> States {
        States { client, ticket }
    }

    /// Waits for the next change. `None`: there will be none any more.
    pub fn change(&mut self) -> NextState<'_> {
        NextState { states: self }
    }
}

impl Drop for States {
    fn drop(&mut self) {
        if !self.client.shared().is_forked() {
            self.client.shared().lock().followers.remove(&self.ticket);
        }
    }
}

/// Waits for a change of state. See [`States::change`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are waited for"]
pub struct NextState<'a> {
    states: &'a mut States,
}

impl Future for NextState<'_> {
    type Output = Option<State>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<State>> {
        let shared = self.states.client.shared();
        if shared.is_forked() {
            return Poll::Ready(None);
        }
        let mut inner = shared.lock();
        let over = inner.machine.state().is_over();
        let Some(follower) = inner.followers.get_mut(&self.states.ticket) else { return Poll::Ready(None) };
        match follower.states.pop_front() {
            Some(state) => Poll::Ready(Some(state)),
            None if over => Poll::Ready(None),
            None => {
                follower.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
