//! Bytes to requests.

use thiserror::Error;

use super::{Create, Request};
use crate::error_code::ErrorCode;
use crate::jute::{Flaw, Reader};
use crate::list::List;
use crate::multi;
use crate::numbers::{AddWatchMode, CreateMode, Op, WatcherKind};

/// Why a frame can't be carried out. It has ended where it should, so others may come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// It has no room for a request's header.
    #[error("a request is shorter than its header: see whether the client speaks ZooKeeper's protocol")]
    NoHeader,
    /// Its operation doesn't exist. The real server's answer has -1 for a zxid.
    #[error("request {xid} is of operation {number}, which does not exist: ask for one of ZooKeeper's")]
    UnknownOp {
        /// The request's number.
        xid: i32,
        /// The operation's.
        number: i32,
    },
    /// Its record ends too early, or holds a length or a number that can't be.
    #[error("request {xid} ({op:?}) is cut off or malformed: see whether the client's version is right")]
    Malformed {
        /// The request's number.
        xid: i32,
        /// What was asked for.
        op: Op,
    },
    /// It has a string that isn't UTF-8, a null one for a path, or a create mode that doesn't exist.
    #[error(
        "request {xid} ({op:?}) has a string that is not UTF-8, a null path, or an unknown create mode: correct it"
    )]
    BadArgument {
        /// The request's number.
        xid: i32,
        /// What was asked for.
        op: Op,
    },
}

impl RequestError {
    /// What to answer: the number of the request and the code; `None` if nothing. It is what the real server
    /// answers, but for the few cases at the end of `testdata/refused.txt`.
    pub fn answer(self) -> Option<(i32, ErrorCode)> {
        match self {
            Self::NoHeader | Self::Malformed { op: Op::Auth | Op::Sasl, .. } => None,
            Self::UnknownOp { xid, .. } => Some((xid, ErrorCode::Unimplemented)),
            Self::Malformed { xid, .. } => Some((xid, ErrorCode::MarshallingError)),
            Self::BadArgument { xid, op } => Some((xid, bad_argument(op))),
        }
    }

    /// Whether the real server hangs up, behind the answer if there is one. The session lives on.
    pub fn hangs_up(self) -> bool {
        match self {
            Self::NoHeader | Self::UnknownOp { .. } => true,
            Self::Malformed { op, .. } | Self::BadArgument { op, .. } => matches!(op, Op::Auth | Op::Sasl),
        }
    }
}

impl<'a> Request<'a> {
    /// Reads a frame behind the handshake: the request's number, and the request. Bytes behind it are passed
    /// over, as by the real server.
    ///
    /// # Errors
    /// If it is not a request. [`RequestError::answer`] and [`RequestError::hangs_up`] tell what to do.
    pub fn decode(frame: &'a [u8]) -> Result<(i32, Self), RequestError> {
        let mut reader = Reader::new(frame);
        let (Ok(xid), Ok(number)) = (reader.i32(), reader.i32()) else { return Err(RequestError::NoHeader) };
        let op = Op::from_number(number).ok_or(RequestError::UnknownOp { xid, number })?;
        match Self::read(op, &mut reader) {
            Ok(request) => Ok((xid, request)),
            Err(Flaw::Malformed) => Err(RequestError::Malformed { xid, op }),
            Err(Flaw::BadArgument) => Err(RequestError::BadArgument { xid, op }),
        }
    }

    fn read(op: Op, reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Ok(match op {
            Op::Create => Self::Create(Create::read(reader)?),
            Op::Create2 => Self::Create2(Create::read(reader)?),
            Op::CreateContainer => Self::CreateContainer(Create::read(reader)?),
            Op::CreateTtl => Self::read_create_ttl(reader)?,
            Op::Delete => Self::Delete { path: reader.string()?, version: reader.i32()? },
            Op::Exists => Self::Exists { path: reader.string()?, watch: reader.bool()? },
            Op::GetData => Self::GetData { path: reader.string()?, watch: reader.bool()? },
            Op::SetData => {
                let (path, data) = (reader.nullable_string()?, reader.nullable_buffer()?);
                Self::SetData { version: reader.i32()?, path: not_null(path)?, data }
            }
            Op::GetAcl => Self::GetAcl { path: reader.string()? },
            Op::SetAcl => {
                let (path, acl) = (reader.nullable_string()?, List::read(reader)?);
                Self::SetAcl { version: reader.i32()?, path: not_null(path)?, acl }
            }
            Op::GetChildren => Self::GetChildren { path: reader.string()?, watch: reader.bool()? },
            Op::GetChildren2 => Self::GetChildren2 { path: reader.string()?, watch: reader.bool()? },
            Op::Sync => Self::Sync { path: reader.string_or_empty()? },
            Op::Ping => Self::Ping,
            Op::Check => {
                let (path, version) = (reader.nullable_string()?, reader.i32()?);
                Self::Check { path: not_null(path)?, version }
            }
            Op::Multi => Self::Multi(multi::read_all(reader)?),
            Op::MultiRead => Self::MultiRead(multi::read_all(reader)?),
            Op::Reconfig => Self::Reconfig {
                joining: reader.nullable_string()?,
                leaving: reader.nullable_string()?,
                members: reader.nullable_string()?,
                config: reader.i64()?,
            },
            Op::CheckWatches => {
                Self::CheckWatches { path: reader.string()?, kind: read_watcher_kind(reader)? }
            }
            Op::RemoveWatches => {
                Self::RemoveWatches { path: reader.string_or_empty()?, kind: read_watcher_kind(reader)? }
            }
            Op::Auth => Self::Auth {
                kind: reader.i32()?,
                scheme: reader.string_or_empty()?,
                credentials: reader.nullable_buffer()?,
            },
            Op::SetWatches => Self::SetWatches {
                zxid: reader.i64()?,
                data: List::read(reader)?,
                exist: List::read(reader)?,
                child: List::read(reader)?,
            },
            Op::SetWatches2 => Self::SetWatches2 {
                zxid: reader.i64()?,
                data: List::read(reader)?,
                exist: List::read(reader)?,
                child: List::read(reader)?,
                persistent: List::read(reader)?,
                persistent_recursive: List::read(reader)?,
            },
            Op::Sasl => Self::Sasl { token: reader.buffer()? },
            Op::GetEphemerals => Self::GetEphemerals { prefix: reader.string_or_empty()? },
            Op::GetAllChildrenNumber => Self::GetAllChildrenNumber { path: reader.string()? },
            Op::AddWatch => Self::AddWatch {
                path: reader.string_or_empty()?,
                mode: AddWatchMode::from_number(reader.i32()?).ok_or(Flaw::Malformed)?,
            },
            Op::WhoAmI => Self::WhoAmI,
            Op::CloseSession => Self::CloseSession,
        })
    }

    fn read_create_ttl(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let (create, ttl_ms) = (Create::read_flags(reader)?, reader.i64()?);
        Ok(Self::CreateTtl { create: create.map_err(|_flags| Flaw::BadArgument)?, ttl_ms })
    }
}

impl<'a> Create<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Self::read_flags(reader)?.map_err(|_flags| Flaw::BadArgument)
    }

    /// Gives the flags alone if they are no mode.
    pub(crate) fn read_flags(reader: &mut Reader<'a>) -> Result<Result<Self, i32>, Flaw> {
        let (path, data, acl) = (reader.string()?, reader.nullable_buffer()?, List::read(reader)?);
        let flags = reader.i32()?;
        let create = |mode| Self { path, data, acl, mode };
        Ok(CreateMode::from_number(flags).map(create).ok_or(flags))
    }
}

/// A path of a record that is whole: the real server looks at it before all else, and null is no valid one.
fn not_null(path: Option<&str>) -> Result<&str, Flaw> {
    path.ok_or(Flaw::BadArgument)
}

/// What an operation comes to with a string that isn't UTF-8. Java puts replacement characters into it; the real
/// server looks for what is called so where it need not be a path, and can't find it.
fn bad_argument(op: Op) -> ErrorCode {
    match op {
        Op::Auth => ErrorCode::AuthFailed,
        Op::CheckWatches | Op::RemoveWatches => ErrorCode::NoWatcher,
        Op::Delete
        | Op::Exists
        | Op::GetData
        | Op::GetAcl
        | Op::GetChildren
        | Op::GetChildren2
        | Op::GetAllChildrenNumber => ErrorCode::NoNode,
        _ => ErrorCode::BadArguments,
    }
}

fn read_watcher_kind(reader: &mut Reader<'_>) -> Result<WatcherKind, Flaw> {
    WatcherKind::from_number(reader.i32()?).ok_or(Flaw::Malformed)
}
