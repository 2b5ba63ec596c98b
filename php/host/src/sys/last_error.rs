//! What PHP keeps of the last error.

use ext_php_rs::zend::ProcessGlobals;

/// Errors, compile errors, those of the core and those that scripts raise, recoverable ones too: what ends a script.
const FATAL: i32 = 1 | 4 | 16 | 64 | 256 | 4096;

/// What PHP has said about the last error, if that was a fatal one. It calls no PHP code, for which there may be no memory.
#[must_use]
pub fn fatal_error() -> Option<String> {
    let globals = ProcessGlobals::get();
    if globals.last_error_type & FATAL == 0 {
        return None;
    }
    // SAFETY: it is null or a string, which stays until there is another error.
    let message = unsafe { globals.last_error_message.as_ref() }?;
    Some(String::from_utf8_lossy(message.as_bytes()).into_owned())
}
