//! What is due when: pings, silence, rounds of tries, requests that wait for too long.

use std::time::{Duration, Instant};

use trellis_zk_codec::{Request, xid};

use super::Machine;
use super::connection::Phase;
use crate::error::Loss;
use crate::state::State;

/// The time after so long, or nearly for ever.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    // Decades are far from what a clock can't say.
    const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    now.checked_add(wait.min(FOREVER)).unwrap_or(now)
}

impl Machine {
    /// When [`tick`](Self::tick) is to be called, if nothing else is before. `None`: there is nothing to wait for.
    pub fn deadline(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Opening { until, .. }
            | Phase::ShakingHands { until, .. }
            | Phase::Resting { until, .. } => until,
            Phase::Up { .. } => self.ping_at().min(self.silent_at()),
            Phase::Over => return None,
        };
        let requests = [
            self.unsent.front().map(|unsent| unsent.pending.deadline),
            self.pending.get(self.late).map(|pending| pending.deadline),
            self.overdue_at(),
        ];
        requests.into_iter().flatten().chain([phase]).min()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.tell_late(now);
        if self.overdue_at().is_some_and(|at| at <= now) {
            self.enter(State::Overdue);
        }
        match self.phase {
            Phase::Opening { until, .. } | Phase::ShakingHands { until, .. } if until <= now => {
                self.lost(Loss::Silent, now);
            }
            Phase::Resting { step, until } if until <= now => self.open(step, now),
            Phase::Up { .. } if self.silent_at() <= now => self.lost(Loss::Silent, now),
            Phase::Up { .. } if self.ping_at() <= now => {
                self.sent = now;
                self.pings.push_back(now);
                Request::Ping.encode(xid::PING, &mut self.output);
            }
            _ => {}
        }
    }

    /// When the server must hear of this client, if it hears of nothing else.
    fn ping_at(&self) -> Instant {
        self.sent + self.session_timeout / 3
    }

    /// When a server that says nothing is given up: another one has a third of the session's time then.
    fn silent_at(&self) -> Instant {
        self.heard + self.session_timeout * 2 / 3
    }

    /// When a session without a connection must be taken for over. The server counts from when it last heard of this
    /// client, and that may have been long before it answered.
    fn overdue_at(&self) -> Option<Instant> {
        let waits = self.state == State::Connecting && self.key.id != 0;
        waits.then(|| self.confirmed.unwrap_or(self.begun) + self.session_timeout)
    }
}
