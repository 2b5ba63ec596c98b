//! A client of beanstalkd's protocol, for trellis and for beanstalkd: producers, workers, and everything between.
//!
//! | for | take |
//! |---|---|
//! | one server, or one cluster | [`blocking::Client`], `tokio::Client` |
//! | putting jobs into one of several servers | [`blocking::Producer`], `tokio::Producer` |
//! | doing jobs of one or several servers | [`blocking::Worker`], `tokio::Worker` |
//! | several servers in no fixed order | [`blocking::Pool`] |
//! | a driver of your own | [`Machine`] |
//!
//! Both kinds are thin loops around [`Machine`], which does no I/O. A client connects when it has to, again with
//! back-off when the connection is lost, and makes the new connection like the old one: the same tubes are used and
//! watched. Requests whose repetition does no harm are repeated; a put, a delete or another change is never
//! repeated, and is [`Error::Unknown`] if the connection died before its reply.
//!
//! The blocking half has no threads and no runtime, and survives a fork. The tokio half is behind the feature
//! `tokio`.

#![deny(missing_docs)]

mod address;
mod answer;
pub mod blocking;
mod error;
mod job;
mod keep_alive;
pub mod limits;
mod machine;
mod methods;
mod placed;
mod producer;
mod settings;
mod spread;
mod statistics;
#[cfg(feature = "tokio")]
pub mod tokio;
mod verdict;

pub use address::{Address, AddressError, PORT_DEFAULT};
pub use answer::Answer;
pub use error::Error;
pub use job::{Inserted, Job, PutOptions};
pub use machine::{Machine, Ticket};
pub use placed::Placed;
pub use settings::Settings;
pub use statistics::Statistics;
pub use verdict::{Retry, Verdict};

/// The protocol's requests and replies, for [`blocking::Client::call`] and the like.
pub use trellis_tube_codec as codec;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
