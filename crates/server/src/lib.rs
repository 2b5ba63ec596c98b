//! The listeners of trellis, and one server from its start to its stop.
//!
//! A connection's bytes become requests (its codec), requests become commands (`translate`), commands go to the
//! replica, and what the state machine gives out comes back as bytes through the outbox. Only `tube/` knows
//! beanstalkd's protocol. Everything runs on one thread; what could block it is elsewhere.

mod connection;
mod connections;
mod limits;
mod listen;
mod outgoing;
mod outlet;
mod reminder;
mod server;
mod settings;
mod socket;
mod tube;
mod usage;
mod zk;

pub use listen::ListenError;
pub use server::{Protocol, Server, StartError};
pub use settings::{Address, Settings};
pub use zk::Settings as ZkSettings;
