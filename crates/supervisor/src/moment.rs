//! Time as data. Nothing here reads a clock.

use std::ops::Add;
use std::time::Duration;

/// A point in time: how long the supervisor had been running then, by a clock that only goes forward.
///
/// ```
/// use std::time::Duration;
/// use trellis_supervisor::Moment;
///
/// let later = Moment::START + Duration::from_secs(5);
/// assert_eq!(later.since(Moment::START), Duration::from_secs(5));
/// assert_eq!(Moment::START.since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Duration);

impl Moment {
    /// When the supervisor started.
    pub const START: Moment = Moment(Duration::ZERO);

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    /// Saturates at the end of time.
    fn add(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_add(duration))
    }
}
