//! What PHP wants to be done between two steps of a script: handlers of signals, the end of its time.

use ext_php_rs::zend::ExecutorGlobals;

use crate::Throw;
use crate::sys::interrupt;

/// Does what PHP would do after the call, if there is anything: a call that waits uses it in its rounds, so that the
/// handlers of signals run while it waits (with `pcntl_async_signals(true)`, as everywhere).
///
/// PHP code is called, so nothing may be borrowed that it could use, too.
///
/// # Errors
///
/// If that code has thrown something or ended the script, or the script's time is over: the call has to return.
pub fn serve_interrupts() -> Result<(), Throw> {
    if !interrupt::serve() || ExecutorGlobals::has_exception() {
        return Err(Throw::Pending);
    }
    Ok(())
}
