//! Time as data: a point in time that came with a log entry. Nothing here reads a clock.

/// Microseconds since 1970-01-01 00:00 UTC, as the leader gave it to a log entry; it never decreases from one
/// entry to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The end of time. What is due then is never due.
    pub const NEVER: Time = Time(u64::MAX);

    /// This time and `seconds` more; saturates at the end of time, which no deadline reaches.
    #[must_use]
    pub fn plus_seconds(self, seconds: u32) -> Time {
        Time(self.0.saturating_add(u64::from(seconds) * 1_000_000))
    }

    /// `seconds` before this time, but not before 1970; the end of time has no before.
    pub(crate) fn minus_seconds(self, seconds: u32) -> Time {
        if self == Time::NEVER {
            return self;
        }
        Time(self.0.saturating_sub(u64::from(seconds) * 1_000_000))
    }

    /// Whole seconds from `earlier` to this time, rounded down; zero if `earlier` is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }
}
