//! Requests that are under way, as futures.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::Client;
use super::inner::Inner;
use crate::error::Error;
use crate::machine::{Answer, Ticket};
use crate::path::Chroot;
use crate::wakers::Wakers;
use crate::watch::Watch;

/// How an answer is read.
pub(crate) type Read<T> = fn(Result<Answer, Error>, &Chroot) -> Result<T, Error>;

/// A request that is under way. It was sent when it was made, and not when it is waited for first: several that are made
/// one after the other go out together, in this order. Dropping it does not take it back.
#[must_use = "without waiting for the answer, nobody knows whether it was done"]
pub struct Call<T> {
    client: Client,
    /// What is waited for, or why there is nothing to wait for.
    waiting: Result<Ticket, Option<Error>>,
    /// The node, for errors.
    path: Option<String>,
    read: Read<T>,
}

impl<T> Call<T> {
    pub(crate) fn new(client: Client, ticket: Ticket, path: Option<&str>, read: Read<T>) -> Call<T> {
        Call { client, waiting: Ok(ticket), path: path.map(str::to_owned), read }
    }

    /// One that has failed before it was sent.
    pub(crate) fn failed(client: Client, error: Error, read: Read<T>) -> Call<T> {
        Call { client, waiting: Err(Some(error)), path: None, read }
    }
}

impl<T: Send + 'static> Call<T> {
    /// Has somebody called with the outcome as soon as it is there, by whoever drives the session or,
    /// if it is there already, at once. It must be quick, and doesn't keep the session.
    pub fn on_done(mut self, callback: impl FnOnce(Result<T, Error>) + Send + 'static) {
        if self.client.shared().is_forked() {
            return callback(Err(Error::Forked));
        }
        // One that was refused will not be driven any more.
        if let Poll::Ready(outcome) = Pin::new(&mut self).poll(&mut Context::from_waker(Waker::noop())) {
            return callback(outcome);
        }
        let client = self.client.follower();
        self.client = client.clone();
        client.shared().spawn(async move { callback(self.await) });
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        let call = &mut *self;
        let ticket = match &mut call.waiting {
            Ok(ticket) => *ticket,
            // Nobody may ask a second time.
            Err(error) => return Poll::Ready(Err(error.take().unwrap_or(Error::Unexpected))),
        };
        if call.client.shared().is_forked() {
            return Poll::Ready(Err(Error::Forked));
        }
        let answer = call.client.shared().lock().poll_answer(ticket, context.waker());
        let Some(answer) = answer else { return Poll::Pending };
        call.waiting = Err(None);
        let result = (call.read)(answer, &call.client.shared().chroot);
        Poll::Ready(result.map_err(|error| match error {
            Error::Refused { code, path: None } => Error::Refused { code, path: call.path.take() },
            error => error,
        }))
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        if let Ok(ticket) = self.waiting
            && !self.client.shared().is_forked()
        {
            self.client.shared().lock().forget_answer(ticket);
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").field("waiting", &self.waiting).field("path", &self.path).finish()
    }
}

/// A request that is under way and sets a watch.
#[derive(Debug)]
#[must_use = "without waiting for the answer, nobody knows whether it was done"]
pub struct WatchedCall<T> {
    call: Call<T>,
    watch: Option<Watch>,
}

impl<T> WatchedCall<T> {
    pub(crate) fn new(call: Call<T>, watch: Option<Watch>) -> WatchedCall<T> {
        WatchedCall { call, watch }
    }
}

impl<T> Future for WatchedCall<T> {
    type Output = Result<(T, Watch), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        Pin::new(&mut this.call).poll(context).map(|result| {
            let value = result?;
            Ok((value, this.watch.take().ok_or(Error::Unexpected)?))
        })
    }
}

/// Waits until something is known of the session. `None`: it belongs to the process that this one was forked from.
pub(super) struct Until<'a, F> {
    client: &'a Client,
    slot: Option<u64>,
    wakers: fn(&mut Inner) -> &mut Wakers,
    outcome: F,
}

impl<'a, F> Until<'a, F> {
    pub(super) fn new(client: &'a Client, wakers: fn(&mut Inner) -> &mut Wakers, outcome: F) -> Until<'a, F> {
        Until { client, slot: None, wakers, outcome }
    }
}

impl<T, F: Fn(&Inner) -> Option<T> + Unpin> Future for Until<'_, F> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        let shared = this.client.shared();
        if shared.is_forked() {
            return Poll::Ready(None);
        }
        let mut inner = shared.lock();
        match (this.outcome)(&inner) {
            Some(outcome) => Poll::Ready(Some(outcome)),
            None => {
                (this.wakers)(&mut inner).keep(&mut this.slot, context.waker());
                Poll::Pending
            }
        }
    }
}

impl<F> Drop for Until<'_, F> {
    fn drop(&mut self) {
        let shared = self.client.shared();
        if self.slot.is_some() && !shared.is_forked() {
            (self.wakers)(&mut shared.lock()).forget(self.slot);
        }
    }
}

/// Waits for a time.
#[derive(Debug)]
pub(crate) struct Timer {
    client: Client,
    at: Instant,
    ticket: Ticket,
}

impl Timer {
    pub(crate) fn new(client: &Client, at: Instant) -> Timer {
        let ticket = if client.shared().is_forked() { 0 } else { client.shared().lock().ticket() };
        Timer { client: client.clone(), at, ticket }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = self.client.shared();
        if shared.is_forked() || shared.now() >= self.at {
            return Poll::Ready(());
        }
        shared.change(|inner, _| {
            // A session that is over has no driver that would come back.
            if inner.machine.state().is_over() {
                return Poll::Ready(());
            }
            inner.set_timer(self.at, self.ticket, context.waker());
            Poll::Pending
        })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if !self.client.shared().is_forked() {
            self.client.shared().lock().forget_timer(self.at, self.ticket);
        }
    }
}
