//! PHP's streams, such as `fopen` gives.

use std::ffi::{c_char, c_void};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::null;

use ext_php_rs::types::Zval;

const AS_DESCRIPTOR: i32 = 1;

// Exported by the engine for extensions, with these signatures from PHP 8.1 to 8.4.
unsafe extern "C" {
    fn php_file_le_stream() -> i32;
    fn php_file_le_pstream() -> i32;
    fn zend_fetch_resource2_ex(value: *mut Zval, name: *const c_char, first: i32, second: i32)
    -> *mut c_void;
    fn _php_stream_cast(stream: *mut c_void, kind: i32, result: *mut *mut c_void, warn: i32) -> i32;
}

/// A descriptor of one's own for what a stream writes to; `None` if it is no open stream, or one without a descriptor.
#[must_use]
pub fn stream_descriptor(stream: &Zval) -> Option<OwnedFd> {
    let value = std::ptr::from_ref(stream).cast_mut();
    // SAFETY: both take nothing and give the numbers of two kinds of resources.
    let (first, second) = (unsafe { php_file_le_stream() }, unsafe { php_file_le_pstream() });
    stream.resource()?;
    // SAFETY: it only looks, and without a name it doesn't complain.
    let stream = unsafe { zend_fetch_resource2_ex(value, null(), first, second) };
    if stream.is_null() {
        return None;
    }
    let mut descriptor: *mut c_void = std::ptr::null_mut();
    // SAFETY: it is a stream, and there is room for a pointer, of which it fills the first bytes with a descriptor.
    if unsafe { _php_stream_cast(stream, AS_DESCRIPTOR, &raw mut descriptor, 0) } != 0 {
        return None;
    }
    let descriptor = i32::try_from(descriptor.addr() & 0xffff_ffff).ok()?;
    // SAFETY: it takes and gives a number.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0) };
    // SAFETY: the copy was made for us.
    (copy >= 0).then(|| unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Another descriptor for one that this process was started with; none if it isn't open.
#[must_use]
pub fn inherited(number: i32) -> Option<OwnedFd> {
    if number < 0 {
        return None;
    }
    // SAFETY: it is not negative, and if it isn't open, the only use made of it says so.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    borrowed.try_clone_to_owned().ok()
}
