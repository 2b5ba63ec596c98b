//! A batch of commands as bytes: what connections write into, the log keeps, and every node applies.
//!
//! ```text
//! header   version u8 = 1, flags u8, node u16, batch u64, at u64
//! command  operation u8, connection u64, then the operation's fields
//! ```
//!
//! All numbers are little-endian. A tube's name stands behind one byte of length, a body behind four. The header's
//! `node` and `batch` name the batch to the node that made it, which keeps the queries that belong between its
//! commands; `at` is the leader's time. The flag `DURABLE` says that a command in it acknowledges something that
//! a crash must not undo.

use trellis_core::{Command, ConnectionId, NodeId, Time, tube};

use super::{FormatError, Reader};

const VERSION: u8 = 1;
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
        reader.expect_version(VERSION)?;
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

mod operation {
    pub(super) const CLOSE_NODE: u8 = 1;
    pub(super) const OPEN: u8 = 16;
    pub(super) const CLOSE: u8 = 17;
    pub(super) const HALF_CLOSE: u8 = 18;
    pub(super) const PUT: u8 = 19;
    pub(super) const SKIP_ID: u8 = 20;
    pub(super) const USE: u8 = 21;
    pub(super) const WATCH: u8 = 22;
    pub(super) const IGNORE: u8 = 23;
    pub(super) const RESERVE: u8 = 24;
    pub(super) const RESERVE_WITHIN: u8 = 25;
    pub(super) const RESERVE_JOB: u8 = 26;
    pub(super) const DELETE: u8 = 27;
    pub(super) const RELEASE: u8 = 28;
    pub(super) const BURY: u8 = 29;
    pub(super) const TOUCH: u8 = 30;
    pub(super) const KICK: u8 = 31;
    pub(super) const KICK_JOB: u8 = 32;
    pub(super) const PAUSE_TUBE: u8 = 33;
}

/// Appends `CloseNode`; its connection field holds the node's number alone.
pub(crate) fn encode_close_node(node: NodeId, out: &mut Vec<u8>) {
    head(operation::CLOSE_NODE, ConnectionId::new(node, 0), out);
}

/// Appends a command of the work queue.
pub(crate) fn encode_tube(connection: ConnectionId, command: &tube::Command<'_>, out: &mut Vec<u8>) {
    use tube::Command as C;
    let mut start = |code| head(code, connection, out);
    match *command {
        C::Open => start(operation::OPEN),
        C::Close => start(operation::CLOSE),
        C::HalfClose => start(operation::HALF_CLOSE),
        C::SkipId => start(operation::SKIP_ID),
        C::Put { priority, delay, ttr, body } => {
            start(operation::PUT);
            numbers(&[priority, delay, ttr, length(body)], out);
            out.extend_from_slice(body);
        }
        C::Use { tube } => {
            start(operation::USE);
            name(tube, out);
        }
        C::Watch { tube } => {
            start(operation::WATCH);
            name(tube, out);
        }
        C::Ignore { tube } => {
            start(operation::IGNORE);
            name(tube, out);
        }
        C::Reserve { timeout: None } => start(operation::RESERVE),
        C::Reserve { timeout: Some(seconds) } => {
            start(operation::RESERVE_WITHIN);
            numbers(&[seconds], out);
        }
        C::ReserveJob { id } => job(operation::RESERVE_JOB, connection, id, &[], out),
        C::Delete { id } => job(operation::DELETE, connection, id, &[], out),
        C::Release { id, priority, delay } => {
            job(operation::RELEASE, connection, id, &[priority, delay], out);
        }
        C::Bury { id, priority } => job(operation::BURY, connection, id, &[priority], out),
        C::Touch { id } => job(operation::TOUCH, connection, id, &[], out),
        C::Kick { bound } => {
            start(operation::KICK);
            numbers(&[bound], out);
        }
        C::KickJob { id } => job(operation::KICK_JOB, connection, id, &[], out),
        C::PauseTube { tube, delay } => {
            start(operation::PAUSE_TUBE);
            numbers(&[delay], out);
            name(tube, out);
        }
    }
}

fn head(code: u8, connection: ConnectionId, out: &mut Vec<u8>) {
    let mut head = [code; COMMAND_HEAD_BYTES];
    head[1..].copy_from_slice(&connection.to_bits().to_le_bytes());
    out.extend_from_slice(&head);
}

fn job(code: u8, connection: ConnectionId, id: tube::JobId, fields: &[u32], out: &mut Vec<u8>) {
    head(code, connection, out);
    out.extend_from_slice(&id.to_le_bytes());
    numbers(fields, out);
}

fn numbers(fields: &[u32], out: &mut Vec<u8>) {
    for field in fields {
        out.extend_from_slice(&field.to_le_bytes());
    }
}

/// Tube names were checked to be at most 200 bytes long.
pub(crate) fn name(tube: &str, out: &mut Vec<u8>) {
    debug_assert!(tube.len() <= 200, "a tube's name of {} bytes", tube.len());
    out.push(u8::try_from(tube.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(&tube.as_bytes()[..tube.len().min(usize::from(u8::MAX))]);
}

/// Bodies are bounded by the job size limit, which is below 4 GiB.
fn length(body: &[u8]) -> u32 {
    u32::try_from(body.len()).expect("a body larger than the largest possible limit")
}

/// Takes the next command off a batch behind its header.
pub(crate) fn decode<'a>(reader: &mut Reader<'a>) -> Result<Command<'a>, FormatError> {
    use tube::Command as C;
    let code = reader.u8()?;
    let connection = ConnectionId::from_bits(reader.u64()?);
    let command = match code {
        operation::CLOSE_NODE => return Ok(Command::CloseNode { node: connection.node() }),
        operation::OPEN => C::Open,
        operation::CLOSE => C::Close,
        operation::HALF_CLOSE => C::HalfClose,
        operation::SKIP_ID => C::SkipId,
        operation::PUT => C::Put {
            priority: reader.u32()?,
            delay: reader.u32()?,
            ttr: reader.u32()?,
            body: reader.long_bytes()?,
        },
        operation::USE => C::Use { tube: reader.short_str()? },
        operation::WATCH => C::Watch { tube: reader.short_str()? },
        operation::IGNORE => C::Ignore { tube: reader.short_str()? },
        operation::RESERVE => C::Reserve { timeout: None },
        operation::RESERVE_WITHIN => C::Reserve { timeout: Some(reader.u32()?) },
        operation::RESERVE_JOB => C::ReserveJob { id: reader.u64()? },
        operation::DELETE => C::Delete { id: reader.u64()? },
        operation::RELEASE => C::Release { id: reader.u64()?, priority: reader.u32()?, delay: reader.u32()? },
        operation::BURY => C::Bury { id: reader.u64()?, priority: reader.u32()? },
        operation::TOUCH => C::Touch { id: reader.u64()? },
        operation::KICK => C::Kick { bound: reader.u32()? },
        operation::KICK_JOB => C::KickJob { id: reader.u64()? },
        operation::PAUSE_TUBE => {
            let delay = reader.u32()?;
            C::PauseTube { tube: reader.short_str()?, delay }
        }
        code => return Err(FormatError::Tag(code, "operation")),
    };
    Ok(Command::Tube { connection, command })
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
