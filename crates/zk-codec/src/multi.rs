//! The operations of a multi and their results. Each has a header of its own, and one that says so ends them.

use crate::acl::Acl;
use crate::error_code::ErrorCode;
use crate::jute::{
    Flaw, Reader, Record, write_bool, write_i32, write_i64, write_nullable_buffer, write_string,
};
use crate::list::List;
use crate::numbers::Op;
use crate::request::{Create, write_path_and_number, write_set_data};
use crate::stat::Stat;

/// One operation of a [`Request::Multi`](crate::Request::Multi). The fields are those of the request of the
/// same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants and fields are the protocol's words")]
pub enum Operation<'a> {
    Create(Create<'a>),
    Create2(Create<'a>),
    CreateContainer(Create<'a>),
    CreateTtl {
        create: Create<'a>,
        ttl_ms: i64,
    },
    Delete {
        path: &'a str,
        version: i32,
    },
    SetData {
        path: &'a str,
        data: Option<&'a [u8]>,
        version: i32,
    },
    Check {
        path: &'a str,
        version: i32,
    },
    /// One of the creations with flags that are no mode: it is whole, and to be refused when its turn comes.
    Modeless {
        op: Op,
        flags: i32,
    },
}

impl Operation<'_> {
    /// The kind of this operation.
    pub fn op(&self) -> Op {
        match self {
            Self::Create(_) => Op::Create,
            Self::Create2(_) => Op::Create2,
            Self::CreateContainer(_) => Op::CreateContainer,
            Self::CreateTtl { .. } => Op::CreateTtl,
            Self::Delete { .. } => Op::Delete,
            Self::SetData { .. } => Op::SetData,
            Self::Check { .. } => Op::Check,
            Self::Modeless { op, .. } => *op,
        }
    }
}

impl<'a> Record<'a> for Operation<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let op = Op::from_number(Header::read(reader)?.kind);
        Ok(match op {
            Some(op @ (Op::Create | Op::Create2 | Op::CreateContainer | Op::CreateTtl)) => {
                return read_creation(op, reader);
            }
            Some(Op::Delete) => Self::Delete { path: reader.string()?, version: reader.i32()? },
            Some(Op::SetData) => Self::SetData {
                path: reader.string()?,
                data: reader.nullable_buffer()?,
                version: reader.i32()?,
            },
            Some(Op::Check) => Self::Check { path: reader.string()?, version: reader.i32()? },
            _ => return Err(Flaw::Malformed),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        Header::of_request(self.op()).write(out);
        match *self {
            Self::Create(create) | Self::Create2(create) | Self::CreateContainer(create) => create.write(out),
            Self::CreateTtl { create, ttl_ms } => {
                create.write(out);
                write_i64(ttl_ms, out);
            }
            Self::Delete { path, version } | Self::Check { path, version } => {
                write_path_and_number(path, version, out);
            }
            Self::SetData { path, data, version } => write_set_data(path, data, version, out),
            Self::Modeless { op, flags } => {
                write_string("", out);
                write_nullable_buffer(None, out);
                List::<Acl<'_>>::EMPTY.write(out);
                write_i32(flags, out);
                if op == Op::CreateTtl {
                    write_i64(0, out);
                }
            }
        }
    }
}

fn read_creation<'a>(op: Op, reader: &mut Reader<'a>) -> Result<Operation<'a>, Flaw> {
    let create = Create::read_flags(reader)?;
    let ttl_ms = if op == Op::CreateTtl { reader.i64()? } else { 0 };
    Ok(match (op, create) {
        (op, Err(flags)) => Operation::Modeless { op, flags },
        (Op::CreateTtl, Ok(create)) => Operation::CreateTtl { create, ttl_ms },
        (Op::CreateContainer, Ok(create)) => Operation::CreateContainer(create),
        (Op::Create2, Ok(create)) => Operation::Create2(create),
        (_, Ok(create)) => Operation::Create(create),
    })
}

/// One operation of a [`Request::MultiRead`](crate::Request::MultiRead). It sets no watch: the real server
/// passes over the byte that would ask for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants and fields are the protocol's words")]
pub enum ReadOperation<'a> {
    GetData { path: &'a str },
    GetChildren { path: &'a str },
}

impl<'a> Record<'a> for ReadOperation<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let op = Op::from_number(Header::read(reader)?.kind);
        let (path, _watch) = (reader.string()?, reader.bool()?);
        match op {
            Some(Op::GetData) => Ok(Self::GetData { path }),
            Some(Op::GetChildren) => Ok(Self::GetChildren { path }),
            _ => Err(Flaw::Malformed),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (op, path) = match *self {
            Self::GetData { path } => (Op::GetData, path),
            Self::GetChildren { path } => (Op::GetChildren, path),
        };
        Header::of_request(op).write(out);
        write_string(path, out);
        write_bool(false, out);
    }
}

/// What came of one operation of a multi.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants and fields are the protocol's words")]
pub enum OperationResult<'a> {
    Create {
        path: &'a str,
    },
    /// Of all ways to create but [`Operation::Create`].
    Create2 {
        path: &'a str,
        stat: Stat,
    },
    Delete,
    SetData {
        stat: Stat,
    },
    Check,
    GetData {
        data: Option<&'a [u8]>,
        stat: Stat,
    },
    GetChildren {
        children: List<'a, &'a str>,
    },
    /// The operation has failed. After the failed one, all are [`ErrorCode::RuntimeInconsistency`].
    Error(ErrorCode),
    /// The operation is undone, since one after it has failed.
    Undone,
}

/// The type of a result that is an error.
const ERROR: i32 = -1;

impl<'a> Record<'a> for OperationResult<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let kind = Header::read(reader)?.kind;
        if kind == ERROR {
            return Ok(ErrorCode::from_number(reader.i32()?).map_or(Self::Undone, Self::Error));
        }
        Ok(match Op::from_number(kind) {
            Some(Op::Create) => Self::Create { path: reader.string()? },
            Some(Op::Create2) => Self::Create2 { path: reader.string()?, stat: Stat::read(reader)? },
            Some(Op::Delete) => Self::Delete,
            Some(Op::SetData) => Self::SetData { stat: Stat::read(reader)? },
            Some(Op::Check) => Self::Check,
            Some(Op::GetData) => Self::GetData { data: reader.nullable_buffer()?, stat: Stat::read(reader)? },
            Some(Op::GetChildren) => Self::GetChildren { children: List::read(reader)? },
            _ => return Err(Flaw::Malformed),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.header().write(out);
        match *self {
            Self::Create { path } => write_string(path, out),
            Self::Create2 { path, stat } => {
                write_string(path, out);
                stat.write(out);
            }
            Self::SetData { stat } => stat.write(out),
            Self::GetData { data, stat } => {
                write_nullable_buffer(data, out);
                stat.write(out);
            }
            Self::GetChildren { children } => children.write(out),
            Self::Error(code) => write_i32(code.number(), out),
            Self::Undone => write_i32(0, out),
            Self::Delete | Self::Check => {}
        }
    }
}

impl OperationResult<'_> {
    fn header(&self) -> Header {
        match self {
            Self::Create { .. } => Header::of_result(Op::Create),
            Self::Create2 { .. } => Header::of_result(Op::Create2),
            Self::Delete => Header::of_result(Op::Delete),
            Self::SetData { .. } => Header::of_result(Op::SetData),
            Self::Check => Header::of_result(Op::Check),
            Self::GetData { .. } => Header::of_result(Op::GetData),
            Self::GetChildren { .. } => Header::of_result(Op::GetChildren),
            Self::Error(code) => Header { kind: ERROR, done: false, error: code.number() },
            Self::Undone => Header { kind: ERROR, done: false, error: 0 },
        }
    }
}

/// What stands before each operation and each result, and behind the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    kind: i32,
    done: bool,
    error: i32,
}

impl Header {
    const END: Self = Self { kind: -1, done: true, error: -1 };

    fn of_request(op: Op) -> Self {
        Self { kind: op.number(), done: false, error: -1 }
    }

    pub(crate) fn of_result(op: Op) -> Self {
        Self { kind: op.number(), done: false, error: 0 }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self { kind: reader.i32()?, done: reader.bool()?, error: reader.i32()? })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        write_i32(self.kind, out);
        write_bool(self.done, out);
        write_i32(self.error, out);
    }
}

/// Reads everything up to the header that ends it.
pub(crate) fn read_all<'a, T: Record<'a>>(reader: &mut Reader<'a>) -> Result<List<'a, T>, Flaw> {
    let start = *reader;
    let mut count = 0;
    loop {
        let mut ahead = *reader;
        if Header::read(&mut ahead)?.done {
            *reader = ahead;
            return Ok(List::validated(start, count));
        }
        T::read(reader)?;
        count += 1;
    }
}

/// Writes everything, and the header that ends it.
pub(crate) fn write_all<'a, T: Record<'a>>(items: List<'a, T>, out: &mut Vec<u8>) {
    for item in items {
        item.write(out);
    }
    write_end(out);
}

/// Writes the header that ends a multi.
pub(crate) fn write_end(out: &mut Vec<u8>) {
    Header::END.write(out);
}
