//! beanstalkd's protocol as bytes: requests and replies, to and from their wire form, for servers and clients.
//!
//! This crate keeps no state but the decoder's own, and does no I/O. The rules are those of beanstalkd's
//! `doc/protocol.txt` (1.13), and of the real server where the text is vague.

mod request;

pub use request::{Op, Request};
