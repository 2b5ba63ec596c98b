//! PHP's settings, from php.ini or `ini_set`.

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    fn zend_ini_long(name: *const c_char, length: usize, original: i32) -> i64;
}

/// A setting that is a number; 0 if it is none, or if there is no such setting.
#[must_use]
pub fn setting(name: &CStr) -> i64 {
    // SAFETY: the name is valid for its length.
    unsafe { zend_ini_long(name.as_ptr(), name.count_bytes(), 0) }
}
