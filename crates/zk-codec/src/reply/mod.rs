//! Replies as types, and their headers.

mod decode;
mod encode;

pub use decode::ReplyError;
pub use encode::{ChildrenEncoder, ResultsEncoder, encode_children};

use crate::acl::{Acl, ClientInfo};
use crate::error_code::ErrorCode;
use crate::list::List;
use crate::multi::OperationResult;
use crate::stat::Stat;

/// What every reply begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyHeader {
    /// The number of the request, or one of [`xid`](crate::xid).
    pub xid: i32,
    /// The newest transaction that the server has carried out.
    pub zxid: i64,
    /// Why nothing was done; the body is empty then.
    pub error: Option<ErrorCode>,
}

/// What a reply holds behind its header.
///
/// A server writes replies with [`Reply::encode`], and where a list is not at hand as a slice, with
/// [`encode_children`] and [`ResultsEncoder`]. A client reads them with [`ReplyHeader::decode`] and then
/// [`Reply::decode`].
///
/// ```
/// use trellis_zk_codec::{Op, Reply, ReplyHeader, Stat, take_frame};
///
/// let header = ReplyHeader { xid: 7, zxid: 12, error: None };
/// let reply = Reply::Data { data: Some(b"hello"), stat: Stat { data_length: 5, ..Stat::default() } };
/// let mut out = Vec::new();
/// reply.encode(header, &mut out);
///
/// let frame = take_frame(&mut out.as_slice(), 1000)?.unwrap();
/// let (read, body) = ReplyHeader::decode(frame)?;
/// assert_eq!((read, Reply::decode(Op::GetData, body)?), (header, reply));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// Nothing: of every error, and of `delete`, `ping`, `auth`, `setWatches`, `setWatches2`, `checkWatches`,
    /// `removeWatches` and `closeSession`.
    Empty,
    /// Of `create` and `sync`.
    Path {
        /// The node.
        path: &'a str,
    },
    /// Of `create2`, `createContainer` and `createTTL`.
    PathAndStat {
        /// The new node.
        path: &'a str,
        /// Its record.
        stat: Stat,
    },
    /// Of `exists`, `setData`, `setACL` and `check`.
    Stat(Stat),
    /// Of `getData` and `reconfig`.
    Data {
        /// The data, or null.
        data: Option<&'a [u8]>,
        /// The node's record.
        stat: Stat,
    },
    /// Of `getACL`.
    Acl {
        /// Who may do what.
        acl: List<'a, Acl<'a>>,
        /// The node's record.
        stat: Stat,
    },
    /// Of `getChildren`, with names, and of `getEphemerals`, with paths.
    Children {
        /// The names or paths.
        children: List<'a, &'a str>,
    },
    /// Of `getChildren2`.
    ChildrenAndStat {
        /// The names.
        children: List<'a, &'a str>,
        /// The node's record.
        stat: Stat,
    },
    /// Of `getAllChildrenNumber`.
    Count(i32),
    /// Of `multi` and `multiRead`.
    Results(List<'a, OperationResult<'a>>),
    /// Of `addWatch`, which has a second error code. The real server writes 0 there.
    Code(i32),
    /// Of `sasl`. Null if the server has nothing to say.
    Token(Option<&'a [u8]>),
    /// Of `whoAmI`.
    Clients(List<'a, ClientInfo<'a>>),
}
