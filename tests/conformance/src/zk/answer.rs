//! What a server sends, as text that is the same for both servers if they do the same.
//!
//! Zxids become distances from the sequence's beginning, sessions become the place in which they were opened, and
//! the sequence's own node becomes `~`. Times are left out. Children, ephemerals, identities and access control
//! lists are put in order: the real server keeps the first three in hash tables, and makes the lists from those.

use super::jute::Reader;
use super::operation::{Answer, Operation, error_name};

/// What the numbers of one server mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// The path of the sequence's node.
    pub(super) own_node: &'a str,
    /// The transaction that created it.
    pub(super) first_zxid: i64,
    /// The sessions of the sequence, in the order in which they were opened.
    pub(super) sessions: &'a [i64],
}

/// The header of a reply or a notification.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) xid: i32,
    pub(super) zxid: i64,
    pub(super) error: i32,
}

impl Header {
    /// Reads what a frame begins with.
    pub(super) fn read(frame: &[u8]) -> Option<(Header, &[u8])> {
        let mut reader = Reader::new(frame);
        let header = Header { xid: reader.int()?, zxid: reader.long()?, error: reader.int()? };
        Some((header, reader.rest()))
    }
}

impl View<'_> {
    /// An answer to an operation.
    pub(super) fn answer(&self, operation: Operation, header: Header, body: &[u8]) -> String {
        let Header { xid, zxid, error } = header;
        let mut reader = Reader::new(body);
        let value = match error {
            0 => self.value(operation.answer(), &mut reader),
            _ => Some(format!("({error})")),
        };
        let value = ending(value, body, reader.rest());
        format!("{} #{xid} at {}: {value}", error_name(error), self.zxid(zxid)).trim_end().to_string()
    }

    /// The names in an answer that begins with them, as they are.
    pub(super) fn children(body: &[u8]) -> Vec<String> {
        Reader::new(body).list(Reader::text).unwrap_or_default()
    }

    /// A notification.
    pub(super) fn event(&self, header: Header, body: &[u8]) -> String {
        let mut reader = Reader::new(body);
        let value = self.what_happened(&mut reader);
        format!("event at {}: {}", self.zxid(header.zxid), ending(value, body, reader.rest()))
    }

    fn what_happened(&self, reader: &mut Reader<'_>) -> Option<String> {
        let kind = match reader.int()? {
            1 => "NodeCreated".into(),
            2 => "NodeDeleted".into(),
            3 => "NodeDataChanged".into(),
            4 => "NodeChildrenChanged".into(),
            kind => format!("kind {kind}"),
        };
        let state = match reader.int()? {
            3 => String::new(),
            state => format!(" in state {state}"),
        };
        Some(format!("{kind} {}{state}", self.path(reader)?))
    }

    fn value(&self, answer: Answer, reader: &mut Reader<'_>) -> Option<String> {
        Some(match answer {
            Answer::Nothing => String::new(),
            Answer::Path => self.path(reader)?,
            Answer::PathAndStat => format!("{} {}", self.path(reader)?, self.stat(reader)?),
            Answer::Stat => self.stat(reader)?,
            Answer::DataAndStat => format!("{} {}", data(reader)?, self.stat(reader)?),
            Answer::AclAndStat => format!("{} {}", acl(reader)?, self.stat(reader)?),
            Answer::Names => self.names(reader)?,
            Answer::NamesAndStat => format!("{} {}", self.names(reader)?, self.stat(reader)?),
            Answer::Number => reader.int()?.to_string(),
            Answer::Results => self.results(reader)?,
            Answer::Identities => {
                in_order(reader.list(|reader| Some(format!("{}:{}", reader.text()?, reader.text()?)))?)
            }
            Answer::Token => data(reader)?,
        })
    }

    /// A path, with the sequence's node as `~`.
    fn path(&self, reader: &mut Reader<'_>) -> Option<String> {
        Some(reader.text()?.replace(self.own_node, "~").escape_debug().to_string())
    }

    fn names(&self, reader: &mut Reader<'_>) -> Option<String> {
        Some(in_order(reader.list(|reader| self.path(reader))?))
    }

    fn stat(&self, reader: &mut Reader<'_>) -> Option<String> {
        let (created, changed) = (self.zxid(reader.long()?), self.zxid(reader.long()?));
        let (_created_at, _changed_at) = (reader.long()?, reader.long()?);
        let versions = [reader.int()?, reader.int()?, reader.int()?];
        let owner = self.owner(reader.long()?);
        let (data_length, children) = (reader.int()?, reader.int()?);
        let children_changed = self.zxid(reader.long()?);
        Some(format!(
            "{{czxid {created} mzxid {changed} pzxid {children_changed} versions {versions:?} owner {owner} \
             length {data_length} children {children}}}"
        ))
    }

    /// The results of a multi, up to the header that ends them.
    fn results(&self, reader: &mut Reader<'_>) -> Option<String> {
        let mut results = Vec::new();
        loop {
            let (kind, done, error) = (reader.int()?, reader.byte()?, reader.int()?);
            if done != 0 {
                let end = if (kind, error) == (-1, -1) { String::new() } else { format!("{kind} {error}") };
                return Some(format!("[{}]{end}", results.join("; ")));
            }
            let operation = Operation::from_number(kind);
            results.push(match (kind, error) {
                (-1, error) => format!("{} {}", error_name(error), reader.int()?),
                (_, 0) => format!("{operation} {}", self.value(operation.answer(), reader)?),
                (_, error) => {
                    format!("{operation} {error} {}", self.value(operation.answer(), reader)?)
                }
            });
        }
    }

    /// A zxid as a distance; those that no transaction has stay as they are.
    fn zxid(&self, zxid: i64) -> String {
        if zxid <= 0 { format!("({zxid})") } else { format!("{:+}", zxid - self.first_zxid) }
    }

    /// To whom a node belongs. Only sessions have a number that is not the same on both servers.
    fn owner(&self, owner: i64) -> String {
        match self.sessions.iter().position(|session| *session == owner) {
            Some(place) => format!("session {place}"),
            None => format!("{owner:x}"),
        }
    }
}

/// A value that has been read, and the bytes that follow it, of which there should be none.
fn ending(value: Option<String>, body: &[u8], rest: &[u8]) -> String {
    match value {
        None => format!("(unreadable) {}", body.escape_ascii()),
        Some(value) if rest.is_empty() => value,
        Some(value) => format!("{value} (and more) {}", rest.escape_ascii()),
    }
}

fn data(reader: &mut Reader<'_>) -> Option<String> {
    Some(reader.buffer()?.map_or("null".into(), |bytes| format!("\"{}\"", bytes.escape_ascii())))
}

fn acl(reader: &mut Reader<'_>) -> Option<String> {
    let entry = |reader: &mut Reader<'_>| {
        let permissions = reader.int()?;
        Some(format!("{}:{}:{permissions}", reader.text()?, reader.text()?))
    };
    reader.list(entry).map(in_order)
}

fn in_order(mut texts: Vec<String>) -> String {
    texts.sort_unstable();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: View<'_> = View { own_node: "/s1", first_zxid: 100, sessions: &[7, 8] };

    fn answer(operation: Operation, body: &[u8]) -> String {
        VIEW.answer(operation, Header { xid: 3, zxid: 102, error: 0 }, body)
    }

    #[test]
    fn what_differs_between_servers_is_left_out() {
        let numbers = [99_i64, 101, 1_700_000_000_000, 1_700_000_000_001];
        let mut stat: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        stat.extend([1_i32, 2, 3].iter().flat_map(|number| number.to_be_bytes()));
        stat.extend(8_i64.to_be_bytes());
        stat.extend([4_i32, 5].iter().flat_map(|number| number.to_be_bytes()));
        stat.extend(102_i64.to_be_bytes());
        let text = "{czxid -1 mzxid +1 pzxid +2 versions [1, 2, 3] owner session 1 length 4 children 5}";
        assert_eq!(answer(Operation::Exists, &stat), format!("ok #3 at +2: {text}"));
        assert_eq!(
            answer(Operation::GetChildren, b"\0\0\0\x02\0\0\0\x01b\0\0\0\x01a"),
            "ok #3 at +2: [a, b]"
        );
    }

    #[test]
    fn what_should_not_be_there_is_shown() {
        assert_eq!(answer(Operation::Sync, b"\0\0\0\x05/s1/ax"), "ok #3 at +2: ~/a (and more) x");
        assert_eq!(answer(Operation::Delete, b"x"), "ok #3 at +2:  (and more) x");
        assert_eq!(answer(Operation::Sync, b"x"), "ok #3 at +2: (unreadable) x");
        let refused = Header { xid: 3, zxid: 0, error: -101 };
        assert_eq!(VIEW.answer(Operation::Sync, refused, b""), "NoNode #3 at (0): (-101)");
    }

    #[test]
    fn the_results_of_a_multi_are_read_up_to_their_end() {
        let results =
            b"\0\0\0\x01\0\0\0\0\0\0\0\0\x05/s1/a\xff\xff\xff\xff\0\xff\xff\xff\x9b\xff\xff\xff\x9b\
            \xff\xff\xff\xff\x01\xff\xff\xff\xff";
        assert_eq!(answer(Operation::Multi, results), "ok #3 at +2: [create ~/a; NoNode -101]");
    }
}
