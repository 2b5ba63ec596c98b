//! Records of znodes and sessions as bytes; see the module above.

use trellis_core::snapshot::{SessionRecord, TreeHeader, ZnodeFacts, ZnodeRecord};
use trellis_core::zk::{Acl, Lease};
use trellis_core::{ConnectionId, Time};

use super::{Out, SESSION, TREE, ZNODE};
use crate::format::{FormatError, Reader};

const HAS_PARENT: u8 = 1;
const HAS_DATA: u8 = 2;
const HAS_ACL: u8 = 4;

const LASTING: u8 = 0;
const EPHEMERAL: u8 = 1;
const CONTAINER: u8 = 2;
const TTL: u8 = 3;

pub(super) fn encode_tree(header: &TreeHeader, out: &mut Out) {
    out.u8(TREE);
    out.i64s(&[header.zxid]);
    out.u64s(&[header.next_birth, header.timers_pause.0, header.sessions, header.znodes]);
}

pub(super) fn encode_session(session: &SessionRecord, out: &mut Out) {
    out.u8(SESSION);
    out.i64s(&[session.id]);
    out.0.extend_from_slice(&session.password);
    out.u32s(&[session.timeout_ms]);
    out.u8(u8::from(session.connection.is_some()));
    if let Some(connection) = session.connection {
        out.u64s(&[connection.to_bits()]);
    }
}

pub(super) fn encode_znode(znode: &ZnodeRecord<'_>, out: &mut Out) {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    out.u8(ZNODE);
    out.u32s(&[znode.number]);
    let acl = (znode.acl != Acl::OPEN).then_some(znode.acl);
    out.u8(flag(znode.parent.is_some(), HAS_PARENT)
        | flag(znode.data.is_some(), HAS_DATA)
        | flag(acl.is_some(), HAS_ACL));
    if let Some(parent) = znode.parent {
        out.u32s(&[parent]);
    }
    out.long_bytes(znode.name.as_bytes());
    if let Some(acl) = acl {
        out.long_bytes(acl.bytes());
    }
    if let Some(data) = znode.data {
        out.long_bytes(data);
    }
    let facts = &znode.facts;
    out.i64s(&[facts.czxid, facts.mzxid, facts.pzxid]);
    out.u64s(&[facts.created_milliseconds, facts.modified_milliseconds]);
    out.i32s(&[facts.version, facts.cversion, facts.aversion, facts.sequence]);
    match facts.lease {
        Lease::None => out.u8(LASTING),
        Lease::Ephemeral { session, birth } => {
            out.u8(EPHEMERAL);
            out.i64s(&[session]);
            out.u64s(&[birth]);
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
}

pub(super) fn decode_tree(reader: &mut Reader<'_>) -> Result<TreeHeader, FormatError> {
    Ok(TreeHeader {
        zxid: reader.i64()?,
        next_birth: reader.u64()?,
        timers_pause: Time(reader.u64()?),
        sessions: reader.u64()?,
        znodes: reader.u64()?,
    })
}

pub(super) fn decode_session(reader: &mut Reader<'_>) -> Result<SessionRecord, FormatError> {
    let (id, password, timeout_ms) = (reader.i64()?, reader.array()?, reader.u32()?);
    let connection = match reader.u8()? {
        0 => None,
        _ => Some(ConnectionId::from_bits(reader.u64()?)),
    };
    Ok(SessionRecord { id, password, timeout_ms, connection })
}

pub(super) fn decode_znode<'a>(reader: &mut Reader<'a>) -> Result<ZnodeRecord<'a>, FormatError> {
    let (number, flags) = (reader.u32()?, reader.u8()?);
    Ok(ZnodeRecord {
        number,
        parent: if flags & HAS_PARENT == 0 { None } else { Some(reader.u32()?) },
        name: reader.long_str()?,
        acl: if flags & HAS_ACL == 0 { Acl::OPEN } else { reader.acl()? },
        data: if flags & HAS_DATA == 0 { None } else { Some(reader.long_bytes()?) },
        facts: decode_facts(reader)?,
    })
}

fn decode_facts(reader: &mut Reader<'_>) -> Result<ZnodeFacts, FormatError> {
    Ok(ZnodeFacts {
        czxid: reader.i64()?,
        mzxid: reader.i64()?,
        pzxid: reader.i64()?,
        created_milliseconds: reader.u64()?,
        modified_milliseconds: reader.u64()?,
        version: reader.i32()?,
        cversion: reader.i32()?,
        aversion: reader.i32()?,
        sequence: reader.i32()?,
        lease: decode_lease(reader)?,
    })
}

fn decode_lease(reader: &mut Reader<'_>) -> Result<Lease, FormatError> {
    Ok(match reader.u8()? {
        LASTING => Lease::None,
        EPHEMERAL => Lease::Ephemeral { session: reader.i64()?, birth: reader.u64()? },
        CONTAINER => Lease::Container { birth: reader.u64()?, due: Time(reader.u64()?) },
        TTL => Lease::Ttl { birth: reader.u64()?, ttl_ms: reader.u64()?, due: Time(reader.u64()?) },
        tag => return Err(FormatError::Tag(tag, "end of a znode")),
    })
}
