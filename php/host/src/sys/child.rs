//! What a process that PHP code has forked itself off into leaves behind, and how it ends.

use std::ffi::{CStr, c_void};
use std::panic::AssertUnwindSafe;
use std::ptr::null_mut;

use ext_php_rs::ffi::{ext_php_rs_executor_globals, php_output_end_all, zend_objects_store};
use ext_php_rs::zend::try_catch;

// Exported by PHP for extensions, with these signatures from PHP 8.1 to 8.4.
unsafe extern "C" {
    fn zend_objects_store_mark_destructed(objects: *mut zend_objects_store);
    fn zend_objects_store_call_destructors(objects: *mut zend_objects_store);
    fn php_output_clean_all();
    fn php_call_shutdown_functions();
    fn php_free_shutdown_functions();
}

/// In a new child: what the parent has in its output buffers is the parent's to print; its shutdown functions are its to
/// run, and so are the destructors of its objects.
pub(crate) fn forget_the_parents() {
    // SAFETY: it only marks the objects that there are.
    unsafe { zend_objects_store_mark_destructed(objects()) };
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

/// Runs something that may end in a fatal error. `false` if it has.
pub(crate) fn guarded(work: impl FnOnce()) -> bool {
    try_catch(AssertUnwindSafe(work)).is_ok()
}

fn objects() -> *mut zend_objects_store {
    // SAFETY: the thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as above.
    unsafe { &raw mut (*globals).objects_store }
}

/// Freeing the list would free what only it holds, a connection perhaps, with a word on the wire that is not this process's
/// to say. So it is left where it is and no longer found, which takes that it comes first in PHP's global variables, as it
/// does without thread safety. With it, there is no such symbol, and the list is freed.
fn forget_shutdown_functions() {
    const NAME: &CStr = c"basic_globals";
    // SAFETY: the name is valid.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, NAME.as_ptr()) }.cast::<*mut c_void>();
    if found.is_null() {
        // SAFETY: it frees the list, if there is one.
        unsafe { php_free_shutdown_functions() };
    } else {
        // SAFETY: it is a pointer to the list, or null for none.
        unsafe { found.write(null_mut()) };
    }
}
