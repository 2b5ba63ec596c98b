//! The tree's records of a snapshot as bytes.
//!
//! ```text
//! tree     5  zxid i64, next_birth timers_pause sessions znodes u64
//! session  6  id i64, password 16 bytes, timeout u32, attached u8 { connection u64 }
//! znode    7  number u32, child u8 { parent u32 }, czxid mzxid pzxid i64, created modified u64,
//!             version cversion aversion sequence i32, lease u8 { … }, acl u32 + bytes, data u8 { u32 + bytes },
//!             name u32 + bytes
//! ```
//!
//! `{ … }` of a znode: `session i64, birth u64` if it is ephemeral, `birth u64, due u64` of a container,
//! `birth u64, ttl u64, due u64` if it has a time to live. An access control list without bytes is the open one.

use trellis_core::snapshot::{SessionRecord, TreeHeader, ZnodeFacts, ZnodeRecord};
use trellis_core::zk::{Acl, Lease};
use trellis_core::{ConnectionId, Time};

use super::snapshot::Out;
use super::{FormatError, Reader};

pub(super) const TREE: u8 = 5;
pub(super) const SESSION: u8 = 6;
pub(super) const ZNODE: u8 = 7;

const NO_LEASE: u8 = 0;
const EPHEMERAL: u8 = 1;
const CONTAINER: u8 = 2;
const TTL: u8 = 3;

pub(super) fn encode_tree(header: &TreeHeader, out: &mut Out) {
    out.u8(TREE);
    out.u64s(&[header.zxid.cast_unsigned(), header.next_birth, header.timers_pause.0]);
    out.u64s(&[header.sessions, header.znodes]);
}

pub(super) fn decode_tree(reader: &mut Reader<'_>) -> Result<TreeHeader, FormatError> {
    Ok(TreeHeader {
        zxid: signed(reader)?,
        next_birth: reader.u64()?,
        timers_pause: Time(reader.u64()?),
        sessions: reader.u64()?,
        znodes: reader.u64()?,
    })
}

pub(super) fn encode_session(session: &SessionRecord, out: &mut Out) {
    out.u8(SESSION);
    out.u64s(&[session.id.cast_unsigned()]);
    out.bytes(&session.password);
    out.u32s(&[session.timeout_ms]);
    out.u8(u8::from(session.connection.is_some()));
    if let Some(connection) = session.connection {
        out.u64s(&[connection.to_bits()]);
    }
}

pub(super) fn decode_session(reader: &mut Reader<'_>) -> Result<SessionRecord, FormatError> {
    Ok(SessionRecord {
        id: signed(reader)?,
        password: reader.array()?,
        timeout_ms: reader.u32()?,
        connection: match reader.u8()? {
            0 => None,
            _ => Some(ConnectionId::from_bits(reader.u64()?)),
        },
    })
}

pub(super) fn encode_znode(znode: &ZnodeRecord<'_>, out: &mut Out) {
    let ZnodeRecord { number, parent, name, data, acl, facts } = *znode;
    out.u8(ZNODE);
    out.u32s(&[number]);
    out.u8(u8::from(parent.is_some()));
    out.u32s(parent.as_slice());
    out.u64s(&[facts.czxid, facts.mzxid, facts.pzxid].map(i64::cast_unsigned));
    out.u64s(&[facts.created_milliseconds, facts.modified_milliseconds]);
    out.u32s(&[facts.version, facts.cversion, facts.aversion, facts.sequence].map(i32::cast_unsigned));
    match facts.lease {
        Lease::None => out.u8(NO_LEASE),
        Lease::Ephemeral { session, birth } => {
            out.u8(EPHEMERAL);
            out.u64s(&[session.cast_unsigned(), birth]);
        }
        Lease::Container { birth, due } => {
            out.u8(CONTAINER);
            out.u64s(&[birth, due.0]);
        }
        Lease::Ttl { birth, ttl_ms, due } => {
            out.u8(TTL);
            out.u64s(&[birth, ttl_ms, due.0]);
        }
    }
    out.long_bytes(if acl == Acl::OPEN { b"" } else { acl.bytes() });
    out.u8(u8::from(data.is_some()));
    if let Some(data) = data {
        out.long_bytes(data);
    }
    out.long_bytes(name.as_bytes());
}

pub(super) fn decode_znode<'a>(reader: &mut Reader<'a>) -> Result<ZnodeRecord<'a>, FormatError> {
    let number = reader.u32()?;
    let parent = match reader.u8()? {
        0 => None,
        _ => Some(reader.u32()?),
    };
    let facts = ZnodeFacts {
        czxid: signed(reader)?,
        mzxid: signed(reader)?,
        pzxid: signed(reader)?,
        created_milliseconds: reader.u64()?,
        modified_milliseconds: reader.u64()?,
        version: reader.u32()?.cast_signed(),
        cversion: reader.u32()?.cast_signed(),
        aversion: reader.u32()?.cast_signed(),
        sequence: reader.u32()?.cast_signed(),
        lease: decode_lease(reader)?,
    };
    let acl = match reader.long_bytes()? {
        b"" => Acl::OPEN,
        bytes => Acl::decode(bytes).ok_or(FormatError::Truncated)?,
    };
    let data = match reader.u8()? {
        0 => None,
        _ => Some(reader.long_bytes()?),
    };
    Ok(ZnodeRecord { number, parent, name: reader.long_str()?, data, acl, facts })
}

fn decode_lease(reader: &mut Reader<'_>) -> Result<Lease, FormatError> {
    Ok(match reader.u8()? {
        NO_LEASE => Lease::None,
        EPHEMERAL => Lease::Ephemeral { session: signed(reader)?, birth: reader.u64()? },
        CONTAINER => Lease::Container { birth: reader.u64()?, due: Time(reader.u64()?) },
        TTL => Lease::Ttl { birth: reader.u64()?, ttl_ms: reader.u64()?, due: Time(reader.u64()?) },
        tag => return Err(FormatError::Tag(tag, "kind of lease")),
    })
}

fn signed(reader: &mut Reader<'_>) -> Result<i64, FormatError> {
    reader.u64().map(u64::cast_signed)
}
