//! What is asked of the servers. Each workload checks the replies that it gets: a fast wrong answer is no
//! answer.

mod cycle;
mod script;
mod tubes;
mod waiters;

pub(crate) use cycle::Cycle;
pub(crate) use script::Script;
pub(crate) use tubes::Tubes;
pub(crate) use waiters::{AwaitWaiting, Waiters};
