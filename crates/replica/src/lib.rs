//! Agreement: commands go in, and come out of the state machine in the same order on every node, after they are
//! safe. One node is a cluster with one voter.
//!
//! ```text
//! connection ─ submit ─▶ batch ─▶ engine ─▶ openraft ─▶ log_store ─▶ wal
//!                                              │ committed
//!                                              ▼
//! connection ◀─ Deliver ◀─ state machine ◀─ machine
//!                               ▲
//! connection ─ answer_zk ───────┘ questions of connections with nothing under way
//! ```
//!
//! This crate is the only one that names openraft, and its type parameters are bound in `types.rs` alone.

mod applied;
mod batch;
mod cache;
mod clock;
mod engine;
mod fault;
mod format;
mod gauge;
mod limits;
mod log_store;
mod machine;
mod network;
mod replica;
mod settings;
mod snapshot;
#[cfg(test)]
mod suite_tests;
mod syncing;
mod types;
mod unlogged;
mod zk;

pub use applied::Deliver;
pub use gauge::{LogFacts, LogGauge};
pub use replica::{Replica, StartError};
pub use settings::{Durability, Settings};
