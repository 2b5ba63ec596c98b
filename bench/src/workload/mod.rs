//! What is asked of the servers. Each workload checks the replies that it gets: a fast wrong answer is no
//! answer.

mod cycle;
mod random;
mod ready;
mod script;
pub(crate) mod sessions;
mod tubes;
mod waiters;
mod znodes;

pub(crate) use cycle::Cycle;
pub(crate) use ready::AllReady;
pub(crate) use script::Script;
pub(crate) use tubes::Tubes;
pub(crate) use waiters::{AwaitWaiting, Waiters};
pub(crate) use znodes::{Operation, ZNODES_MAX, Znodes};

/// The bytes of a job's body and of a znode's data in almost every workload.
pub(crate) const BODY_BYTES: usize = 128;
/// The body of jobs that need no mark of their own, and the data of znodes.
pub(crate) const BODY: &[u8; BODY_BYTES] = &[b'x'; BODY_BYTES];
/// The body of jobs, and the data of znodes, that are to make a log grow.
pub(crate) const LARGE_BODY: &[u8; 1024] = &[b'x'; 1024];
