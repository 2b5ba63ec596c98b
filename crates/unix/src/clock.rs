//! The clock that goes on while the machine is suspended, which `std::time::Instant` on Linux does not. What must not
//! outlive a moment of other machines is timed by it. Nothing here waits.

use std::ops::Add;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment: so long after the machine was started, the time in which it was suspended included.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use trellis_unix::BootTime;
///
/// let deadline = BootTime::now() + Duration::from_secs(60);
/// assert!(BootTime::now() < deadline);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootTime(Duration);

impl BootTime {
    /// This moment. A child may ask for it between its fork and its program.
    #[must_use]
    pub fn now() -> BootTime {
        // The machine was not started after now.
        BootTime(Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default())
    }

    /// The moment that comes so long after the machine's start.
    #[must_use]
    pub const fn after_boot(time: Duration) -> BootTime {
        BootTime(time)
    }

    /// How long after the machine's start it is.
    #[must_use]
    pub const fn since_boot(self) -> Duration {
        self.0
    }
}

impl Add<Duration> for BootTime {
    type Output = BootTime;

    /// So much later, or as late as can be said.
    fn add(self, time: Duration) -> BootTime {
        BootTime(self.0.saturating_add(time))
    }
}
