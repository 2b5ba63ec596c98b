//! The calls on System V semaphores.

use std::io;
use std::time::Duration;

use libc::{c_int, key_t, sembuf, size_t, timespec};

use super::checked;

// The C library has it, the crate libc doesn't.
unsafe extern "C" {
    fn semtimedop(id: c_int, operations: *mut sembuf, count: size_t, timeout: *const timespec) -> c_int;
}

/// The id of a set with so many semaphores; the flags say whether it is made.
pub(crate) fn get(key: key_t, count: c_int, flags: c_int) -> io::Result<c_int> {
    // SAFETY: it takes and returns numbers only.
    checked(unsafe { libc::semget(key, count, flags) })
}

/// Does all operations at once, when all are possible; `EAGAIN` after the time-out.
pub(crate) fn operate(id: c_int, operations: &mut [sembuf], timeout: Option<Duration>) -> io::Result<()> {
    let count = operations.len();
    let operations = operations.as_mut_ptr();
    let outcome = match timeout {
        // SAFETY: there are `count` operations.
        None => unsafe { libc::semop(id, operations, count) },
        Some(timeout) => {
            let seconds = timeout.as_secs().try_into().unwrap_or(i64::MAX);
            let timeout = timespec { tv_sec: seconds, tv_nsec: timeout.subsec_nanos().into() };
            // SAFETY: there are `count` operations, and the time-out is only read.
            unsafe { semtimedop(id, operations, count, &raw const timeout) }
        }
    };
    checked(outcome).map(drop)
}

/// Asks a question about one semaphore that is answered by a number.
pub(crate) fn ask(id: c_int, number: c_int, question: c_int) -> io::Result<c_int> {
    // SAFETY: the questions that take no fourth argument ignore that there is none.
    checked(unsafe { libc::semctl(id, number, question) })
}

/// Sets one semaphore, which forgets what would be undone of it.
pub(crate) fn set(id: c_int, number: c_int, value: c_int) -> io::Result<()> {
    // SAFETY: SETVAL takes an int as its fourth argument.
    checked(unsafe { libc::semctl(id, number, libc::SETVAL, value) }).map(drop)
}

/// Removes the set.
pub(crate) fn remove(id: c_int) -> io::Result<()> {
    // SAFETY: IPC_RMID takes no fourth argument.
    checked(unsafe { libc::semctl(id, 0, libc::IPC_RMID) }).map(drop)
}
