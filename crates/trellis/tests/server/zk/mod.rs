//! ZooKeeper's protocol over sockets: what its clients see of sessions, watches, bad input and load.

mod client;
mod many;
mod pulse;
mod sessions;
mod watches;
mod wire;
mod words;
mod zoo_cfg;
