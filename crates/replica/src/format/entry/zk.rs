//! Commands of ZooKeeper's protocol as bytes; see the module above for what stands around them.
//!
//! ```text
//! create session  64  session i64, timeout u32, password 16 bytes
//! attach session  65  session i64, timeout u32, password
//! close session   66
//! expire session  67  session i64
//! operation       68  flags u8, identities, operation
//! multi           69  flags u8, identities, count u32, operations
//! refuse          70  error i32
//!
//! create   1  flags u8, mode u8 { ttl i64 }, path, { acl }, { data }
//! delete   2  version i32, path
//! set data 3  version i32, flags u8, path, { data }
//! set acl  4  version i32, path, acl
//! check    5  version i32, path
//! refuse   6  error i32
//! ```
//!
//! What stands in braces is there if the mode or the flags say so; a create without a list has the open one.

use trellis_core::ConnectionId;
use trellis_core::zk::{Acl, Command, CreateMode, Error, Identities, Op};

use super::{head, length, long_bytes};
use crate::format::{FormatError, Reader};

mod operation {
    pub(super) const CREATE_SESSION: u8 = 64;
    pub(super) const ATTACH_SESSION: u8 = 65;
    pub(super) const CLOSE_SESSION: u8 = 66;
    pub(super) const EXPIRE_SESSION: u8 = 67;
    pub(super) const OP: u8 = 68;
    pub(super) const MULTI: u8 = 69;
    pub(super) const REFUSE: u8 = 70;
}

const CREATE: u8 = 1;
const DELETE: u8 = 2;
const SET_DATA: u8 = 3;
const SET_ACL: u8 = 4;
const CHECK: u8 = 5;
const REFUSE: u8 = 6;

const PERSISTENT: u8 = 0;
const EPHEMERAL: u8 = 1;
const CONTAINER: u8 = 2;
const TTL: u8 = 3;

/// Flag of an operation or a multi: hard quotas are enforced.
const ENFORCE_QUOTA: u8 = 1;

/// Flags of a create and of a set of data.
const HAS_DATA: u8 = 1;
const SEQUENTIAL: u8 = 2;
const WANT_STAT: u8 = 4;
const HAS_ACL: u8 = 8;

/// An expiry is as long as this, for whoever reckons with many.
pub(crate) const EXPIRE_SESSION_BYTES: usize = super::COMMAND_HEAD_BYTES + size_of::<i64>();

/// No operation is shorter: its kind, and an error.
const OP_BYTES_MIN: usize = 5;

/// Appends a command of ZooKeeper's protocol.
pub(crate) fn encode_zk(connection: ConnectionId, command: &Command<'_>, out: &mut Vec<u8>) {
    match *command {
        Command::CreateSession { session, ref password, timeout_ms } => {
            head(operation::CREATE_SESSION, connection, out);
            out.extend_from_slice(&session.to_le_bytes());
            out.extend_from_slice(&timeout_ms.to_le_bytes());
            out.extend_from_slice(password);
        }
        Command::AttachSession { session, password, timeout_ms } => {
            head(operation::ATTACH_SESSION, connection, out);
            out.extend_from_slice(&session.to_le_bytes());
            out.extend_from_slice(&timeout_ms.to_le_bytes());
            long_bytes(password, out);
        }
        Command::CloseSession => head(operation::CLOSE_SESSION, connection, out),
        Command::ExpireSession { session } => {
            head(operation::EXPIRE_SESSION, connection, out);
            out.extend_from_slice(&session.to_le_bytes());
        }
        Command::Op { ref op, identities, enforce_quota } => {
            head(operation::OP, connection, out);
            asker(identities, enforce_quota, out);
            encode_op(op, out);
        }
        Command::Multi { ref ops, identities, enforce_quota } => {
            head(operation::MULTI, connection, out);
            asker(identities, enforce_quota, out);
            out.extend_from_slice(&length(ops.len()).to_le_bytes());
            ops.iter().for_each(|op| encode_op(op, out));
        }
        Command::Refuse { error } => {
            head(operation::REFUSE, connection, out);
            out.extend_from_slice(&error.code().to_le_bytes());
        }
    }
}

fn asker(identities: Identities<'_>, enforce_quota: bool, out: &mut Vec<u8>) {
    out.push(flag(enforce_quota, ENFORCE_QUOTA));
    long_bytes(identities.bytes(), out);
}

fn encode_op(op: &Op<'_>, out: &mut Vec<u8>) {
    match *op {
        Op::Create { path, data, acl, mode, sequential, want_stat } => {
            let acl = (acl != Acl::OPEN).then_some(acl);
            let flags = flag(data.is_some(), HAS_DATA)
                | flag(sequential, SEQUENTIAL)
                | flag(want_stat, WANT_STAT)
                | flag(acl.is_some(), HAS_ACL);
            out.extend_from_slice(&[CREATE, flags]);
            encode_mode(mode, out);
            long_bytes(path.as_bytes(), out);
            acl.into_iter().for_each(|acl| long_bytes(acl.bytes(), out));
            data.into_iter().for_each(|data| long_bytes(data, out));
        }
        Op::Delete { path, version } => versioned(DELETE, version, path, out),
        Op::SetData { path, data, version } => {
            out.push(SET_DATA);
            out.extend_from_slice(&version.to_le_bytes());
            out.push(flag(data.is_some(), HAS_DATA));
            long_bytes(path.as_bytes(), out);
            data.into_iter().for_each(|data| long_bytes(data, out));
        }
        Op::SetAcl { path, acl, version } => {
            versioned(SET_ACL, version, path, out);
            long_bytes(acl.bytes(), out);
        }
        Op::Check { path, version } => versioned(CHECK, version, path, out),
        Op::Refuse { error } => {
            out.push(REFUSE);
            out.extend_from_slice(&error.code().to_le_bytes());
        }
    }
}

fn versioned(code: u8, version: i32, path: &str, out: &mut Vec<u8>) {
    out.push(code);
    out.extend_from_slice(&version.to_le_bytes());
    long_bytes(path.as_bytes(), out);
}

fn encode_mode(mode: CreateMode, out: &mut Vec<u8>) {
    match mode {
        CreateMode::Persistent => out.push(PERSISTENT),
        CreateMode::Ephemeral => out.push(EPHEMERAL),
        CreateMode::Container => out.push(CONTAINER),
        CreateMode::Ttl { ttl_ms } => {
            out.push(TTL);
            out.extend_from_slice(&ttl_ms.to_le_bytes());
        }
    }
}

fn flag(set: bool, flag: u8) -> u8 {
    if set { flag } else { 0 }
}

/// Takes the fields of operation `code` off a batch.
pub(super) fn decode<'a>(code: u8, reader: &mut Reader<'a>) -> Result<Command<'a>, FormatError> {
    Ok(match code {
        operation::CREATE_SESSION => Command::CreateSession {
            session: reader.i64()?,
            timeout_ms: reader.u32()?,
            password: reader.array()?,
        },
        operation::ATTACH_SESSION => Command::AttachSession {
            session: reader.i64()?,
            timeout_ms: reader.u32()?,
            password: reader.long_bytes()?,
        },
        operation::CLOSE_SESSION => Command::CloseSession,
        operation::EXPIRE_SESSION => Command::ExpireSession { session: reader.i64()? },
        operation::OP => {
            let (identities, enforce_quota) = decode_asker(reader)?;
            Command::Op { op: decode_op(reader)?, identities, enforce_quota }
        }
        operation::MULTI => {
            let (identities, enforce_quota) = decode_asker(reader)?;
            Command::Multi { ops: decode_ops(reader)?, identities, enforce_quota }
        }
        operation::REFUSE => Command::Refuse { error: error(reader.i32()?)? },
        code => return Err(FormatError::Tag(code, "operation")),
    })
}

fn decode_asker<'a>(reader: &mut Reader<'a>) -> Result<(Identities<'a>, bool), FormatError> {
    let flags = reader.u8()?;
    let identities = Identities::decode(reader.long_bytes()?).ok_or(FormatError::Identities)?;
    Ok((identities, flags & ENFORCE_QUOTA != 0))
}

fn decode_ops<'a>(reader: &mut Reader<'a>) -> Result<Vec<Op<'a>>, FormatError> {
    let count = reader.u32()? as usize;
    // A count that lies is found out before there is room for it.
    if count > reader.len() / OP_BYTES_MIN {
        return Err(FormatError::Truncated);
    }
    let mut ops = Vec::with_capacity(count);
    for _ in 0..count {
        ops.push(decode_op(reader)?);
    }
    Ok(ops)
}

fn decode_op<'a>(reader: &mut Reader<'a>) -> Result<Op<'a>, FormatError> {
    let code = reader.u8()?;
    if code == CREATE {
        return decode_create(reader);
    }
    // A refusal has its error there.
    let version = reader.i32()?;
    Ok(match code {
        REFUSE => Op::Refuse { error: error(version)? },
        DELETE => Op::Delete { version, path: reader.long_str()? },
        SET_DATA => {
            let flags = reader.u8()?;
            Op::SetData { version, path: reader.long_str()?, data: decode_data(flags, reader)? }
        }
        SET_ACL => Op::SetAcl { version, path: reader.long_str()?, acl: reader.acl()? },
        CHECK => Op::Check { version, path: reader.long_str()? },
        code => return Err(FormatError::Tag(code, "operation on a znode")),
    })
}

fn error(code: i32) -> Result<Error, FormatError> {
    Error::from_code(code).ok_or(FormatError::ErrorCode(code))
}

fn decode_create<'a>(reader: &mut Reader<'a>) -> Result<Op<'a>, FormatError> {
    let flags = reader.u8()?;
    let mode = match reader.u8()? {
        PERSISTENT => CreateMode::Persistent,
        EPHEMERAL => CreateMode::Ephemeral,
        CONTAINER => CreateMode::Container,
        TTL => CreateMode::Ttl { ttl_ms: reader.i64()? },
        code => return Err(FormatError::Tag(code, "kind of znode")),
    };
    Ok(Op::Create {
        mode,
        path: reader.long_str()?,
        acl: if flags & HAS_ACL == 0 { Acl::OPEN } else { reader.acl()? },
        data: decode_data(flags, reader)?,
        sequential: flags & SEQUENTIAL != 0,
        want_stat: flags & WANT_STAT != 0,
    })
}

fn decode_data<'a>(flags: u8, reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, FormatError> {
    if flags & HAS_DATA == 0 { Ok(None) } else { reader.long_bytes().map(Some) }
}
