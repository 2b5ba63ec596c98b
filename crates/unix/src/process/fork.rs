//! Making processes. What becomes of them is [`Child`]'s business.

use std::io::{self, PipeWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::Pid;
use thiserror::Error;

use super::child::{self, Child};
use super::own;
use super::threads::settled;
use crate::signals;
use crate::sys;

/// On which side of a fork one is.
#[must_use = "what follows runs in both processes unless one looks at it"]
#[derive(Debug)]
pub enum Fork {
    /// This is the process that was there before.
    Parent(Child),
    /// This is the new process.
    Child,
}

/// Why there is no new process.
#[derive(Debug, Error)]
pub enum ForkError {
    /// The process has other threads, which a fork would leave behind in the middle of what they do.
    #[error(
        "this process has {threads} threads, and a fork would copy one of them only: fork before starting threads"
    )]
    Threads {
        /// How many there are, the caller's included.
        threads: usize,
    },
    /// The system has refused: too many processes, too many open files, or too little memory.
    #[error("cannot make a process: {0}")]
    System(#[from] io::Error),
}

/// The code with which a child ends that has panicked, as a program's main function does.
const PANICKED: i32 = 101;

/// Forks, if this process has no other threads. See [the module](super) for what the child may do.
///
/// # Errors
///
/// [`ForkError::Threads`] if there are other threads, [`ForkError::System`] if the system refuses.
///
/// # Example
///
/// ```no_run
/// use trellis_unix::process::{Fork, fork};
///
/// match fork()? {
///     Fork::Child => std::process::exit(3),
///     Fork::Parent(mut child) => assert_eq!(child.wait()?.code(), Some(3)),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fork() -> Result<Fork, ForkError> {
    match settled()? {
        1 => begin(
            #[allow(unsafe_code, reason = "the promise that it asks for was just checked")]
            // SAFETY: there are no other threads, and only this one could start some.
            || unsafe { sys::fork::fork() },
        ),
        threads => Err(ForkError::Threads { threads }),
    }
}

/// Forks whether or not there are other threads.
///
/// # Safety
///
/// If there are, the child may use nothing that one of them may have held at that moment: no lock, no allocation unless
/// the C library's allocator is used (it is prepared for a fork), no library that knows nothing of it. Whoever has
/// registered handlers by `pthread_atfork` for all that its other threads touch may call this. The locks of Rust's
/// standard output and standard error are looked after; those that a panic takes besides, to tell where it was, are not.
///
/// # Errors
///
/// [`ForkError::System`] if the system refuses.
#[allow(unsafe_code, reason = "the caller's promise is passed on")]
pub unsafe fn fork_with_threads() -> Result<Fork, ForkError> {
    // SAFETY: the caller promises just that.
    begin(|| unsafe { sys::fork::fork() })
}

/// What has to happen around every fork.
fn begin(system_fork: impl FnOnce() -> io::Result<Option<Pid>>) -> Result<Fork, ForkError> {
    child::reap_abandoned();
    // This thread has the locks when it forks, so in the child they are the child's, too, and never those of a thread which
    // is not there. What waits there would be printed by both processes. If it can't be printed now, it can't be later.
    let (mut output, errors) = (io::stdout().lock(), io::stderr().lock());
    let _ = output.flush();
    // A place for the child's handle is kept free, so that there is one once the child is there.
    let place = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).map_err(io::Error::from)?;
    let forked = system_fork()?;
    drop((place, output, errors));
    match forked {
        None => {
            own::close_copies();
            Ok(Fork::Child)
        }
        Some(pid) => Ok(Fork::Parent(Child::of_new(pid)?)),
    }
}

/// Runs `work` in a new process, which ends with the code that it returns, or with 101 if it panics.
///
/// The child holds no signals back, and ends without the destructors and exit handlers of its parent.
///
/// # Errors
///
/// As of [`fork`].
///
/// # Example
///
/// ```no_run
/// let mut child = trellis_unix::process::spawn(|| 7)?;
/// assert_eq!(child.wait()?.code(), Some(7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn spawn(work: impl FnOnce() -> u8) -> Result<Child, ForkError> {
    match fork()? {
        Fork::Parent(child) => Ok(child),
        Fork::Child => end(work),
    }
}

/// Runs `work` in a process that is nobody's child but init's, or that of the nearest process that
/// [adopts orphans](super::adopt_orphans). Nobody has to wait for it, and nobody is told how it ends.
///
/// This is the double fork: a process between the two ends at once and is waited for here.
///
/// # Errors
///
/// As of [`fork`], for either of the two forks.
pub fn spawn_detached(work: impl FnOnce() -> u8) -> Result<Pid, ForkError> {
    let (mut answer, question) = io::pipe()?;
    let mut middle = match fork()? {
        Fork::Parent(child) => child,
        Fork::Child => {
            drop(answer);
            middle_of_two(question, work)
        }
    };
    drop(question);
    let mut pid = [0; 4];
    let told = answer.read_exact(&mut pid);
    // It has nothing else to do than to end.
    let ended = middle.wait().map_err(io::Error::other)?;
    match (told, Pid::from_raw(i32::from_be_bytes(pid))) {
        (Ok(()), Some(pid)) => Ok(pid),
        _ => Err(ForkError::System(io::Error::other(format!("the second fork has failed ({ended})")))),
    }
}

/// Tells the pid of the second child and ends.
fn middle_of_two(mut question: PipeWriter, work: impl FnOnce() -> u8) -> ! {
    match fork() {
        Ok(Fork::Child) => {
            drop(question);
            end(work)
        }
        Ok(Fork::Parent(child)) => {
            let told = question.write_all(&child.pid().as_raw_nonzero().get().to_be_bytes());
            sys::fork::exit_now(i32::from(told.is_err()))
        }
        Err(_) => sys::fork::exit_now(1),
    }
}

/// The life of a child that was made for some work: runs it and ends with the code that it returns.
pub(crate) fn end(work: impl FnOnce() -> u8) -> ! {
    // A signal that the parent takes from a descriptor would never reach the child.
    let _ = signals::hold_none_back();
    let code = catch_unwind(AssertUnwindSafe(work)).map_or(PANICKED, i32::from);
    sys::fork::exit_now(code)
}
