//! What a process that PHP code has forked itself off into leaves behind, and how it ends.

use std::ffi::c_void;
use std::mem;
use std::ptr::null_mut;

use ext_php_rs::PHP_ZTS;
use ext_php_rs::ffi::{ext_php_rs_executor_globals, php_output_end_all, zend_objects_store};

use super::fall::guarded;

// Exported by PHP for extensions, with these signatures from PHP 8.1 to 8.4.
unsafe extern "C" {
    fn zend_objects_store_mark_destructed(objects: *mut zend_objects_store);
    fn zend_objects_store_call_destructors(objects: *mut zend_objects_store);
    fn php_output_clean_all();
    fn php_call_shutdown_functions();
    fn php_free_shutdown_functions();
}

/// In a new child: what the parent has in its output buffers is the parent's to print; its shutdown functions are its to
/// run, and so are the destructors of its objects. And it is in no fiber, or suspending that would lead into the parent's
/// program.
pub(crate) fn forget_the_parents() {
    // SAFETY: it only marks the objects that there are.
    unsafe { zend_objects_store_mark_destructed(objects()) };
    // SAFETY: the thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as above. The engine asks this for what may be suspended, and the fiber's stack is not left any more.
    unsafe { (*globals).active_fiber = null_mut() };
    forget_shutdown_functions();
    forget_output();
}

/// Empties the output buffers.
pub(crate) fn forget_output() {
    // SAFETY: it runs the buffers' handlers, so PHP code, which whoever called us may.
    guarded(|| unsafe { php_output_clean_all() });
}

/// What PHP does at the end of a script, for what this process has made: shutdown functions, destructors, output. Returns
/// the exit code.
pub(crate) fn finish() -> i32 {
    forget_lack_of_memory();
    // SAFETY: the request is still under way.
    guarded(|| unsafe { php_call_shutdown_functions() });
    // SAFETY: as above; those of the parent's objects are marked, and are not called.
    guarded(|| unsafe { zend_objects_store_call_destructors(objects()) });
    // SAFETY: as above.
    guarded(|| unsafe { php_output_end_all() });
    // SAFETY: the thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as above.
    unsafe { (*globals).exit_status }
}

/// Ends the process at once: nothing of what it shares with its parent is said good-bye to.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: it may be called at any time.
    unsafe { libc::_exit(code) }
}

/// A PHP that has run out of memory, and has put the script's end off until that is safe, calls no function any more until
/// the request's end, which for a child is now.
fn forget_lack_of_memory() {
    #[cfg(php_delays_oom)]
    {
        // SAFETY: the name is valid.
        let known = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"zend_handle_delayed_oom".as_ptr()) };
        if known.is_null() {
            // It is older than the one that this was built for, and has no such field.
            return;
        }
        // SAFETY: the thread that runs PHP has globals.
        let globals = unsafe { ext_php_rs_executor_globals() };
        // SAFETY: as above, and they have the field.
        unsafe { (*globals).delayed_oom.state = ext_php_rs::ffi::_zend_oom_state_ZEND_OOM_STATE_NONE };
    }
}

fn objects() -> *mut zend_objects_store {
    // SAFETY: the thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as above.
    unsafe { &raw mut (*globals).objects_store }
}

/// Has PHP make anew what a fork of the system's leaves behind: with thread safety, the clock of `set_time_limit`, without which
/// PHP ends with a fatal error. Forks of PHP's own do this by themselves.
pub(crate) fn make_clock() {
    // SAFETY: the name is valid.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"zend_max_execution_timer_init".as_ptr()) };
    if !found.is_null() {
        // SAFETY: it is the engine's function of that name, which takes and gives nothing.
        let make = unsafe { mem::transmute::<*mut c_void, extern "C" fn()>(found) };
        make();
    }
}

/// Freeing the list would free what only it holds, a connection perhaps, with a word on the wire that is not this process's
/// to say. So it is left where it is and no longer found, which takes that it comes first in PHP's basic globals, as it does
/// from PHP 8.1 to 8.4.
fn forget_shutdown_functions() {
    let found = basic_globals().cast::<*mut c_void>();
    if found.is_null() {
        // SAFETY: it frees the list, if there is one.
        unsafe { php_free_shutdown_functions() };
    } else {
        // SAFETY: it is a pointer to the list, or null for none.
        unsafe { found.write(null_mut()) };
    }
}

/// What PHP has for its own functions in this thread; null if it doesn't let us find it.
fn basic_globals() -> *mut c_void {
    if !PHP_ZTS {
        // SAFETY: the name is valid.
        return unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"basic_globals".as_ptr()) };
    }
    // SAFETY: the name is valid.
    let number = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"basic_globals_id".as_ptr()) }.cast::<i32>();
    // SAFETY: the name is valid.
    let find = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"ts_resource_ex".as_ptr()) };
    if number.is_null() || find.is_null() {
        return null_mut();
    }
    // SAFETY: it is the function of PHP's that has this signature from PHP 8.1 to 8.4.
    let find = unsafe { mem::transmute::<*mut c_void, extern "C" fn(i32, *mut c_void) -> *mut c_void>(find) };
    // SAFETY: it is the number that PHP has given to them when it was started.
    find(unsafe { *number }, null_mut())
}
