//! What the engine calls for one of our functions.

use std::panic::AssertUnwindSafe;
use std::ptr::NonNull;

use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ExecuteData, run_handler};

use super::arguments;
use crate::{Call, Throw};

/// A function for the engine that checks the arguments, calls `body` and passes on its result or exception.
pub(crate) fn builder<F, R>(name: &str, _body: F) -> FunctionBuilder<'static>
where
    F: Fn(&mut Call<'_>) -> Result<R, Throw> + Copy + 'static,
    R: IntoZval,
{
    const { assert!(size_of::<F>() == 0, "the function must capture nothing") };
    FunctionBuilder::new(name, enter::<F, R>)
}

extern "C" fn enter<F, R>(frame: &mut ExecuteData, result: &mut Zval)
where
    F: Fn(&mut Call<'_>) -> Result<R, Throw> + Copy + 'static,
    R: IntoZval,
{
    // It also stops a panic, and a jump past us after a fatal error, so that what was left to clean up is.
    run_handler(AssertUnwindSafe(|| {
        if !arguments::check(frame) {
            return;
        }
        // SAFETY: the type has no bytes, which `builder` made sure of, so there is one wherever we say; and `builder` was
        // given one, so it may exist.
        let body: &F = unsafe { NonNull::dangling().as_ref() };
        let outcome = body(&mut Call::new(frame)).and_then(|value| Ok(value.set_zval(result, false)?));
        if let Err(throw) = outcome {
            throw.raise();
        }
    }));
}
