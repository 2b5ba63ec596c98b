//! How long a connection may do without a session. Knows no request; once there is a session, its time-out counts.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::limits::SESSIONLESS_MS;
use crate::outgoing::Outgoing;

const LIMIT: Duration = Duration::from_millis(SESSIONLESS_MS);

/// Waits for a new connection's client to begin a session, or to say a word and to take the answer.
pub(super) struct Patience(Option<Pin<Box<Sleep>>>);

impl Patience {
    /// Begins with the connection.
    pub(super) fn begin() -> Self {
        Patience(Some(Box::pin(sleep(LIMIT))))
    }

    /// The client has asked for a session.
    pub(super) fn end(&mut self) {
        self.0 = None;
    }

    /// Whether the client has said nothing in time. If it is `answered`, it has as long again whenever it takes something,
    /// and is closed here otherwise. Wakes the connection's task when it is time to ask again.
    pub(super) fn is_over(&mut self, answered: bool, outgoing: &Outgoing, context: &mut Context<'_>) -> bool {
        let Some(timer) = &mut self.0 else { return false };
        while timer.as_mut().poll(context).is_ready() {
            if !answered {
                return true;
            }
            let now = Instant::now();
            let until = outgoing.waits_since().map_or(now, Instant::from_std) + LIMIT;
            if until <= now {
                outgoing.close_if_stuck();
            }
            timer.as_mut().reset(if until <= now { now + LIMIT } else { until });
        }
        false
    }
}
