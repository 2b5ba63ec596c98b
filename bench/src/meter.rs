//! What the load generator counts: replies, and how long each took.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// The longest latency that is told apart from longer ones.
const LATENCY_NS_MAX: u64 = 60_000_000_000;

/// Counts of one load.
pub(crate) struct Meter {
    replies: u64,
    latencies_ns: Histogram<u64>,
}

impl Meter {
    /// Nothing counted yet; latencies are kept with three digits.
    pub(crate) fn new() -> Result<Meter> {
        Ok(Meter { replies: 0, latencies_ns: Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3)? })
    }

    /// Forgets everything, at the end of a warm-up.
    pub(crate) fn clear(&mut self) {
        self.replies = 0;
        self.latencies_ns.clear();
    }

    /// Counts a reply.
    pub(crate) fn count(&mut self) {
        self.replies += 1;
    }

    /// Notes a latency.
    pub(crate) fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(LATENCY_NS_MAX);
        self.latencies_ns.saturating_record(nanoseconds);
    }

    /// The replies counted.
    pub(crate) fn replies(&self) -> u64 {
        self.replies
    }

    /// The latency in microseconds that `share` of all replies did not exceed.
    pub(crate) fn latency_us(&self, share: f64) -> f64 {
        self.latencies_ns.value_at_quantile(share) as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_was_recorded() {
        let mut meter = Meter::new().unwrap();
        for microseconds in 1..=1000 {
            meter.record(Duration::from_micros(microseconds));
        }
        assert!((meter.latency_us(0.5) - 500.0).abs() < 1.0, "{}", meter.latency_us(0.5));
        assert!((meter.latency_us(0.99) - 990.0).abs() < 1.0, "{}", meter.latency_us(0.99));
        meter.clear();
        assert_eq!(meter.latency_us(0.5), 0.0);
    }
}
