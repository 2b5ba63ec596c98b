//! How long a client leaves servers alone that it could not reach. Knows no clock.

use std::time::Duration;

use crate::settings::Settings;

/// The shortest wait, whatever the settings say: without one, a client would try for ever in one moment.
const WAIT_MS_MIN: Duration = Duration::from_millis(1);

/// Doubles from try to try, up to a limit, and strays a little so that clients don't come back all at once.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    min: Duration,
    max: Duration,
    random: fastrand::Rng,
}

impl Backoff {
    pub(crate) fn new(settings: &Settings) -> Self {
        let (min, max) = (settings.backoff_min, settings.backoff_max);
        let random = settings.jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self { next: min.min(max), min, max, random }
    }

    /// The next wait: between a half and the whole of what is due now.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.max);
        whole.mul_f64(0.5 + self.random.f64() / 2.0).max(WAIT_MS_MIN)
    }

    /// A server has answered: the next trouble begins anew.
    pub(crate) fn reset(&mut self) {
        self.next = self.min.min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_limit_and_strays_by_half() {
        let settings = Settings {
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_millis(300),
            jitter_seed: Some(7),
            ..Settings::default()
        };
        let (mut backoff, mut twin) = (Backoff::new(&settings), Backoff::new(&settings));
        for whole in [100, 200, 300, 300] {
            let wait = backoff.next();
            assert_eq!(wait, twin.next(), "the seed decides");
            assert!((whole / 2..=whole).contains(&wait.as_millis()), "{wait:?} of {whole} ms");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
