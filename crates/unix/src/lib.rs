//! Processes, and what processes of one machine say to each other.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`process`] | fork, waiting for children, orphans |
//! | [`pool`] | at most N children at a time, each with one task and one result |
//! | [`daemon`] | going into the background, with a pid file that tells who is there |
//! | [`signals`], [`timers`] | signals and timers as values that arrive in a loop |
//! | [`BootTime`] | a clock that goes on while the machine is suspended |
//! | [`frame`], [`fifo`] | bytes between processes |
//! | [`sysv`] | System V semaphores, message queues and shared memory |
//! | [`php`] | PHP's `serialize()`, and the layouts of its System V functions |
//!
//! Nothing here starts a thread, keeps a lock across a fork or needs a runtime, so all of it may be used by programs that
//! fork, and from within an interpreter that does. `unsafe` is found in `sys`, and where a promise about threads is passed on to
//! it. Linux only.

mod clock;
pub mod daemon;
pub mod fifo;
pub mod frame;
pub mod limits;
pub mod php;
mod poll;
pub mod pool;
pub mod process;
pub mod signals;
mod sys;
pub mod sysv;
pub mod timers;

pub use clock::BootTime;
pub use poll::{all_is_read, readable, wait_readable};
/// The identity of a process, and the name of a signal, as the crate `rustix` has them.
pub use rustix::process::{Pid, Signal};
