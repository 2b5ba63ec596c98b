//! Splitting a process in two, and ending one without its destructors.

use std::io::{self, Write};

use rustix::process::Pid;

/// Forks; the parent gets the child's pid and the child `None`.
///
/// # Safety
///
/// If the process has more than one thread, the child may use nothing that another one may have held at that moment:
/// locks, the allocator's among them, stay locked in it for ever.
pub(crate) unsafe fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: fork itself has no preconditions; what the child may do is the caller's promise.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// Ends the process at once: no destructors, no exit handlers, nothing that the parent had in its buffers is written
/// again. Only what was printed with Rust's own macros is written out.
pub(crate) fn exit_now(code: i32) -> ! {
    // There is nobody left to tell if it fails.
    let _ = io::stdout().flush();
    // SAFETY: _exit may be called at any time.
    unsafe { libc::_exit(code) }
}
