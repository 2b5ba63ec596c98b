//! A batch of commands as bytes: what connections write into, the log keeps, and every node applies.
//!
//! ```text
//! header   version u8 = 3, flags u8, node u16, batch u64, at u64
//! command  operation u8, connection u64, then the operation's fields
//! ```
//!
//! All numbers are little-endian. A tube's name stands behind one byte of length, everything else whose length varies
//! behind four. The header's `node` and `batch` name the batch to the node that made it, which keeps the queries that
//! belong between its commands; `at` is the leader's time. The flag `DURABLE` says that a command in it acknowledges
//! something that a crash must not undo.
//!
//! Version 2 added the operations of ZooKeeper's protocol, and version 3 their refusal within a multi; otherwise
//! versions 1 and 2 are the same, and read as such.

mod tube;
mod zk;

use trellis_core::{Command, ConnectionId, NodeId, Time};

use super::{FormatError, Reader};

pub(crate) use tube::encode_tube;
pub(crate) use zk::{EXPIRE_SESSION_BYTES, encode_zk};

const VERSION_OLDEST: u8 = 1;
const VERSION: u8 = 3;
pub(crate) const HEADER_BYTES: usize = 20;
/// An operation and its connection.
pub(crate) const COMMAND_HEAD_BYTES: usize = 9;
const AT_OFFSET: usize = 12;
const FLAGS_OFFSET: usize = 1;
const DURABLE: u8 = 1;

/// The front of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) durable: bool,
    pub(crate) node: NodeId,
    pub(crate) batch: u64,
    pub(crate) at: Time,
}

impl Header {
    /// Writes the header of an empty batch; [`seal`] completes it.
    pub(crate) fn begin(node: NodeId, batch: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, 0]);
        out.extend_from_slice(&node.to_le_bytes());
        out.extend_from_slice(&batch.to_le_bytes());
        out.extend_from_slice(&0_u64.to_le_bytes());
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Header, FormatError> {
        reader.expect_version(VERSION_OLDEST..=VERSION)?;
        let durable = reader.u8()? & DURABLE != 0;
        Ok(Header { durable, node: reader.u16()?, batch: reader.u64()?, at: Time(reader.u64()?) })
    }
}

/// Completes the header once it is known when the batch is proposed and what it acknowledges.
pub(crate) fn seal(batch: &mut [u8], at: Time, durable: bool) {
    batch[AT_OFFSET..HEADER_BYTES].copy_from_slice(&at.0.to_le_bytes());
    batch[FLAGS_OFFSET] = if durable { DURABLE } else { 0 };
}

/// Whether the batch must be on disk before its replies leave. Bytes that can't be read must be.
pub(crate) fn is_durable(batch: &[u8]) -> bool {
    batch.get(FLAGS_OFFSET).is_none_or(|flags| flags & DURABLE != 0)
}

/// The operations of the node itself.
const CLOSE_NODE: u8 = 1;

/// Appends `CloseNode`; its connection field holds the node's number alone.
pub(crate) fn encode_close_node(node: NodeId, out: &mut Vec<u8>) {
    head(CLOSE_NODE, ConnectionId::new(node, 0), out);
}

fn head(code: u8, connection: ConnectionId, out: &mut Vec<u8>) {
    let mut head = [code; COMMAND_HEAD_BYTES];
    head[1..].copy_from_slice(&connection.to_bits().to_le_bytes());
    out.extend_from_slice(&head);
}

/// Tube names were checked to be at most 200 bytes long.
pub(crate) fn name(tube: &str, out: &mut Vec<u8>) {
    debug_assert!(tube.len() <= 200, "a tube's name of {} bytes", tube.len());
    out.push(u8::try_from(tube.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(&tube.as_bytes()[..tube.len().min(usize::from(u8::MAX))]);
}

/// Bytes behind their length. What clients may send at once is bounded far below 4 GiB.
fn long_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&length(bytes.len()).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("more than the largest possible limit")
}

/// Takes the next command off a batch behind its header.
pub(crate) fn decode<'a>(reader: &mut Reader<'a>) -> Result<Command<'a>, FormatError> {
    let code = reader.u8()?;
    let connection = ConnectionId::from_bits(reader.u64()?);
    match code {
        CLOSE_NODE => Ok(Command::CloseNode { node: connection.node() }),
        tube::FIRST..=tube::LAST => Ok(Command::Tube { connection, command: tube::decode(code, reader)? }),
        _ => Ok(Command::Zk { connection, command: zk::decode(code, reader)? }),
    }
}

#[cfg(test)]
mod tests;
