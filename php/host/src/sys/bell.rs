//! What the doorbell is made of: a descriptor, the engine's interrupt, and the table by which modules find the same one.

use std::ffi::c_void;
use std::io;
use std::mem;
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd};
use std::panic::AssertUnwindSafe;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Duration;

use ext_php_rs::ffi::{zend_execute_data, zend_interrupt_function};
use ext_php_rs::zend::run_handler;

use super::exception::beside_exception;
use super::interrupt;

pub(crate) type Deliver = extern "C" fn() -> bool;

/// A doorbell's functions, for modules that were built by themselves. A doorbell with others needs another name.
#[repr(C)]
pub(crate) struct Shared {
    /// The descriptor of this process; negative if there is none.
    pub(crate) descriptor: extern "C" fn() -> i32,
    pub(crate) attach: extern "C" fn(Deliver),
    pub(crate) dispatch: extern "C" fn(),
    pub(crate) reset: extern "C" fn(),
    /// The descriptor on which a wait is to wait, too; negative for none.
    pub(crate) awaited: extern "C" fn() -> i32,
}

/// The name under which a module offers its doorbell.
const NAME: &std::ffi::CStr = c"trellis_php_doorbell_1";

// SAFETY: the name is nobody else's.
#[unsafe(export_name = "trellis_php_doorbell_1")]
extern "C" fn ours() -> &'static Shared {
    &crate::doorbell::OURS
}

/// The doorbell of the module that was loaded first.
pub(crate) fn shared() -> &'static Shared {
    static FOUND: OnceLock<&'static Shared> = OnceLock::new();
    FOUND.get_or_init(|| {
        let found = symbol(NAME);
        if found.is_null() {
            return ours();
        }
        // SAFETY: whoever has this name has it for such a function.
        let found = unsafe { mem::transmute::<*mut c_void, extern "C" fn() -> &'static Shared>(found) };
        found()
    })
}

/// A descriptor to write to, and the engine's flag to raise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bell {
    descriptor: i32,
    interrupt: &'static AtomicBool,
}

/// The bell of this thread's engine with this descriptor.
pub(crate) fn with(descriptor: i32) -> io::Result<Bell> {
    if descriptor < 0 {
        return Err(io::Error::other("the system has no descriptor left"));
    }
    Ok(Bell { descriptor, interrupt: interrupt::flag() })
}

impl Bell {
    pub(crate) fn ring(self) {
        self.interrupt.store(true, Ordering::SeqCst);
        let one = 1_u64.to_ne_bytes();
        // SAFETY: the bytes are there. That the counter is full, the only thing that can go wrong, is as good as another.
        unsafe { libc::write(self.descriptor, one.as_ptr().cast(), one.len()) };
    }
}

/// Whether it has rung and nobody has forgotten that.
pub(crate) fn has_rung(descriptor: i32) -> bool {
    matches!(wait(descriptor, Duration::ZERO), Awoken::Bell)
}

/// Rings.
pub(crate) fn ring(descriptor: i32) {
    if let Ok(bell) = with(descriptor) {
        bell.ring();
    }
}

/// A new descriptor; `None` if the system has none left.
pub(crate) fn open() -> Option<OwnedFd> {
    // SAFETY: it takes numbers only.
    let descriptor = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
    // SAFETY: it was made for us.
    (descriptor >= 0).then(|| unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// A descriptor of `open` for who calls the system with it at once.
pub(crate) fn borrow(descriptor: i32) -> Option<BorrowedFd<'static>> {
    // SAFETY: it is open, and is only closed with its thread, or when a child of a fork makes its own.
    (descriptor >= 0).then(|| unsafe { BorrowedFd::borrow_raw(descriptor) })
}

/// Forgets that it has rung.
pub(crate) fn silence(descriptor: i32) {
    let mut count = [0; 8];
    // SAFETY: there is room for the count. It never blocks.
    unsafe { libc::read(descriptor, count.as_mut_ptr().cast(), count.len()) };
}

/// What has ended a wait.
pub(crate) enum Awoken {
    TimeUp,
    Bell,
    Signal,
}

/// Waits until it rings, for as long as this.
pub(crate) fn wait(descriptor: i32, time: Duration) -> Awoken {
    let time = libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    };
    let mut awaited = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: one descriptor and a time are given, and the mask of signals stays as it is.
    match unsafe { libc::ppoll(&raw mut awaited, 1, &raw const time, null()) } {
        0 => Awoken::TimeUp,
        1 => Awoken::Bell,
        _ => Awoken::Signal,
    }
}

type Hook = unsafe extern "C" fn(*mut zend_execute_data);

/// Who was called at an interrupt before us; null for nobody.
static BEFORE: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// Has interrupts of the engine dispatched, and then handled by whoever did before.
pub(crate) fn chain_interrupts() {
    // SAFETY: no code of PHP's runs yet, so nobody else looks at it.
    let before = unsafe { zend_interrupt_function };
    let ours: Hook = interrupted;
    // It is ours already if the engine has started again in the same process and kept it.
    if before.is_some_and(|before| before as usize == ours as usize) {
        return;
    }
    BEFORE.store(before.map_or(null_mut(), |before| before as *mut ()), Ordering::Release);
    // SAFETY: as above.
    unsafe { zend_interrupt_function = Some(ours) };
}

/// The engine asks also where an exception is under way: before it is caught, and from PHP 8.4 on when a function has thrown.
/// It would not ask again after it, and calls no handler of a signal meanwhile. So the exception waits.
unsafe extern "C" fn interrupted(frame: *mut zend_execute_data) {
    beside_exception(|| run_handler(AssertUnwindSafe(crate::doorbell::dispatch)));
    // SAFETY: a null pointer is the `None` of a function, and others are only stored where the hook is set.
    let before = unsafe { mem::transmute::<*mut (), Option<Hook>>(BEFORE.load(Ordering::Acquire)) };
    if let Some(before) = before {
        // SAFETY: it gets what the engine has given us.
        beside_exception(|| unsafe { before(frame) });
    }
}

/// A symbol that the program or one of its modules offers. PHP loads modules so that each finds its own symbols first; the
/// program's own view has them in the order in which they were loaded.
pub(crate) fn symbol(name: &std::ffi::CStr) -> *mut c_void {
    // SAFETY: it opens the program itself, which is open already.
    let program = unsafe { libc::dlopen(null(), libc::RTLD_LAZY) };
    if program.is_null() {
        return null_mut();
    }
    // SAFETY: both are valid.
    unsafe { libc::dlsym(program, name.as_ptr()) }
}
