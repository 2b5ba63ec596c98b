//! Fork, children, orphans, and programs that are started.
//!
//! # What is safe after a fork
//!
//! The child is a copy with a single thread: the one that forked. Memory is as it was, so a lock that another thread held
//! stays locked for ever, the allocator's own among them. Therefore [`fork`] counts the threads and refuses if there are
//! others. [`fork_with_threads`] leaves that to the caller's word, and is `unsafe` for it.
//!
//! With one thread the child may do anything. It should know, though, what it shares with its parent:
//!
//! - descriptors: a position in a file, and a connection in whose middle nobody expects a second voice;
//! - what waits in buffers and would be written twice (Rust's own standard output is flushed before the fork);
//! - locks on open files by `flock` and `F_OFD_SETLK`, which it holds, too (a daemon's pid file is closed in it);
//! - not: locks on files by `F_SETLK`, timers by `alarm`, undo values of semaphores, pending signals;
//! - its signal mask and handlers are copies, its [signals](crate::signals) and [timers](crate::timers) are descriptors.
//!
//! Children that are made by [`spawn`] end without destructors, without the parent's exit handlers and with a mask that
//! holds no signal back.
//!
//! # Zombies
//!
//! A child that has ended waits for its parent to ask, for as long as it takes; so it does not matter whether it ended
//! before anyone looked. [`Child`] names the process by a descriptor, which can't come to mean another one, and one that
//! is dropped before it has ended is looked after when the next one is made or dropped.

mod child;
mod fork;
mod orphans;
mod own;
mod peer;
mod program;
mod threads;

pub use child::{Child, Status, WaitError};
pub(crate) use fork::end;
pub use fork::{Fork, ForkError, fork, fork_with_threads, spawn, spawn_detached};
pub use orphans::{adopt_orphans, die_with_parent, reap};
pub(crate) use own::OwnFile;
pub use peer::Peer;
pub use program::{Conditions, Identity, start};
pub use threads::threads;
