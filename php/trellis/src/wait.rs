//! Waiting in PHP's thread, where the handlers of signals run meanwhile.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use trellis_php_host::{Throw, call_function, has_function, serve_interrupts};

/// For how long at most a wait takes no notice of a signal that has come right before it.
const ROUND: Duration = Duration::from_millis(200);

/// What a round of waiting has come to.
pub(crate) enum Round {
    Ready,
    Interrupted,
    TimeUp,
}

/// Waits a round, at most so long. It calls no PHP code, and so runs no handlers.
pub(crate) fn round<'a>(descriptors: impl Iterator<Item = BorrowedFd<'a>>, left: Option<Duration>) -> Round {
    let mut polled: Vec<PollFd<'_>> =
        descriptors.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN)).collect();
    let time = Timespec::try_from(left.map_or(ROUND, |left| left.min(ROUND))).ok();
    match poll(&mut polled, time.as_ref()) {
        Ok(0) => Round::TimeUp,
        Err(Errno::INTR) => Round::Interrupted,
        // What can't be waited for is looked at.
        Ok(_) | Err(_) => Round::Ready,
    }
}

/// Runs the handlers of the signals that have come.
///
/// # Errors
///
/// What they throw.
pub(crate) fn serve() -> Result<(), Throw> {
    // Without asynchronous signals, nobody else would run them while we wait.
    if has_function("pcntl_signal_dispatch") {
        call_function("pcntl_signal_dispatch", [])?;
    }
    serve_interrupts()
}

/// A time-out that was given in seconds; none is for ever.
pub(crate) fn patience(seconds: Option<f64>) -> Option<Duration> {
    let seconds = seconds?.max(0.0);
    Duration::try_from_secs_f64(seconds).ok()
}

/// When a time-out that was given in seconds is over.
pub(crate) fn deadline(seconds: Option<f64>) -> Option<Instant> {
    Instant::now().checked_add(patience(seconds)?)
}
