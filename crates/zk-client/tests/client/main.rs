//! Both drivers against a server that only knows its script.

mod dribble;
mod fake;
#[cfg(feature = "thread")]
mod recipes;
#[cfg(feature = "thread")]
mod thread;
#[cfg(feature = "tokio")]
mod tokio;
