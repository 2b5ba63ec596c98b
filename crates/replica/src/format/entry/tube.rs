//! Commands of the work queue as bytes; see the module above for what stands around them.

use trellis_core::{ConnectionId, tube};

use super::{head, long_bytes, name};
use crate::format::{FormatError, Reader};

/// Between these are the work queue's operations.
pub(super) const FIRST: u8 = 16;
pub(super) const LAST: u8 = 63;

mod operation {
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
            numbers(&[priority, delay, ttr], out);
            long_bytes(body, out);
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

/// Takes the fields of operation `code` off a batch.
pub(super) fn decode<'a>(code: u8, reader: &mut Reader<'a>) -> Result<tube::Command<'a>, FormatError> {
    use tube::Command as C;
    Ok(match code {
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
    })
}
