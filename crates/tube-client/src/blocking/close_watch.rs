//! Whether to look for a reply until it is there, or to sleep until the system wakes this thread up: looking has to have
//! brought replies clearly sooner lately. Nothing here waits.

use std::time::{Duration, Instant};

/// One wait of so many is spent in the way that has been slower, to learn whether it still is.
const TRIAL_WAITS: u32 = 64;

/// A reply that takes longer says nothing of the way: it is the server that takes its time, or there is no job yet.
const REPLY_US_MAX: Duration = Duration::from_micros(500);

/// Looking takes processor time, and for a reply that comes later than it lasts it is in vain: it has to bring replies
/// within this share of the time that they take for one who sleeps.
const WORTH_LOOKING: f64 = 0.8;

/// How fast what was measured before is forgotten: each reply counts for this share of the average.
const WEIGHT: f64 = 0.125;

/// What is known of the two ways.
///
/// Where the server runs on another processor, a reply is there before a thread can be put to sleep and woken up. Where
/// both share one, looking only keeps the server from it. Which it is changes with the load, so it is measured.
#[derive(Debug, Default)]
pub(super) struct CloseWatch {
    waits: u32,
    /// Mean microseconds until a reply, in either way; `None` until there was one.
    watched: Option<f64>,
    slept: Option<f64>,
    /// The wait that is under way: since when, and whether it began by looking.
    current: Option<(Instant, bool)>,
}

impl CloseWatch {
    /// A wait for a reply begins; says whether to look for it.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        self.waits = self.waits.wrapping_add(1);
        let is_trial = self.waits.is_multiple_of(TRIAL_WAITS);
        let watches = match (self.watched, self.slept) {
            (Some(watched), Some(slept)) => (watched <= slept * WORTH_LOOKING) != is_trial,
            // Replies that are late for both ways teach nothing, and are looked for less and less.
            _ => self.waits.is_power_of_two(),
        };
        self.current = Some((now, watches));
        watches
    }

    /// Something has come.
    pub(super) fn end(&mut self, now: Instant) {
        let Some((began, watched)) = self.current.take() else { return };
        let took = now.saturating_duration_since(began);
        if took <= REPLY_US_MAX {
            let mean = if watched { &mut self.watched } else { &mut self.slept };
            let took = took.as_secs_f64() * 1e6;
            *mean = Some(mean.map_or(took, |mean| mean + (took - mean) * WEIGHT));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the next thousand waits begin by looking, where the two ways take so many microseconds.
    fn looks(watch: &mut CloseWatch, watched: u64, slept: u64) -> usize {
        let mut now = Instant::now();
        let mut one = || {
            let looks = watch.begin(now);
            now += Duration::from_micros(if looks { watched } else { slept });
            watch.end(now);
            looks
        };
        (0..1000).filter(|_| one()).count()
    }

    #[test]
    fn the_way_that_is_clearly_sooner_is_taken_and_the_other_one_tried_now_and_then() {
        let mut watch = CloseWatch::default();
        let near = looks(&mut watch, 20, 60);
        assert!((950..1000).contains(&near), "{near}");
        // The load changes, and what is measured with it.
        let shared = looks(&mut watch, 70, 15);
        assert!((5..50).contains(&shared), "{shared}");
        let near = looks(&mut watch, 20, 60);
        assert!((400..1000).contains(&near), "{near}");
    }

    #[test]
    fn a_server_that_waits_for_its_disk_is_hardly_looked_for() {
        let slow = looks(&mut CloseWatch::default(), 118, 120);
        assert!((5..50).contains(&slow), "{slow}");
    }

    #[test]
    fn a_server_that_is_far_away_is_hardly_looked_for() {
        let far = looks(&mut CloseWatch::default(), 800, 800);
        assert_eq!(far, 10, "the powers of two up to 512");
    }
}
