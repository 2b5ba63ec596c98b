//! Threads beside PHP's. None of them calls PHP.

use std::io;
use std::mem::MaybeUninit;
use std::thread::{Builder, JoinHandle};

/// Starts a thread that gets no signals: they are for PHP's thread, whose waits they are to end.
///
/// # Errors
///
/// If the system has no thread for it.
// What checks the memory of a forked child knows by this name that it was given to a thread which the child has not.
#[inline(never)]
pub fn quiet_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: there is room for a set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // A new thread has the mask of the one that makes it, so there is no moment in which it could get a signal.
    // SAFETY: the set is filled, and there is room for another one. It can't fail with these arguments.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let thread = Builder::new().name(name.to_owned()).spawn(work);
    // SAFETY: the set was filled by the call before.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    thread
}
