//! Exceptions that wait until something else has been called, as the engine does it around destructors.

use std::mem::ManuallyDrop;
use std::ptr::{self, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use ext_php_rs::ffi::{
    IS_OBJECT_EX, ZEND_INTERNAL_FUNCTION, ext_php_rs_executor_globals, std_object_handlers,
    zend_execute_data, zend_object, zend_object_handlers, zend_object_std_dtor, zend_op,
};
use ext_php_rs::types::{ZendObject, Zval};

use super::interrupt;

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
    /// The frame that runs has been told to go on with it. Otherwise it is there already, at the `catch`.
    is_told: bool,
}

/// Does something while the exception that is under way waits. Where that is the end of the script or of a fiber, it does
/// nothing, and the engine is interrupted again after that.
pub(crate) fn beside_exception(act: impl FnOnce()) {
    match put_aside() {
        Some(end) if end.is_exit() => {
            end.interrupt_after();
            end.put_back();
        }
        None => act(),
        Some(waiting) => {
            act();
            waiting.put_back();
        }
    }
}

/// Puts the exception aside that is under way; `None` if there is none.
pub(crate) fn put_aside() -> Option<Aside> {
    // SAFETY: every thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_executor_globals() };
    // SAFETY: as above, and nobody else has a reference to them now.
    let globals = unsafe { &mut *globals };
    if globals.exception.is_null() {
        return None;
    }
    let next = next(globals.current_execute_data);
    let is_told = next.is_none_or(|next| next.opcode == globals.exception_op[0].opcode);
    let exception = std::mem::replace(&mut globals.exception, null_mut());
    Some(Aside { exception, before: globals.opline_before_exception, is_told })
}

/// What a frame does next, if it is one of PHP code.
fn next<'a>(frame: *const zend_execute_data) -> Option<&'a zend_op> {
    // SAFETY: it is null or the frame that runs.
    let frame = unsafe { frame.as_ref() }?;
    // SAFETY: a frame's function stays with it.
    let function = unsafe { frame.func.as_ref() }?;
    // SAFETY: all functions begin with their type.
    let kind = unsafe { function.type_ };
    if u32::from(kind) == ZEND_INTERNAL_FUNCTION {
        return None;
    }
    // SAFETY: frames of code have one.
    unsafe { frame.opline.as_ref() }
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

    /// Has the engine interrupted when this has come to its end, where what it is made of is given back. As long as it is
    /// under way, the engine would only ask again at once, and for ever.
    fn interrupt_after(&self) {
        static HANDLERS: OnceLock<zend_object_handlers> = OnceLock::new();
        let handlers = HANDLERS.get_or_init(|| {
            // SAFETY: the engine never changes them, and they are plain pointers and numbers.
            let standard = unsafe { ptr::read(&raw const std_object_handlers) };
            zend_object_handlers { free_obj: Some(interrupt_and_free), ..standard }
        });
        // SAFETY: it is an object of the engine's with the standard handlers, which no script gets, that we hold. The
        // others live as long as the module, so longer than the request.
        unsafe { (*self.exception).handlers = handlers };
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
        // The frame leaves from where the exception has come that it was told of: what it leaves there is given back only once.
        let before = if self.is_told { self.before } else { newer.before };
        Aside { exception: newer.exception, before, is_told: true }.raise();
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

/// Gives back what the end of a script or of a fiber was made of.
unsafe extern "C" fn interrupt_and_free(end: *mut zend_object) {
    interrupt::flag().store(true, Ordering::SeqCst);
    // SAFETY: this is what the standard handlers have in the place of this function.
    unsafe { zend_object_std_dtor(end) };
}

fn release(exception: *mut zend_object) {
    let mut value = ManuallyDrop::new(Zval::new());
    value.value.obj = exception;
    value.u1.type_info = IS_OBJECT_EX;
    drop(ManuallyDrop::into_inner(value));
}
