//! beanstalkd's protocol as bytes: requests and replies, to and from their wire form, for servers and clients.
//!
//! This crate keeps no state but the decoder's own, and does no I/O. The rules are those of beanstalkd's
//! `doc/protocol.txt` (1.13), and of the real server where the text is vague.
//!
//! | who | reads | writes |
//! |---|---|---|
//! | a server | [`Decoder::decode`] | [`Reply::encode`], and [`yaml`] for statistics and lists |
//! | a client | [`Reply::decode`], and [`yaml`] for statistics and lists | [`Request::encode`] |
//!
//! It differs from the real server where that one's read buffer shows through: a line of exactly 225 bytes
//! doesn't swallow the line after it, and a lone CR is a byte like any other. And a put is known, and counted,
//! only when its body is there.

#![deny(missing_docs)]

mod decoder;
pub mod limits;
mod line;
mod number;
mod reply;
mod reply_decoder;
mod request;
mod tube_name;
pub mod yaml;

pub use decoder::{Decoded, Decoder, Rejection};
pub use reply::Reply;
pub use reply_decoder::ReplyError;
pub use request::{Op, Request};
pub use tube_name::is_tube_name;
