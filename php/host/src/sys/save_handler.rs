//! Where PHP keeps its sessions (`session.save_handler`): a handler of ours among those that it knows.

use std::ffi::{CStr, c_char, c_void};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::ffi::zend_string;
use ext_php_rs::types::ZendStr;

use super::bell::symbol;

/// A place for PHP's sessions, of which there is one in a thread. PHP warns by itself when something returns `None` or
/// `false`.
pub trait SaveHandler: 'static {
    /// Its name in php.ini.
    const NAME: &'static CStr;

    /// A request is about to use sessions, at this place.
    fn open(place: &str) -> bool;
    /// It has done so.
    fn close();
    /// The session's data, empty for a new one.
    fn read(key: &str, lifetime_s: i64) -> Option<Vec<u8>>;
    /// Keeps the session's data.
    fn write(key: &str, data: &[u8]) -> bool;
    /// There is to be no such session any more.
    fn destroy(key: &str) -> bool;
    /// Removes sessions that are older; how many there were.
    fn collect(lifetime_s: i64) -> Option<i64>;
    /// Whether there is such a session.
    fn exists(key: &str) -> bool;
}

/// Offers the handler to PHP; in a module's start-up. `false` if PHP has no sessions.
pub fn offer<H: SaveHandler>() -> bool {
    let register = symbol(c"php_session_register_module");
    let create = symbol(c"php_session_create_id");
    if register.is_null() || create.is_null() {
        return false;
    }
    // SAFETY: it is the module `session`'s function, which has this signature from PHP 8.1 to 8.4.
    let register = unsafe { mem::transmute::<*mut c_void, extern "C" fn(*const Module) -> i32>(register) };
    CREATE.store(create, Ordering::Release);
    // PHP keeps the table as long as the process lives.
    register(table::<H>()) == 0
}

/// PHP's own function that draws a session's name.
static CREATE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

const fn table<H: SaveHandler>() -> &'static Module {
    const {
        &Module {
            name: H::NAME.as_ptr(),
            open: open::<H>,
            close: close::<H>,
            read: read::<H>,
            write: write::<H>,
            destroy: destroy::<H>,
            collect: collect::<H>,
            create: create_name,
            exists: exists::<H>,
            touch: write::<H>,
        }
    }
}

type Data = *mut *mut c_void;
type Key = *mut zend_string;
type CreateId = unsafe extern "C" fn(Data) -> Key;

/// The engine's table of a handler's functions.
#[repr(C)]
struct Module {
    name: *const c_char,
    open: unsafe extern "C" fn(Data, *const c_char, *const c_char) -> i32,
    close: unsafe extern "C" fn(Data) -> i32,
    read: unsafe extern "C" fn(Data, Key, *mut Key, i64) -> i32,
    write: unsafe extern "C" fn(Data, Key, Key, i64) -> i32,
    destroy: unsafe extern "C" fn(Data, Key) -> i32,
    collect: unsafe extern "C" fn(Data, i64, *mut i64) -> i64,
    create: CreateId,
    exists: unsafe extern "C" fn(Data, Key) -> i32,
    touch: unsafe extern "C" fn(Data, Key, Key, i64) -> i32,
}

/// What the engine takes for success and failure.
fn outcome(done: bool) -> i32 {
    if done { 0 } else { -1 }
}

/// Calls the handler; a panic is a failure.
fn guard<T>(call: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok().flatten()
}

/// The engine's text, for as long as its caller holds it.
///
/// # Safety
///
/// The text must be valid for `'a`.
unsafe fn bytes<'a>(text: Key) -> &'a [u8] {
    // SAFETY: the engine has given it for the length of a call.
    unsafe { text.cast::<ZendStr>().as_ref() }.map_or(&[], |text| text.as_bytes())
}

/// A session's name, which is plain text unless somebody has sent another.
///
/// # Safety
///
/// As of [`bytes`].
unsafe fn name<'a>(key: Key) -> Option<&'a str> {
    // SAFETY: as the caller says.
    str::from_utf8(unsafe { bytes(key) }).ok().filter(|name| !name.is_empty())
}

unsafe extern "C" fn open<H: SaveHandler>(data: Data, place: *const c_char, _name: *const c_char) -> i32 {
    // PHP takes a handler without data for one that isn't open.
    // SAFETY: it is the place for a pointer of ours, which nobody follows.
    unsafe { *data = data.cast() };
    // SAFETY: it is a text of the engine's.
    let place = unsafe { CStr::from_ptr(place) };
    let done = guard(|| place.to_str().ok().map(H::open));
    outcome(done == Some(true))
}

unsafe extern "C" fn create_name(data: Data) -> Key {
    // SAFETY: it was stored before PHP knew of the table, and is the module `session`'s function with this signature.
    let create = unsafe { mem::transmute::<*mut c_void, CreateId>(CREATE.load(Ordering::Acquire)) };
    // SAFETY: it gets what PHP has given us.
    unsafe { create(data) }
}

unsafe extern "C" fn close<H: SaveHandler>(data: Data) -> i32 {
    // SAFETY: it is the place for a pointer of ours.
    unsafe { *data = null_mut() };
    let closed = guard(|| {
        H::close();
        Some(())
    });
    outcome(closed.is_some())
}

unsafe extern "C" fn read<H: SaveHandler>(_: Data, key: Key, value: *mut Key, lifetime_s: i64) -> i32 {
    // SAFETY: the engine has given it for the length of this call.
    let key = unsafe { name(key) };
    let Some(data) = guard(|| H::read(key?, lifetime_s)) else { return -1 };
    let text = ZendStr::new(data, false);
    // SAFETY: it is the place for the text, which the engine frees.
    unsafe { *value = text.into_raw() };
    0
}

unsafe extern "C" fn write<H: SaveHandler>(_: Data, key: Key, value: Key, _lifetime_s: i64) -> i32 {
    // SAFETY: the engine has given it for the length of this call.
    let key = unsafe { name(key) };
    // SAFETY: as above.
    let value = unsafe { bytes(value) };
    outcome(guard(|| Some(H::write(key?, value))) == Some(true))
}

unsafe extern "C" fn destroy<H: SaveHandler>(_: Data, key: Key) -> i32 {
    // SAFETY: the engine has given it for the length of this call.
    let key = unsafe { name(key) };
    outcome(guard(|| Some(H::destroy(key?))) == Some(true))
}

unsafe extern "C" fn collect<H: SaveHandler>(_: Data, lifetime_s: i64, count: *mut i64) -> i64 {
    let removed = guard(|| H::collect(lifetime_s)).unwrap_or(-1);
    // SAFETY: it is the place for the number.
    unsafe { *count = removed };
    removed
}

unsafe extern "C" fn exists<H: SaveHandler>(_: Data, key: Key) -> i32 {
    // SAFETY: the engine has given it for the length of this call.
    let key = unsafe { name(key) };
    outcome(guard(|| Some(H::exists(key?))) == Some(true))
}
