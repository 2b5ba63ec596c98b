//! beanstalkd's protocol: the only place that knows its codec.

mod client;
mod facts;
mod outbox;
mod translate;

pub(crate) use client::Client;
pub(crate) use facts::Facts;
pub(crate) use outbox::TubeReplies;

use trellis_tube_codec::Reply;

/// Appends the answer to a client whose connection is one too many.
pub(crate) fn refuse(out: &mut Vec<u8>) {
    Reply::OutOfMemory.encode(out);
}

/// The answer to a client whose request can't be completed any more.
pub(crate) const LAST_WORDS: &[u8] = b"INTERNAL_ERROR\r\n";
