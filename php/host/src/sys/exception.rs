//! Exceptions that wait until something else has been called, as the engine does it around destructors.

use std::mem::ManuallyDrop;
use std::ptr::null_mut;

use ext_php_rs::ffi::{IS_OBJECT_EX, ext_php_rs_executor_globals, zend_object, zend_op};
use ext_php_rs::types::{ZendObject, Zval};

// Exported by the engine for extensions, with these signatures from PHP 8.1 to 8.4.
unsafe extern "C" {
    fn zend_exception_set_previous(exception: *mut zend_object, previous: *mut zend_object);
    fn zend_is_unwind_exit(exception: *const zend_object) -> bool;
    fn zend_is_graceful_exit(exception: *const zend_object) -> bool;
}

/// An exception that was put aside.
pub(crate) struct Aside {
    exception: *mut zend_object,
    before: *const zend_op,
}

/// Puts the exception aside that is under way; `None` if there is none.
pub(crate) fn put_aside() -> Option<Aside> {
    // SAFETY: every thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as above, and nobody else has a reference to them now.
    let globals = unsafe { &mut *globals };
    let exception = std::mem::replace(&mut globals.exception, null_mut());
    (!exception.is_null()).then_some(Aside { exception, before: globals.opline_before_exception })
}

/// Whether what is under way is no exception but the end of the script, by `exit`, or of a fiber.
pub(crate) fn is_exit(exception: &ZendObject) -> bool {
    // SAFETY: it is a valid object.
    let exit = unsafe { zend_is_unwind_exit(exception) };
    // SAFETY: as above.
    exit || unsafe { zend_is_graceful_exit(exception) }
}

impl Aside {
    /// Whether it is no exception but the end of the script or of a fiber.
    pub(crate) fn is_exit(&self) -> bool {
        // SAFETY: it is an exception that we hold.
        is_exit(unsafe { &*self.exception })
    }

    /// Has it go on its way. One that has come meanwhile goes instead and has it as the previous one; the end of the
    /// script makes it vanish.
    pub(crate) fn put_back(self) {
        let Some(newer) = put_aside() else { return self.raise() };
        if newer.is_exit() {
            release(self.exception);
        } else {
            // SAFETY: both are exceptions that we hold, and the older one is given to the newer.
            unsafe { zend_exception_set_previous(newer.exception, self.exception) };
        }
        // The caller's frame was told where to go on by the older one.
        Aside { exception: newer.exception, before: self.before }.raise();
    }

    fn raise(self) {
        // SAFETY: every thread that runs PHP has globals.
        let globals = unsafe { ext_php_rs_executor_globals() };
        // SAFETY: as above, and nobody else has a reference to them now.
        let globals = unsafe { &mut *globals };
        globals.exception = self.exception;
        globals.opline_before_exception = self.before;
    }
}

fn release(exception: *mut zend_object) {
    let mut value = ManuallyDrop::new(Zval::new());
    value.value.obj = exception;
    value.u1.type_info = IS_OBJECT_EX;
    drop(ManuallyDrop::into_inner(value));
}
