//! Replies to bytes, straight into the outgoing ones.

use super::{Reply, ReplyHeader};
use crate::error_code::ErrorCode;
use crate::frame::OpenFrame;
use crate::jute::{Record, write_i32, write_i64, write_length, write_nullable_buffer, write_string};
use crate::multi::{Header, OperationResult, write_all, write_end};
use crate::numbers::Op;
use crate::stat::Stat;

impl ReplyHeader {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        write_i32(self.xid, out);
        write_i64(self.zxid, out);
        write_i32(self.error.map_or(0, ErrorCode::number), out);
    }
}

impl Reply<'_> {
    /// Appends the reply's frame. A body of over 2 GiB, which no frame can hold, becomes
    /// [`ErrorCode::MarshallingError`].
    pub fn encode(&self, header: ReplyHeader, out: &mut Vec<u8>) {
        let frame = OpenFrame::begin(out);
        header.write(out);
        self.write(out);
        end(frame, header, out);
    }

    fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Empty => {}
            Self::Path { path } => write_string(path, out),
            Self::PathAndStat { path, stat } => {
                write_string(path, out);
                stat.write(out);
            }
            Self::Stat(stat) => stat.write(out),
            Self::Data { data, stat } => {
                write_nullable_buffer(data, out);
                stat.write(out);
            }
            Self::Acl { acl, stat } => {
                acl.write(out);
                stat.write(out);
            }
            Self::Children { children } => children.write(out),
            Self::ChildrenAndStat { children, stat } => {
                children.write(out);
                stat.write(out);
            }
            Self::Count(number) | Self::Code(number) => write_i32(number, out),
            Self::Results(results) => write_all(results, out),
            Self::Token(token) => write_nullable_buffer(token, out),
            Self::Clients(clients) => clients.write(out),
        }
    }
}

/// Appends the frame of [`Reply::Children`], or with a stat of [`Reply::ChildrenAndStat`], from names that are
/// walked once and nowhere kept.
///
/// ```
/// use trellis_zk_codec::{Reply, ReplyHeader, encode_children};
///
/// let header = ReplyHeader { xid: 1, zxid: 2, error: None };
/// let (mut walked, mut kept) = (Vec::new(), Vec::new());
/// encode_children(header, "b a".split(' '), None, &mut walked);
/// Reply::Children { children: (&["b", "a"]).into() }.encode(header, &mut kept);
/// assert_eq!(walked, kept);
/// ```
pub fn encode_children<Name: AsRef<str>>(
    header: ReplyHeader,
    names: impl IntoIterator<Item = Name>,
    stat: Option<&Stat>,
    out: &mut Vec<u8>,
) {
    let mut encoder = ChildrenEncoder::behind(std::mem::take(out), header);
    names.into_iter().for_each(|name| encoder.push(name.as_ref()));
    *out = encoder.end(stat);
}

/// Writes the same frame name by name, over any time.
///
/// ```
/// use trellis_zk_codec::{ChildrenEncoder, Reply, ReplyHeader};
///
/// let header = ReplyHeader { xid: 1, zxid: 2, error: None };
/// let mut encoder = ChildrenEncoder::begin(header);
/// encoder.push("b");
/// encoder.push("a");
/// let mut kept = Vec::new();
/// Reply::Children { children: (&["b", "a"]).into() }.encode(header, &mut kept);
/// assert_eq!(encoder.end(None), kept);
/// ```
#[must_use = "the frame is complete only after `end`"]
#[derive(Debug)]
pub struct ChildrenEncoder {
    out: Vec<u8>,
    header: ReplyHeader,
    frame: OpenFrame,
    /// Where the number of the names is, and that number.
    names: usize,
    count: i32,
}

impl ChildrenEncoder {
    /// Begins a frame.
    pub fn begin(header: ReplyHeader) -> Self {
        Self::behind(Vec::new(), header)
    }

    fn behind(mut out: Vec<u8>, header: ReplyHeader) -> Self {
        let frame = OpenFrame::begin(&mut out);
        header.write(&mut out);
        let names = out.len();
        write_length(0, &mut out);
        Self { out, header, frame, names, count: 0 }
    }

    /// Appends a name.
    pub fn push(&mut self, name: &str) {
        write_string(name, &mut self.out);
        self.count = self.count.saturating_add(1);
    }

    /// Makes room for names of so many bytes, with 4 more for each name.
    pub fn reserve(&mut self, bytes: usize) {
        self.out.reserve_exact(bytes);
    }

    /// Bytes of the frame so far.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.frame.bytes(&self.out)
    }

    /// Ends the frame and gives its bytes; one of over 2 GiB becomes [`ErrorCode::MarshallingError`].
    #[must_use]
    pub fn end(mut self, stat: Option<&Stat>) -> Vec<u8> {
        self.out[self.names..self.names + 4].copy_from_slice(&self.count.to_be_bytes());
        if let Some(stat) = stat {
            stat.write(&mut self.out);
        }
        end(self.frame, self.header, &mut self.out);
        self.out
    }
}

/// Writes the reply of a multi, result by result, so that they need not all be kept.
///
/// ```
/// use trellis_zk_codec::{ErrorCode, OperationResult, Reply, ReplyHeader, ResultsEncoder};
///
/// let header = ReplyHeader { xid: 1, zxid: 2, error: None };
/// let (mut walked, mut kept) = (Vec::new(), Vec::new());
/// let mut results = ResultsEncoder::begin(header, &mut walked);
/// results.push(&OperationResult::Error(ErrorCode::NoNode));
/// results.push_children("b a".split(' '));
/// results.end();
///
/// let children = (&["b", "a"]).into();
/// let results =
///     [OperationResult::Error(ErrorCode::NoNode), OperationResult::GetChildren { children }];
/// Reply::Results((&results).into()).encode(header, &mut kept);
/// assert_eq!(walked, kept);
/// ```
#[must_use = "the frame is complete only after `end`"]
#[derive(Debug)]
pub struct ResultsEncoder<'out> {
    out: &'out mut Vec<u8>,
    header: ReplyHeader,
    frame: OpenFrame,
}

impl<'out> ResultsEncoder<'out> {
    /// Begins a frame behind what `out` holds.
    pub fn begin(header: ReplyHeader, out: &'out mut Vec<u8>) -> Self {
        let frame = OpenFrame::begin(out);
        header.write(out);
        Self { out, header, frame }
    }

    /// Bytes of the frame so far.
    pub fn frame_bytes(&self) -> usize {
        self.frame.bytes(self.out)
    }

    /// Appends a result.
    pub fn push(&mut self, result: &OperationResult<'_>) {
        result.write(self.out);
    }

    /// Appends an [`OperationResult::GetChildren`], from names that are walked once.
    pub fn push_children<Name: AsRef<str>>(&mut self, names: impl IntoIterator<Item = Name>) {
        Header::of_result(Op::GetChildren).write(self.out);
        write_names(names, self.out);
    }

    /// Ends the frame; one of over 2 GiB becomes [`ErrorCode::MarshallingError`].
    pub fn end(self) {
        write_end(self.out);
        end(self.frame, self.header, self.out);
    }
}

/// Writes the names, and then their number before them.
fn write_names<Name: AsRef<str>>(names: impl IntoIterator<Item = Name>, out: &mut Vec<u8>) {
    let start = out.len();
    write_length(0, out);
    let mut count = 0_i32;
    for name in names {
        write_string(name.as_ref(), out);
        count = count.saturating_add(1);
    }
    out[start..start + 4].copy_from_slice(&count.to_be_bytes());
}

/// Ends a reply's frame, or puts an error in place of one that is too long.
fn end(frame: OpenFrame, header: ReplyHeader, out: &mut Vec<u8>) {
    if frame.end(out).is_err() {
        let frame = OpenFrame::begin(out);
        ReplyHeader { error: Some(ErrorCode::MarshallingError), ..header }.write(out);
        frame.end_or_panic(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_no_frame_can_hold_becomes_an_error() {
        let header = ReplyHeader { xid: 7, zxid: 8, error: None };
        let mut out = b"before".to_vec();
        let frame = OpenFrame::begin(&mut out);
        // Zeros that nobody looks at cost address space only.
        let mut long = vec![0; out.len() + i32::MAX as usize + 1];
        long[..out.len()].copy_from_slice(&out);
        end(frame, header, &mut long);

        out.truncate(b"before".len());
        let error = Some(ErrorCode::MarshallingError);
        Reply::Empty.encode(ReplyHeader { error, ..header }, &mut out);
        assert_eq!(long, out);
    }
}
