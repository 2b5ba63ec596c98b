//! The driver for programs that run on tokio. A future of it that is dropped leaves no job behind: what it has
//! reserved, or was about to, goes back to the server.

mod alarm;
mod client;
mod lane;
mod producer;
mod server;
mod socket;
mod worker;

pub use client::Client;
pub use lane::{Aside, Lane};
pub use producer::Producer;
pub use worker::Worker;
