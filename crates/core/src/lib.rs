//! The deterministic state machine of trellis: what is true, and what happens next.
//!
//! There is one way in, [`State::apply`], which takes the time and a [`Command`], and one way out, the
//! [`Outbox`], which receives every consequence in the order in which it was produced. The same commands at
//! the same times give the same state and the same outbox on every node and after every restart.
//!
//! What it does is told best by the scripts in `testdata`; `tests/it/script/mod.rs` explains their language.
//!
//! This crate knows no protocol, no consensus, no clock, no randomness and no I/O, and it never iterates a
//! hash map.

mod check;
mod command;
mod directory;
mod heap;
pub mod limits;
mod restore;
mod slab;
pub mod snapshot;
mod state;
mod time;
pub mod tube;
mod walk;
pub mod zk;

pub use command::{Command, ConnectionId, NodeId, Outbox};
pub use restore::{Restore, RestoreError};
pub use state::State;
pub use time::Time;
