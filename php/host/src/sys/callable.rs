//! Calls of PHP from our own accord, as when an event has come.

use std::ptr::{from_ref, null_mut};

use ext_php_rs::error::Error;
use ext_php_rs::ffi::_call_user_function_impl;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::ExecutorGlobals;

use crate::Throw;

/// Calls what can be called. Nothing is put on Rust's heap: a fatal error in PHP jumps past all of this, and only what is
/// the engine's own would be freed.
///
/// # Errors
///
/// If an exception is under way after it, or if it can't be called any more.
pub fn call<const N: usize>(callable: &Zval, mut arguments: [Zval; N]) -> Result<Zval, Throw> {
    let mut result = Zval::new();
    let count = u32::try_from(N).unwrap_or(u32::MAX);
    let callable = from_ref(callable).cast_mut();
    // SAFETY: all values are valid and stay so: whoever called us holds the callable.
    let outcome = unsafe {
        _call_user_function_impl(
            null_mut(),
            callable,
            &raw mut result,
            count,
            arguments.as_mut_ptr(),
            null_mut(),
        )
    };
    if ExecutorGlobals::has_exception() {
        Err(Throw::Pending)
    } else if outcome < 0 {
        Err(Error::Callable.into())
    } else {
        Ok(result)
    }
}
