//! The leader's clock: the only place where time enters the log.

use std::time::Duration;

use tokio::time::Instant;
use trellis_core::Time;

/// Wall-clock time at the start, carried on by the monotonic clock, so that a step of the wall clock can't fire
/// or delay anything. Never behind the time the state has already seen.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    base: Time,
}

impl Clock {
    /// Starts at `wall`, or at `seen` if that is later.
    pub(crate) fn start(wall: Time, seen: Time) -> Self {
        Clock { started: Instant::now(), base: wall.max(seen) }
    }

    pub(crate) fn now(&self) -> Time {
        let elapsed = self.started.elapsed().as_micros();
        Time(self.base.0.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX)))
    }

    /// When this clock will show `time`; a time too far off for the runtime is a year away.
    pub(crate) fn instant(&self, time: Time) -> Instant {
        let ahead = Duration::from_micros(time.0.saturating_sub(self.base.0));
        self.started + ahead.min(self.started.elapsed() + Duration::from_secs(365 * 86_400))
    }
}
