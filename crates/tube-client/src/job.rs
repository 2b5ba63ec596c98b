//! Jobs as a client sees them, and what a put says about one.

use std::time::Duration;

use trellis_tube_codec::Request;

/// A job and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The server's number for it. Different servers use the same numbers.
    pub id: u64,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// What a put has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// The new job.
    pub id: u64,
    /// Whether the server had no memory to queue it, and has buried it.
    pub buried: bool,
}

/// How a job is put. The protocol counts whole seconds: durations are rounded up.
///
/// ```
/// use std::time::Duration;
/// use trellis_tube_client::PutOptions;
///
/// let urgent = PutOptions { priority: 0, ..PutOptions::default() };
/// assert_eq!((urgent.delay, urgent.ttr), (Duration::ZERO, Duration::from_secs(60)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutOptions {
    /// 0 is the most urgent; below 1024 counts as urgent in statistics. 1024.
    pub priority: u32,
    /// How long the job is kept back. Zero.
    pub delay: Duration,
    /// How long a worker may hold the job before another one gets it; at least a second. 60 s.
    pub ttr: Duration,
}

impl Default for PutOptions {
    fn default() -> Self {
        Self { priority: 1024, delay: Duration::ZERO, ttr: Duration::from_secs(60) }
    }
}

impl PutOptions {
    pub(crate) fn request<'a>(&self, body: &'a [u8]) -> Request<'a> {
        Request::Put { priority: self.priority, delay: seconds(self.delay), ttr: seconds(self.ttr), body }
    }
}

/// Whole seconds, rounded up, as many as the protocol can say.
pub(crate) fn seconds(duration: Duration) -> u32 {
    let whole = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    u32::try_from(whole).unwrap_or(u32::MAX)
}
