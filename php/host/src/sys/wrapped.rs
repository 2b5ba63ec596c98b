//! PHP functions of the engine's in whose place ours are called.

use std::mem;
use std::panic::AssertUnwindSafe;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::convert::IntoZval;
use ext_php_rs::ffi::{
    ext_php_rs_compiler_globals, zend_execute_data, zend_function, zend_hash_str_find_ptr_lc,
};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ExecuteData, run_handler};

use super::arguments;

type Handler = unsafe extern "C" fn(*mut zend_execute_data, *mut Zval);

/// Where the engine's function is remembered. It is another one when the engine has started again in the same process.
pub(crate) struct Original(AtomicPtr<()>);

impl Original {
    pub(crate) const fn new() -> Original {
        Original(AtomicPtr::new(null_mut()))
    }

    fn remember(&self, handler: Handler) {
        self.0.store(handler as *mut (), Ordering::Release);
    }

    fn handler(&self) -> Option<Handler> {
        // SAFETY: a null pointer is the `None` of a function, and others are only stored by `remember`.
        unsafe { mem::transmute::<*mut (), Option<Handler>>(self.0.load(Ordering::Acquire)) }
    }
}

/// A function that is called in the place of another. [`replaces!`] says of which; it is all but `run`.
pub(crate) trait Wrapper: 'static {
    /// The function's name, in lower case.
    const NAME: &'static str;

    /// A `static` of its own.
    fn original() -> &'static Original;

    /// Does what the function is to do.
    fn run(invocation: &mut Invocation<'_>);
}

/// The name of the function that a [`Wrapper`] replaces, and where that is remembered.
macro_rules! replaces {
    ($name:literal) => {
        const NAME: &'static str = $name;

        fn original() -> &'static $crate::sys::wrapped::Original {
            static ORIGINAL: $crate::sys::wrapped::Original = $crate::sys::wrapped::Original::new();
            &ORIGINAL
        }
    };
}
pub(crate) use replaces;

/// A call of a wrapped function.
pub(crate) struct Invocation<'a> {
    frame: &'a mut ExecuteData,
    result: &'a mut Zval,
    original: Handler,
}

impl Invocation<'_> {
    /// The argument at `index`, converted to its declared type.
    pub(crate) fn argument(&self, index: usize) -> Option<&Zval> {
        arguments::value(self.frame, index)
    }

    /// Returns a value to the caller.
    pub(crate) fn answer(&mut self, value: impl IntoZval) {
        // What can't be a value leaves null.
        let _ = value.set_zval(self.result, false);
    }

    /// Has the engine's function do it, and return its own value.
    pub(crate) fn call_original(&mut self) {
        let original = self.original;
        // SAFETY: it is the engine's handler of the function that was called with this frame and this place for a result.
        unsafe { original(self.frame, self.result) };
    }
}

/// Puts a function in the place of the engine's, if there is one: it may have been disabled, or be of a module that isn't
/// loaded. In a module's start-up.
pub(crate) fn replace<W: Wrapper>() {
    // SAFETY: every thread that runs PHP has globals.
    let globals = unsafe { ext_php_rs_compiler_globals() };
    // SAFETY: as above.
    let table = unsafe { (*globals).function_table };
    if table.is_null() {
        return;
    }
    // SAFETY: it is the table of all functions, and the name is valid for its length.
    let function = unsafe { zend_hash_str_find_ptr_lc(table, W::NAME.as_ptr().cast(), W::NAME.len()) };
    // SAFETY: the table holds functions, which live as long as the engine.
    let Some(function) = (unsafe { function.cast::<zend_function>().as_mut() }) else { return };
    // SAFETY: at this time all functions are internal ones.
    let function = unsafe { &mut function.internal_function };
    let ours: Handler = enter::<W>;
    if let Some(handler) = function.handler.filter(|handler| *handler as usize != ours as usize) {
        W::original().remember(handler);
        function.handler = Some(ours);
    }
}

unsafe extern "C" fn enter<W: Wrapper>(frame: *mut zend_execute_data, result: *mut Zval) {
    run_handler(AssertUnwindSafe(|| {
        // SAFETY: the engine calls it with a frame that is its own.
        let frame = unsafe { &mut *frame };
        // SAFETY: as above, with the place for the result.
        let result = unsafe { &mut *result };
        let Some(original) = W::original().handler() else { return };
        if arguments::check(frame) {
            W::run(&mut Invocation { frame, result, original });
        }
    }));
}
