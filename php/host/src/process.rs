//! Processes for PHP code. What they do is the caller's business.

use ext_php_rs::zend::ExecutorGlobals;

use crate::sys::child;
use crate::sys::fall::guarded;
use crate::{Throw, call_function, doorbell};

/// Forks as PHP does it. The child, which gets 0, must end by [`end`]; the parent gets the child's pid, and a negative number
/// if the system has refused.
///
/// # Errors
///
/// If this PHP has no `pcntl_fork`.
pub fn fork() -> Result<i64, Throw> {
    // It is called and not done here, so that whoever holds something at a fork of PHP's holds it at this one, too.
    Ok(call_function("pcntl_fork", [])?.long().unwrap_or(-1))
}

/// What a process has to do first that has forked otherwise, as a daemon does.
pub fn begin() {
    child::make_clock();
}

/// The life of a child: it runs `work`, and ends as a script does, with the exit code that it would have. What it has from
/// its parent it leaves alone: no output is printed twice, and neither shutdown functions nor destructors of the parent's
/// run here. After a fatal error in `work` comes `fallen`.
pub fn end(work: impl FnOnce(), fallen: impl FnOnce()) -> ! {
    // Its parent may have been in a callback, to which it doesn't return.
    doorbell::reset();
    child::forget_the_parents();
    if !guarded(work) {
        guarded(fallen);
    }
    // What has ended the work, an `exit` perhaps, has done so.
    drop(ExecutorGlobals::take_exception());
    child::exit_now(child::finish())
}

/// Forgets what waits in PHP's output buffers, which is for another process to print.
pub fn forget_output() {
    child::forget_output();
}
