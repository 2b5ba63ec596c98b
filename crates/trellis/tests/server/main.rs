//! Runs the binary and talks to it over sockets: what its users and operators see, and nothing of its inside.

mod bytes;
mod client;
mod crash;
mod damage;
mod disk;
mod faults;
mod file_size;
mod limits;
mod messages;
mod operate;
mod rights;
mod server;
mod tube_client;
mod unread;
mod zk;
