//! The calling thread's signal mask, and a descriptor that delivers what the mask holds back.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr;

use rustix::process::Signal;

/// A set of signals.
#[derive(Clone, Copy)]
pub(crate) struct SignalSet(libc::sigset_t);

impl SignalSet {
    /// The set with these signals.
    pub(crate) fn of(signals: &[Signal]) -> SignalSet {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigemptyset fills in the set that it is given.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        // SAFETY: it is filled in.
        let mut set = unsafe { set.assume_init() };
        for signal in signals {
            // SAFETY: the set is a valid one; a number that is no signal is refused by the call.
            unsafe { libc::sigaddset(&raw mut set, signal.as_raw()) };
        }
        SignalSet(set)
    }

    /// Whether the signal is in the set.
    pub(crate) fn contains(&self, signal: Signal) -> bool {
        // SAFETY: the set is a valid one.
        unsafe { libc::sigismember(&raw const self.0, signal.as_raw()) == 1 }
    }
}

/// Holds these signals back in the calling thread, besides what is held back already; returns what was before.
pub(crate) fn block(signals: &SignalSet) -> io::Result<SignalSet> {
    change(libc::SIG_BLOCK, signals)
}

/// Lets these signals have their effect in the calling thread.
pub(crate) fn unblock(signals: &SignalSet) -> io::Result<()> {
    change(libc::SIG_UNBLOCK, signals).map(drop)
}

/// Makes these signals the ones that the calling thread holds back.
pub(crate) fn set_mask(signals: &SignalSet) -> io::Result<()> {
    change(libc::SIG_SETMASK, signals).map(drop)
}

fn change(how: libc::c_int, signals: &SignalSet) -> io::Result<SignalSet> {
    let mut before = SignalSet::of(&[]);
    // SAFETY: both sets are valid, and only the second is written to.
    match unsafe { libc::pthread_sigmask(how, &raw const signals.0, &raw mut before.0) } {
        0 => Ok(before),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// A descriptor from which these signals are read, without waiting, and which programs that are started don't get.
pub(crate) fn descriptor(signals: &SignalSet) -> io::Result<OwnedFd> {
    // SAFETY: the set is a valid one; -1 asks for a new descriptor.
    let fd = unsafe { libc::signalfd(-1, &raw const signals.0, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) };
    if fd == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// How many bytes one signal has when it is read.
pub(crate) const RECORD_BYTES: usize = size_of::<libc::signalfd_siginfo>();

/// The bytes of a signal as what they mean.
pub(crate) fn record(bytes: &[u8; RECORD_BYTES]) -> libc::signalfd_siginfo {
    // SAFETY: the structure consists of integers only, so any bytes are a valid one, and there are enough of them.
    unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) }
}
