//! Waiting in PHP's thread, where the handlers of signals and other callbacks run meanwhile.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use ext_php_rs::zend::ExecutorGlobals;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use trellis_php_host::{Throw, call_function, doorbell, has_function, serve_interrupts};

/// For how long at most a wait takes no notice of a signal that has come right before it.
const ROUND: Duration = Duration::from_millis(200);

/// What a round of waiting has come to.
pub(crate) enum Round {
    Ready,
    /// By a signal or the doorbell.
    Interrupted,
    TimeUp,
}

/// Waits a round, at most so long. It calls no PHP code, and so runs no handlers.
pub(crate) fn round<'a>(descriptors: impl Iterator<Item = BorrowedFd<'a>>, left: Option<Duration>) -> Round {
    let time = Timespec::try_from(left.map_or(ROUND, |left| left.min(ROUND))).ok();
    doorbell::while_listening(|bell| {
        let mut all: Vec<PollFd<'_>> = descriptors.map(polled).collect();
        let count = all.len();
        all.extend(bell.map(polled));
        match poll(&mut all, time.as_ref()) {
            Ok(0) => Round::TimeUp,
            Err(Errno::INTR) => Round::Interrupted,
            Ok(_) if all[..count].iter().all(|one| one.revents().is_empty()) => Round::Interrupted,
            // What can't be waited for is looked at.
            Ok(_) | Err(_) => Round::Ready,
        }
    })
}

fn polled(descriptor: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(descriptor, PollFlags::IN)
}

/// Runs the handlers of the signals that have come, and what else wants to be called.
///
/// # Errors
///
/// What they throw.
pub(crate) fn serve() -> Result<(), Throw> {
    // Without asynchronous signals, nobody else would run them while we wait.
    if has_function("pcntl_signal_dispatch") {
        call_function("pcntl_signal_dispatch", [])?;
    }
    doorbell::dispatch();
    if ExecutorGlobals::has_exception() {
        return Err(Throw::Pending);
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
