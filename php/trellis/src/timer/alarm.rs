//! A thread that rings PHP's doorbell at a time that PHP's thread sets. The two share a timer of the system's and nothing
//! else, so there is no lock that a fork could leave taken.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use trellis_php_host::doorbell::Bell;
use trellis_php_host::{Owner, quiet_thread};
use trellis_unix::timers::Timer;

/// Rings at the time that was set last.
pub(super) struct Alarm {
    owner: Owner,
    timer: Arc<Timer>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Handles of threads that a parent has and this process has not. To give them back would be to touch what the system has
/// made something else of.
static LEFT_BY_PARENTS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

impl Alarm {
    /// One that is not set.
    pub(super) fn new() -> io::Result<Alarm> {
        let bell = Bell::of_this_process()?;
        let timer = Arc::new(Timer::new()?);
        let is_over = Arc::new(AtomicBool::new(false));
        let (its_timer, its_end) = (Arc::clone(&timer), Arc::clone(&is_over));
        let thread = quiet_thread("timer", move || {
            while its_timer.wait(None).is_ok() && !its_end.load(Ordering::Acquire) {
                bell.ring();
            }
        })?;
        Ok(Alarm { owner: Owner::this_process(), timer, is_over, thread: Some(thread) })
    }

    /// Whether it is this process' own.
    pub(super) fn is_ours(&self) -> bool {
        self.owner.is_this_process()
    }

    /// Sets it anew; none is never.
    pub(super) fn set(&self, at: Option<Instant>) {
        // The system takes any time that a script can name.
        let _ = match at {
            Some(at) => self.timer.set(at.saturating_duration_since(Instant::now()), Duration::ZERO),
            None => self.timer.cancel(),
        };
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if !self.is_ours() {
            // The timer is the parent's, too, so it stays as it is.
            LEFT_BY_PARENTS.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
            return;
        }
        self.is_over.store(true, Ordering::Release);
        self.set(Some(Instant::now()));
        // It has no way to panic.
        let _ = thread.join();
    }
}
