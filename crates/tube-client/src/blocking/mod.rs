//! The driver for programs without a runtime: no threads, no signals, nothing that a fork would break.

mod client;
mod close_watch;
mod pool;
mod producer;
mod reserving;
mod socket;
mod stop;
mod worker;

pub use client::Client;
pub use pool::Pool;
pub use producer::Producer;
pub use reserving::Reserving;
pub use stop::{Stop, Stopper};
pub use worker::{Running, Worker};
