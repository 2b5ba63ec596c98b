//! ZooKeeper's protocol: the only place that knows its codec.

mod addresses;
mod auth;
mod client;
mod hub;
mod listing;
mod patience;
mod peer;
mod replies;
mod sessions;
mod settings;
mod statistics;
mod translate;
mod unfinished;
mod watches;
mod words;

pub(crate) use client::Client;
pub(crate) use hub::Hub;
pub(crate) use replies::ZkReplies;
pub(crate) use sessions::look_after;
pub use settings::Settings;
