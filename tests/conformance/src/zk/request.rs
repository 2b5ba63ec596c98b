//! Requests as plain lists of fields, so that they can be right or wrong in any way, cut down, and printed.

use std::fmt::{self, Display, Formatter};

use super::operation::Operation;

/// Stands in paths for the node that a sequence has for itself.
pub(super) const OWN_NODE: char = '~';
/// The number of a notification; no request has it.
pub(super) const NOTIFICATION_XID: i32 = -1;

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Byte(u8),
    Int(i32),
    Long(i64),
    Text(String),
    /// A text in which [`OWN_NODE`] stands for the sequence's node.
    Path(String),
    /// A buffer; `None` is null.
    Data(Option<Vec<u8>>),
    /// The newest transaction that the server has told of, less this number.
    Zxid(i64),
}

impl Display for Field {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Field::Byte(number) => write!(formatter, "{number}"),
            Field::Int(number) => write!(formatter, "{number}"),
            Field::Long(number) => write!(formatter, "{number}L"),
            Field::Text(text) | Field::Path(text) if text.is_empty() => formatter.write_str("''"),
            Field::Text(text) | Field::Path(text) => write!(formatter, "{}", text.escape_debug()),
            Field::Data(None) => formatter.write_str("null"),
            Field::Data(Some(bytes)) if bytes.len() > 100 => write!(formatter, "({} bytes)", bytes.len()),
            Field::Data(Some(bytes)) => write!(formatter, "\"{}\"", bytes.escape_ascii()),
            Field::Zxid(back) => write!(formatter, "newest-{back}"),
        }
    }
}

/// What is wrong with a request's frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Damage {
    #[default]
    None,
    /// The record lacks its last bytes, and the frame ends there.
    Cut(usize),
    /// Bytes follow the record within the frame.
    Longer(usize),
    /// The frame says that it has this length.
    Length(i32),
}

impl Display for Damage {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Damage::None => Ok(()),
            Damage::Cut(bytes) => write!(formatter, "  (without its last {bytes} bytes)"),
            Damage::Longer(bytes) => write!(formatter, "  (and {bytes} bytes more)"),
            Damage::Length(length) => write!(formatter, "  (in a frame that says {length})"),
        }
    }
}

/// A request of any operation, also of none that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) fields: Vec<Field>,
    /// Those that a multi consists of.
    pub(super) parts: Vec<Request>,
    /// Its number, if it isn't the next one.
    pub(super) xid: Option<i32>,
    pub(super) damage: Damage,
}

impl Display for Request {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.operation)?;
        for field in &self.fields {
            write!(formatter, " {field}")?;
        }
        if self.is_multi() {
            let parts: Vec<String> = self.parts.iter().map(ToString::to_string).collect();
            write!(formatter, " [{}]", parts.join("; "))?;
        }
        if let Some(xid) = self.xid {
            write!(formatter, "  (as number {xid})")?;
        }
        write!(formatter, "{}", self.damage)
    }
}

/// What the fields of a request mean on one of the servers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning<'a> {
    /// The path of the sequence's node.
    pub(super) own_node: &'a str,
    /// The newest transaction that the server has told of.
    pub(super) newest_zxid: i64,
}

impl Request {
    pub(super) fn new(operation: Operation, fields: Vec<Field>) -> Request {
        Request { operation, fields, parts: Vec::new(), xid: None, damage: Damage::None }
    }

    /// A multi, or a multiRead, of requests.
    pub(super) fn multi(operation: Operation, parts: Vec<Request>) -> Request {
        Request { parts, ..Request::new(operation, Vec::new()) }
    }

    /// Appends the frame.
    pub(super) fn encode(&self, xid: i32, meaning: Meaning<'_>, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        body.extend(self.xid.unwrap_or(xid).to_be_bytes());
        body.extend(self.operation.number().to_be_bytes());
        write_fields(&self.fields, meaning, &mut body);
        for part in &self.parts {
            write_fields(&part_header(part.operation.number(), false), meaning, &mut body);
            write_fields(&part.fields, meaning, &mut body);
        }
        if self.is_multi() {
            write_fields(&part_header(-1, true), meaning, &mut body);
        }
        write_frame(body, self.damage, out);
    }

    fn is_multi(&self) -> bool {
        matches!(self.operation, Operation::Multi | Operation::MultiRead)
    }
}

/// What precedes an operation in a multi, and what ends a multi.
fn part_header(number: i32, done: bool) -> [Field; 3] {
    [Field::Int(number), Field::Byte(done.into()), Field::Int(-1)]
}

/// Appends a frame with this body.
pub(super) fn write_frame(mut body: Vec<u8>, damage: Damage, out: &mut Vec<u8>) {
    match damage {
        Damage::Cut(bytes) => body.truncate(body.len().saturating_sub(bytes)),
        Damage::Longer(bytes) => body.resize(body.len() + bytes, 0xa5),
        Damage::None | Damage::Length(_) => {}
    }
    let length = match damage {
        Damage::Length(length) => length,
        _ => length_of(&body),
    };
    out.extend(length.to_be_bytes());
    out.append(&mut body);
}

/// Appends the fields as they are on the wire.
pub(super) fn write_fields(fields: &[Field], meaning: Meaning<'_>, out: &mut Vec<u8>) {
    for field in fields {
        match field {
            Field::Byte(byte) => out.push(*byte),
            Field::Int(number) => out.extend(number.to_be_bytes()),
            Field::Long(number) => out.extend(number.to_be_bytes()),
            Field::Text(text) => write_buffer(text.as_bytes(), out),
            Field::Path(path) => write_buffer(path.replace(OWN_NODE, meaning.own_node).as_bytes(), out),
            Field::Data(None) => out.extend((-1_i32).to_be_bytes()),
            Field::Data(Some(bytes)) => write_buffer(bytes, out),
            Field::Zxid(back) => out.extend((meaning.newest_zxid - back).to_be_bytes()),
        }
    }
}

fn write_buffer(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(length_of(bytes).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn length_of(bytes: &[u8]) -> i32 {
    i32::try_from(bytes.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEANING: Meaning<'_> = Meaning { own_node: "/n", newest_zxid: 5 };

    #[test]
    fn fields_become_bytes() {
        let fields = vec![Field::Path("~/a".into()), Field::Byte(1), Field::Data(None), Field::Zxid(2)];
        let request = Request::new(Operation::GetData, fields);
        let mut out = Vec::new();
        request.encode(7, MEANING, &mut out);
        let zxid = b"\0\0\0\0\0\0\0\x03";
        let body = [b"\0\0\0\x07\0\0\0\x04\0\0\0\x04/n/a\x01\xff\xff\xff\xff", &zxid[..]].concat();
        assert_eq!(out, [b"\0\0\0\x1d", &body[..]].concat());
        assert_eq!(request.to_string(), "getData ~/a 1 null newest-2");
    }

    #[test]
    fn a_frame_can_be_wrong() {
        let frame = |damage| {
            let mut out = Vec::new();
            write_frame(b"abc".to_vec(), damage, &mut out);
            out
        };
        assert_eq!(frame(Damage::Cut(1)), b"\0\0\0\x02ab");
        assert_eq!(frame(Damage::Longer(1)), b"\0\0\0\x04abc\xa5");
        assert_eq!(frame(Damage::Length(-1)), b"\xff\xff\xff\xffabc");
    }
}
