//! Bytes to replies.

use thiserror::Error;

use super::{Reply, ReplyHeader};
use crate::error_code::ErrorCode;
use crate::jute::{Flaw, Reader};
use crate::list::List;
use crate::multi;
use crate::numbers::Op;
use crate::stat::Stat;

/// Why a server's frame can't be read. It has ended where it should, so others may come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// It has no room for a reply's header.
    #[error("a reply is shorter than its header; is the server one of ZooKeeper's protocol?")]
    NoHeader,
    /// Its body is not what such a request is answered with.
    #[error("the reply to {op:?} can't be read; is the server's version newer than 3.9?")]
    BadReply {
        /// What was asked for.
        op: Op,
    },
    /// A notification has no event.
    #[error("a notification can't be read; is the server's version newer than 3.9?")]
    BadEvent,
}

impl ReplyHeader {
    /// Reads what a frame behind the handshake begins with, and gives the rest.
    ///
    /// # Errors
    /// If the frame is too short.
    pub fn decode(frame: &[u8]) -> Result<(Self, &[u8]), ReplyError> {
        let mut reader = Reader::new(frame);
        let header = Self::read(&mut reader).map_err(|_| ReplyError::NoHeader)?;
        Ok((header, reader.rest()))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self { xid: reader.i32()?, zxid: reader.i64()?, error: ErrorCode::from_number(reader.i32()?) })
    }
}

impl<'a> Reply<'a> {
    /// Reads what follows a header without an error, for a request of this kind. Bytes behind it are passed
    /// over.
    ///
    /// # Errors
    /// If it is not the reply to such a request.
    pub fn decode(op: Op, body: &'a [u8]) -> Result<Self, ReplyError> {
        Self::read(op, &mut Reader::new(body)).map_err(|_| ReplyError::BadReply { op })
    }

    fn read(op: Op, reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Ok(match op {
            Op::Create | Op::Sync => Self::Path { path: reader.string()? },
            Op::Create2 | Op::CreateContainer | Op::CreateTtl => {
                Self::PathAndStat { path: reader.string()?, stat: Stat::read(reader)? }
            }
            Op::Exists | Op::SetData | Op::SetAcl | Op::Check => Self::Stat(Stat::read(reader)?),
            Op::GetData | Op::Reconfig => {
                Self::Data { data: reader.nullable_buffer()?, stat: Stat::read(reader)? }
            }
            Op::GetAcl => Self::Acl { acl: List::read(reader)?, stat: Stat::read(reader)? },
            Op::GetChildren | Op::GetEphemerals => Self::Children { children: List::read(reader)? },
            Op::GetChildren2 => {
                Self::ChildrenAndStat { children: List::read(reader)?, stat: Stat::read(reader)? }
            }
            Op::GetAllChildrenNumber => Self::Count(reader.i32()?),
            Op::Multi | Op::MultiRead => Self::Results(multi::read_all(reader)?),
            Op::AddWatch => Self::Code(reader.i32()?),
            Op::Sasl => Self::Token(reader.nullable_buffer()?),
            Op::WhoAmI => Self::Clients(List::read(reader)?),
            Op::Delete
            | Op::Ping
            | Op::Auth
            | Op::SetWatches
            | Op::SetWatches2
            | Op::CheckWatches
            | Op::RemoveWatches
            | Op::CloseSession => Self::Empty,
        })
    }
}
