//! ZooKeeper's protocol as bytes: frames and the jute records in them, to and from their wire form, for servers
//! and clients.
//!
//! This crate keeps no state and does no I/O. The records are those of `zookeeper.jute` (3.4 to 3.9); where the
//! definition leaves something open, the real server (3.8) decides.
//!
//! | who | reads | writes |
//! |---|---|---|
//! | both | [`take_frame`] | |
//! | a server | [`FourLetterWord::detect`], [`ConnectRequest::decode`], [`Request::decode`] | [`ConnectResponse::encode`], [`Reply::encode`], [`Event::encode`] |
//! | a client | [`ConnectResponse::decode`], [`ReplyHeader::decode`], [`Reply::decode`], [`Event::decode`] | [`ConnectRequest::encode`], [`Request::encode`] |
//!
//! Strings and bytes are borrowed, and lists are validated once and then read where they lie ([`List`]): decoding
//! allocates nothing. What a path may look like, and what an operation means, is not decided here.
//!
//! It differs from the real server where that one's strings show through: Java puts replacement characters where
//! bytes aren't UTF-8 and goes on, and here such a request is refused ([`RequestError::BadArgument`]). No path
//! can have these characters, so what clients see is almost always the same.

#![deny(missing_docs)]

mod acl;
mod connect;
mod error_code;
mod event;
mod four_letter_word;
mod frame;
mod jute;
pub mod limits;
mod list;
mod multi;
mod numbered;
mod numbers;
mod reply;
mod request;
mod stat;
pub mod xid;

pub use acl::{Acl, ClientInfo, permissions};
pub use connect::{ConnectError, ConnectRequest, ConnectResponse};
pub use error_code::ErrorCode;
pub use event::Event;
pub use four_letter_word::FourLetterWord;
pub use frame::{FrameError, frame_bytes_wanted, take_frame};
pub use list::{Items, List};
pub use multi::{Operation, OperationResult, ReadOperation};
pub use numbers::{AddWatchMode, CreateMode, EventKind, KeeperState, Op, WatcherKind};
pub use reply::{ChildrenEncoder, Reply, ReplyError, ReplyHeader, ResultsEncoder, encode_children};
pub use request::{Create, Request, RequestError};
pub use stat::Stat;
