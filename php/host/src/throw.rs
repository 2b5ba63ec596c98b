//! How a function ends with an exception. It must not replace one that is already under way.

use ext_php_rs::error::Error;
use ext_php_rs::exception::PhpException;

/// Why a function has no result.
#[derive(Debug)]
pub enum Throw {
    /// PHP has an exception under way already: code that was called threw it, or ended the script by `exit`. The function
    /// returns as soon as it can, and PHP goes on from there.
    Pending,
    /// An exception to be thrown.
    New(PhpException),
}

impl Throw {
    /// Hands the exception to PHP; for what isn't called by PHP, such as the delivery of an event.
    pub fn raise(self) {
        match self {
            Throw::Pending => {}
            Throw::New(exception) => exception.throw(),
        }
    }
}

impl From<PhpException> for Throw {
    fn from(exception: PhpException) -> Throw {
        Throw::New(exception)
    }
}

impl From<Error> for Throw {
    fn from(error: Error) -> Throw {
        match error {
            Error::ExceptionPending { .. } => Throw::Pending,
            other => Throw::New(other.into()),
        }
    }
}
