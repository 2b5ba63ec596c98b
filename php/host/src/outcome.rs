//! What has become of a call of PHP code, for who doesn't simply pass an exception on.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::types::{ZendObject, Zval};
use ext_php_rs::zend::ExecutorGlobals;

use crate::sys::exception::is_exit;
use crate::{Throw, string, sys};

/// What has become of a call.
pub enum Outcome {
    /// It has returned.
    Value(Zval),
    /// It has thrown this, which is under way no longer.
    Thrown(ZBox<ZendObject>),
    /// It has ended the script, by `exit`. That is still under way.
    Exit,
}

/// What has become of a call that has returned this.
///
/// # Errors
///
/// If it couldn't be called at all.
pub fn outcome(called: Result<Zval, Throw>) -> Result<Outcome, Throw> {
    match called {
        Ok(value) => Ok(Outcome::Value(value)),
        Err(Throw::Pending) => {
            // The globals are locked as long as they are looked at, so not in what follows.
            let exits = ExecutorGlobals::get().exception().is_none_or(is_exit);
            let thrown = if exits { None } else { ExecutorGlobals::take_exception() };
            Ok(thrown.map_or(Outcome::Exit, Outcome::Thrown))
        }
        Err(other) => Err(other),
    }
}

/// Calls a function of PHP's by its name.
///
/// # Errors
///
/// What it throws; or if there is no such function.
pub fn call_function<const N: usize>(name: &str, arguments: [Zval; N]) -> Result<Zval, Throw> {
    sys::callable::call(&string(name), arguments)
}

/// Whether PHP has a function of that name: it may have been disabled, or be of a module that isn't loaded.
#[must_use]
pub fn has_function(name: &str) -> bool {
    ext_php_rs::zend::Function::try_from_function(name).is_some()
}
