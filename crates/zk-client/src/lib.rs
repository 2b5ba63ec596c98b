//! A client of ZooKeeper's protocol: sessions, typed operations, watches and recipes. This file only names the parts.

#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod error;
pub mod limits;
pub mod machine;
pub mod path;
mod servers;
mod settings;
mod state;

pub use self::error::{Attempt, ConnectError, Error, Loss};
pub use self::machine::{Answer, WatchEvent};
pub use self::servers::{Server, Servers, ServersError};
pub use self::settings::{Identity, SessionKey, Settings};
pub use self::state::State;
