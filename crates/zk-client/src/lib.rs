//! A client of ZooKeeper's protocol: sessions, typed operations, watches and recipes. This file only names the parts.
//!
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod client;
mod driver;
mod error;
pub mod limits;
pub mod machine;
pub mod path;
pub mod recipe;
mod servers;
mod settings;
mod state;
mod values;
mod wakers;
mod watch;

pub use trellis_zk_codec::{
    Acl, AddWatchMode, CreateMode, ErrorCode, EventKind, Operation, ReadOperation, Reply, Request, Stat,
    WatcherKind, permissions,
};

pub use self::client::{Call, Client, Creation, Data, Happening, Held, Listener, Listing, WatchedCall};
#[cfg(feature = "thread")]
pub use self::driver::blocking;
#[cfg(feature = "tokio")]
pub use self::driver::tokio;
pub use self::error::{Attempt, ConnectError, Error, Loss};
pub use self::machine::{Answer, WatchEvent};
pub use self::servers::{Server, Servers, ServersError};
pub use self::settings::{Identity, SessionKey, Settings};
pub use self::state::State;
pub use self::values::{AclEntry, ClientIdentity, Done};
pub use self::watch::{NextNotice, NextState, Notice, OnNotice, States, Watch};
