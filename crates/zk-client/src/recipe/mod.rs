//! Recipes: what applications build of znodes, written once for all drivers. Nodes are laid out as by kazoo, so that
//! programs in Python can take part.
//!
//! All of them keep to the same rules. They go on over a lost connection, and find again what they had created when the
//! answer was lost. Whoever waits can stop waiting at any time by dropping the future; what it has created is removed
//! then. What is held by a value (a lock, a lease, a membership) is given back when the value is dropped, without anybody
//! waiting for it; its `release` or `leave` waits. All of it ends with the session, so watch [`Holding::lost`].
//!
//! A recipe's path is one below the [chroot](crate::Servers::chroot), as all of a client's. What is missing of it is
//! created, but for the chroot itself. These are the nodes that a recipe at `PATH` uses, for access control, and since an
//! error names the one that the server has refused:
//!
//! | Recipe | Nodes |
//! |---|---|
//! | [`Lock`], [`Election`], [`ReadWriteLock`] | `PATH/<unique>__lock__<number>`, of readers `PATH/<unique>__rlock__<number>` |
//! | [`Semaphore`] | `PATH` with the limit, `PATH/<unique>`, and the lock `PATH-__lock__` of those who wait |
//! | [`Group`] | `PATH/<unique>__party__`, of a shallow one `PATH/<unique>-<identifier>` |
//! | [`Barrier`], [`Counter`] | `PATH` |
//! | [`DoubleBarrier`] | `PATH/<unique>`, and `PATH/ready` |
//! | [`Queue`] | `PATH/entry-<priority>-<number>` |
//! | [`LockingQueue`] | `PATH/entries/entry-<priority>-<number>`, and `PATH/taken/<the same name>` |
//! | [`Cache`] | `PATH` and all below it, which it only reads |
//!
//! `patience` is how long to wait; `None` is for ever.

mod barrier;
mod cache;
mod counter;
mod double_barrier;
mod election;
mod group;
mod holding;
mod lock;
mod locking_queue;
mod names;
mod patience;
mod queue;
mod read_write_lock;
mod semaphore;

pub use self::barrier::Barrier;
pub use self::cache::Cache;
pub use self::counter::{Counter, CounterError};
pub use self::double_barrier::DoubleBarrier;
pub use self::election::Election;
pub use self::group::Group;
pub use self::holding::{Holding, Standing};
pub use self::lock::Lock;
pub use self::locking_queue::{Entry, LockingQueue};
pub use self::queue::Queue;
pub use self::read_write_lock::ReadWriteLock;
pub use self::semaphore::{Semaphore, SemaphoreError};
