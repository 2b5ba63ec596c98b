//! What becomes of a job that a worker has had: its handler's word, and the policy for failures.

use std::time::Duration;

use trellis_tube_codec::Request;

use crate::job::seconds;
use crate::statistics::Statistics;

/// What a handler says about its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The job is done and can be deleted.
    Done,
    /// It is to be done again after so long, with the priority that it has.
    Again(Duration),
    /// It is to be set aside until somebody kicks it.
    Bury,
    /// It could not be done: the worker's [`Retry`] decides. A handler that panics says this, too.
    Failed,
}

/// How often, and how soon, a job that has failed is tried again.
///
/// ```
/// use std::time::Duration;
/// use trellis_tube_client::Retry;
///
/// let retry = Retry { tries_max: 3, ..Retry::default() };
/// assert_eq!(retry.delay(1), Some(Duration::from_secs(1)));
/// assert_eq!(retry.delay(2), Some(Duration::from_secs(2)));
/// assert_eq!(retry.delay(3), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many times a job is reserved before a failure buries it. The server counts them. 5.
    pub tries_max: u32,
    /// The delay after the first failure; each further one doubles it. 1 s.
    pub delay_min: Duration,
    /// The longest delay. An hour.
    pub delay_max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries_max: 5, delay_min: Duration::from_secs(1), delay_max: Duration::from_secs(3600) }
    }
}

impl Retry {
    /// The delay after so many tries, or `None` if that was the last one.
    pub fn delay(&self, tries: u32) -> Option<Duration> {
        if tries >= self.tries_max {
            return None;
        }
        let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(self.delay_min.saturating_mul(factor).min(self.delay_max))
    }
}

impl Verdict {
    /// The request that carries the verdict out, if it takes no look at the job's statistics.
    pub(crate) fn at_once(self, id: u64) -> Option<Request<'static>> {
        (self == Self::Done).then_some(Request::Delete { id })
    }

    /// The request that carries the verdict out, by what the server says about the job.
    pub(crate) fn by(self, id: u64, statistics: &Statistics, retry: &Retry) -> Request<'static> {
        let number = |key| statistics.number(key).and_then(|number| u32::try_from(number).ok());
        let priority = number("pri").unwrap_or(u32::MAX);
        let delay = match self {
            Self::Done => return Request::Delete { id },
            Self::Again(delay) => Some(delay),
            Self::Bury => None,
            Self::Failed => retry.delay(number("reserves").unwrap_or(1)),
        };
        match delay {
            Some(delay) => Request::Release { id, priority, delay: seconds(delay) },
            None => Request::Bury { id, priority },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(verdict: Verdict, reserves: u32, expected: &str) {
        let statistics = format!("---\npri: 7\nreserves: {reserves}\n");
        let retry = Retry { tries_max: 4, delay_max: Duration::from_secs(3), ..Retry::default() };
        let mut line = Vec::new();
        verdict.by(9, &Statistics::parse(statistics.as_bytes()), &retry).encode(&mut line);
        assert_eq!(String::from_utf8_lossy(&line).trim_end(), expected, "{verdict:?} after {reserves}");
    }

    #[test]
    fn each_verdict_is_one_request() {
        check(Verdict::Done, 1, "delete 9");
        check(Verdict::Again(Duration::from_millis(1500)), 9, "release 9 7 2");
        check(Verdict::Bury, 1, "bury 9 7");
    }

    #[test]
    fn failures_are_tried_again_later_and_later_until_it_is_enough() {
        check(Verdict::Failed, 1, "release 9 7 1");
        check(Verdict::Failed, 2, "release 9 7 2");
        check(Verdict::Failed, 3, "release 9 7 3");
        check(Verdict::Failed, 4, "bury 9 7");
        check(Verdict::Failed, 400, "bury 9 7");
    }
}
