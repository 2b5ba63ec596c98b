//! PHP's streams, such as `fopen` gives, and which files a script may open.

use std::ffi::{CStr, CString, c_char, c_void};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::{null, null_mut};

use ext_php_rs::PHP_DEBUG;
use ext_php_rs::types::Zval;

const AS_DESCRIPTOR: i32 = 1;
const REPORT_ERRORS: i32 = 8;
const CLOSE: i32 = 3;

// Exported by the engine for extensions, with these signatures from PHP 8.1 to 8.4.
unsafe extern "C" {
    fn php_file_le_stream() -> i32;
    fn php_file_le_pstream() -> i32;
    fn zend_fetch_resource2_ex(value: *mut Zval, name: *const c_char, first: i32, second: i32)
    -> *mut c_void;
    fn _php_stream_cast(stream: *mut c_void, kind: i32, result: *mut *mut c_void, warn: i32) -> i32;
    fn _php_stream_open_wrapper_ex(
        path: *const c_char,
        mode: *const c_char,
        options: i32,
        opened: *mut *mut c_void,
        context: *mut c_void,
    ) -> *mut c_void;
    #[link_name = "_php_stream_open_wrapper_ex"]
    #[allow(clashing_extern_declarations, reason = "a PHP for debugging has it with more arguments")]
    fn open_wrapper_for_debugging(
        path: *const c_char,
        mode: *const c_char,
        options: i32,
        opened: *mut *mut c_void,
        context: *mut c_void,
        depth: i32,
        file: *const c_char,
        line: u32,
        original_file: *const c_char,
        original_line: u32,
    ) -> *mut c_void;
    fn _php_stream_free(stream: *mut c_void, options: i32) -> i32;
    fn php_check_open_basedir_ex(path: *const c_char, warn: i32) -> i32;
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
    // SAFETY: it is a stream.
    unsafe { descriptor(stream, false) }
}

/// A descriptor for appending to what PHP's streams know under this name: a file that `open_basedir` allows, `php://stderr`, ...
/// PHP warns of it by itself when there is none.
#[must_use]
pub fn open_to_append(name: &CStr) -> Option<OwnedFd> {
    let (name, mode) = (name.as_ptr(), c"a".as_ptr());
    let (opened, context) = (null_mut(), null_mut());
    let stream = if PHP_DEBUG {
        let here = concat!(file!(), "\0").as_ptr().cast();
        // SAFETY: as below, and it gets the place of this call in a text, which it keeps with the stream.
        unsafe {
            open_wrapper_for_debugging(
                name,
                mode,
                REPORT_ERRORS,
                opened,
                context,
                0,
                here,
                line!(),
                here,
                line!(),
            )
        }
    } else {
        // SAFETY: it gets two texts, and neither wants to be told the path nor has a context.
        unsafe { _php_stream_open_wrapper_ex(name, mode, REPORT_ERRORS, opened, context) }
    };
    if stream.is_null() {
        return None;
    }
    // SAFETY: it is a stream.
    let descriptor = unsafe { descriptor(stream, true) };
    // SAFETY: it was opened for us, and nobody uses it after that.
    unsafe { _php_stream_free(stream, CLOSE) };
    descriptor
}

/// Whether `open_basedir` lets the script at this file.
#[must_use]
pub fn is_path_allowed(path: &str) -> bool {
    // There is no file with a NUL in its name.
    // SAFETY: it gets a text, which it only looks at.
    CString::new(path).is_ok_and(|path| unsafe { php_check_open_basedir_ex(path.as_ptr(), 0) } == 0)
}

/// A descriptor of one's own for what a stream writes to, if it has one.
///
/// # Safety
///
/// It must be an open stream.
unsafe fn descriptor(stream: *mut c_void, warn: bool) -> Option<OwnedFd> {
    let mut descriptor: *mut c_void = null_mut();
    // SAFETY: it is a stream, and there is room for a pointer, of which it fills the first bytes with a descriptor.
    if unsafe { _php_stream_cast(stream, AS_DESCRIPTOR, &raw mut descriptor, warn.into()) } != 0 {
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
