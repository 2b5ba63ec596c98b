//! The engine's flag that asks for something to be done between two opcodes, and what does it.

use std::sync::atomic::{AtomicBool, Ordering};

use ext_php_rs::ffi::{ext_php_rs_executor_globals, zend_interrupt_function};

/// Does what is asked for, if anything is. `false` if that is to end the script, which the engine does after the call.
pub(crate) fn serve() -> bool {
    let asked = flag();
    // SAFETY: it returns the globals of this thread, which live as long as it does.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as for the other flag.
    let timed_out = unsafe { &raw mut (*globals).timed_out }.cast::<bool>();
    // SAFETY: as for the other flag.
    let timed_out = unsafe { AtomicBool::from_ptr(timed_out) };
    if timed_out.load(Ordering::Acquire) {
        return false;
    }
    if !asked.swap(false, Ordering::AcqRel) {
        return true;
    }
    // SAFETY: modules set it when they are started, and nobody does later.
    let function = unsafe { zend_interrupt_function };
    if let Some(function) = function {
        // SAFETY: the frame is that of the call under way.
        let frame = unsafe { (*globals).current_execute_data };
        // SAFETY: it is called as the engine calls it, between two opcodes of the frame.
        unsafe { function(frame) };
    }
    true
}

/// The flag of this thread's engine.
pub(super) fn flag() -> &'static AtomicBool {
    // SAFETY: it returns the globals of this thread, which live as long as it does.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as above. A `bool` in PHP 8.1, and a struct around an atomic one since then.
    let flag = unsafe { &raw mut (*globals).vm_interrupt }.cast::<bool>();
    // SAFETY: it is one byte that signal handlers and other threads change atomically, too. It lives as long as the thread,
    // longer than any session of it.
    unsafe { AtomicBool::from_ptr(flag) }
}
