//! Signals as values that arrive in a loop. There are no handlers, so nothing ever runs in the middle of something else.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::poll::{Deadline, readable};
use crate::sys::signals::{RECORD_BYTES, SignalSet, block, descriptor, record, set_mask, unblock};

/// A signal that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Which one.
    pub signal: Signal,
    /// The process that sent it, or the child that has ended with SIGCHLD; `None` if the system itself sent it, or a
    /// process outside of this pid namespace.
    pub sender: Option<Pid>,
    /// The user of that process.
    pub user: u32,
}

/// Some signals, held back from their usual effect and delivered here instead.
///
/// Open it before any thread is started: only threads that are started later hold the signals back, too. Programs that
/// are started afterwards inherit that they are held back; see [`hold_none_back`]. Several signals of the same kind may
/// arrive as one. As a descriptor it is readable when a signal is there. In a child after a fork it delivers the child's
/// signals.
///
/// # Example
///
/// ```no_run
/// use trellis_unix::{Signal, signals::Signals};
///
/// let signals = Signals::open(&[Signal::TERM, Signal::CHILD])?;
/// while let Some(arrival) = signals.wait(None)? {
///     match arrival.signal {
///         Signal::CHILD => while trellis_unix::process::reap()?.is_some() {},
///         _ => break,
///     }
/// }
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Signals {
    descriptor: OwnedFd,
    signals: Vec<Signal>,
    /// Those that were not held back before.
    added: Vec<Signal>,
}

impl Signals {
    /// Begins to hold these signals back in the calling thread. SIGKILL and SIGSTOP can't be.
    ///
    /// # Errors
    ///
    /// There are too many open files.
    pub fn open(signals: &[Signal]) -> io::Result<Signals> {
        let set = SignalSet::of(signals);
        let descriptor = descriptor(&set)?;
        let before = block(&set)?;
        let added = signals.iter().copied().filter(|signal| !before.contains(*signal)).collect();
        Ok(Signals { descriptor, signals: signals.to_vec(), added })
    }

    /// The next signal, if one is there.
    ///
    /// # Errors
    ///
    /// None that are known; what the system says.
    pub fn next_now(&self) -> io::Result<Option<Arrival>> {
        let mut bytes = [0; RECORD_BYTES];
        loop {
            match rustix::io::read(&self.descriptor, &mut bytes) {
                Ok(_) => {
                    let record = record(&bytes);
                    let number = i32::try_from(record.ssi_signo).ok();
                    let arrived = |signal: &&Signal| Some(signal.as_raw()) == number;
                    let Some(signal) = self.signals.iter().find(arrived) else { continue };
                    let sender = i32::try_from(record.ssi_pid).ok().and_then(Pid::from_raw);
                    return Ok(Some(Arrival { signal: *signal, sender, user: record.ssi_uid }));
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for a signal, at most so long; `None` after the time-out.
    ///
    /// # Errors
    ///
    /// None that are known; what the system says.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<Option<Arrival>> {
        let deadline = Deadline::after(timeout);
        loop {
            if let Some(arrival) = self.next_now()? {
                return Ok(Some(arrival));
            }
            // What is readable may be taken by another thread before it is taken here.
            if !readable(self.as_fd(), deadline.left())? {
                return Ok(None);
            }
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Signals {
    /// Lets the signals have their usual effect again; those that wait have it at once, so take them before.
    fn drop(&mut self) {
        // It can't fail for a valid set.
        let _ = unblock(&SignalSet::of(&self.added));
    }
}

/// Lets all signals have their effect in the calling thread. For a child before it becomes another program, which would
/// otherwise hold back what its parent takes from a descriptor.
///
/// # Errors
///
/// None that are known; what the system says.
pub fn hold_none_back() -> io::Result<()> {
    set_mask(&SignalSet::of(&[]))
}

/// The name of a signal's number, as `SIGTERM`; for a number without one, `signal 42`.
///
/// # Example
///
/// ```
/// assert_eq!(trellis_unix::signals::signal_name(15), "SIGTERM");
/// ```
pub fn signal_name(number: i32) -> String {
    let known = NAMES.iter().find(|(signal, _)| signal.as_raw() == number);
    known.map_or_else(|| format!("signal {number}"), |(_, name)| format!("SIG{name}"))
}

/// The signal of this name, with or without `SIG`, in any case, or of this number.
///
/// # Example
///
/// ```
/// use trellis_unix::{Signal, signals::signal_named};
///
/// assert_eq!(signal_named("SIGTERM"), Some(Signal::TERM));
/// assert_eq!(signal_named("hup"), Some(Signal::HUP));
/// assert_eq!(signal_named("9"), Some(Signal::KILL));
/// assert_eq!(signal_named("SIGNAL"), None);
/// ```
pub fn signal_named(name: &str) -> Option<Signal> {
    if let Ok(number) = name.parse() {
        return Signal::from_named_raw(number);
    }
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    NAMES.iter().find(|(_, known)| *known == name).map(|(signal, _)| *signal)
}

const NAMES: &[(Signal, &str)] = &[
    (Signal::HUP, "HUP"),
    (Signal::INT, "INT"),
    (Signal::QUIT, "QUIT"),
    (Signal::ILL, "ILL"),
    (Signal::TRAP, "TRAP"),
    (Signal::ABORT, "ABRT"),
    (Signal::BUS, "BUS"),
    (Signal::FPE, "FPE"),
    (Signal::KILL, "KILL"),
    (Signal::USR1, "USR1"),
    (Signal::SEGV, "SEGV"),
    (Signal::USR2, "USR2"),
    (Signal::PIPE, "PIPE"),
    (Signal::ALARM, "ALRM"),
    (Signal::TERM, "TERM"),
    (Signal::CHILD, "CHLD"),
    (Signal::CONT, "CONT"),
    (Signal::STOP, "STOP"),
    (Signal::TSTP, "TSTP"),
    (Signal::TTIN, "TTIN"),
    (Signal::TTOU, "TTOU"),
    (Signal::URG, "URG"),
    (Signal::XCPU, "XCPU"),
    (Signal::XFSZ, "XFSZ"),
    (Signal::VTALARM, "VTALRM"),
    (Signal::PROF, "PROF"),
    (Signal::WINCH, "WINCH"),
    (Signal::IO, "IO"),
    (Signal::SYS, "SYS"),
];
