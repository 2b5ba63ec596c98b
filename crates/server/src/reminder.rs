//! What is said in the log from time to time, however often there is reason to. Knows not what it is.

use std::time::{Duration, Instant};

use crate::limits::REFUSAL_REMINDER_MS;

/// When something was last said in the log that clients could have it say again and again.
#[derive(Default)]
pub(crate) struct Reminder(Option<Instant>);

impl Reminder {
    /// Whether it is to be said again, and now.
    pub(crate) fn is_due(&mut self) -> bool {
        let patience = Duration::from_millis(REFUSAL_REMINDER_MS);
        let is_due = self.0.is_none_or(|said| said.elapsed() >= patience);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}
