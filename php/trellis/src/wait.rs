//! Waiting in PHP's thread, where the handlers of signals and other callbacks run meanwhile.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use ext_php_rs::zend::ExecutorGlobals;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::{Errno, read, write};
use trellis_php_host::{Call, Throw, call_function, doorbell, has_function, serve_interrupts};

use crate::pool::of_class;

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

/// Waits for what another thread does, at most until then. `None`: it was not done in time, and is dropped.
///
/// # Errors
///
/// What a handler throws meanwhile; or if the system has no descriptor left.
pub(crate) fn wait_for<F: Future>(future: F, until: Option<Instant>) -> Result<Option<F::Output>, Throw> {
    let mut future = pin!(future);
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    let descriptor = eventfd(0, flags).map_err(|_| of_class("RuntimeException", "Too many open files"))?;
    let woken = Arc::new(Woken(descriptor));
    let waker = Waker::from(Arc::clone(&woken));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(Some(output));
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(None);
        }
        if matches!(round(std::iter::once(woken.0.as_fd()), left), Round::Ready) {
            // It fails if there is nothing to be read, and then nothing has to be.
            let _ = read(&woken.0, &mut [0; 8]);
        } else {
            serve()?;
        }
    }
}

/// Wakes a wait.
struct Woken(OwnedFd);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        // The only thing that can go wrong is that the counter is full, which is as good.
        let _ = write(&self.0, &1_u64.to_ne_bytes());
    }
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

/// The time-out that is given as the argument at `index`, in seconds; none is for ever.
///
/// # Errors
///
/// A ValueError if it is no time.
pub(crate) fn timeout(call: &Call<'_>, index: usize) -> Result<Option<Duration>, Throw> {
    let seconds = call.argument::<Option<f64>>(index)?.map(Duration::try_from_secs_f64).transpose();
    seconds.map_err(|_| call.value_error(index, "must be a number of seconds, 0 or more, or null"))
}
