//! The jump by which a fatal error leaves everything that is under way, Rust's code too.

use std::panic::AssertUnwindSafe;

use ext_php_rs::ffi::ext_php_rs_compiler_globals;
use ext_php_rs::zend::{bailout, try_catch};

/// Runs something that may end in a fatal error. `false` if it has.
pub(crate) fn guarded(work: impl FnOnce()) -> bool {
    try_catch(AssertUnwindSafe(work)).is_ok()
}

/// Goes on with the jump that [`guarded`] has stopped.
pub(crate) fn fall_on() -> ! {
    // SAFETY: what called us has nothing left to drop.
    unsafe { bailout() }
}

/// Whether there was a fatal error in this request. After it there are only the shutdown functions, and what PHP calls later.
pub(crate) fn has_fallen() -> bool {
    // SAFETY: every thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_compiler_globals() };
    // SAFETY: as above.
    unsafe { (*globals).unclean_shutdown }
}
