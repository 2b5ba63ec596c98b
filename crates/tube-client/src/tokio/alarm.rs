//! A timer that is set again and again. What it is set for is its owner's business.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use ::tokio::time::{Sleep, sleep_until};

/// Goes off at the time that it was polled for last, or before.
///
/// Most times that it is set for never come. One that is set for an earlier time will ask again, so it can stay.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Alarm {
    /// Ready when it may be time; the owner then looks whether it is.
    pub(super) fn poll(&mut self, deadline: Instant, now: Instant, context: &mut Context<'_>) -> Poll<()> {
        let (at, timer) =
            self.timer.get_or_insert_with(|| (deadline, Box::pin(sleep_until(deadline.into()))));
        if *at > deadline || *at <= now {
            *at = deadline;
            timer.as_mut().reset(deadline.into());
        }
        timer.as_mut().poll(context)
    }
}
