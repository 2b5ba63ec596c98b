//! Notifications of watches.

use crate::frame::OpenFrame;
use crate::jute::{Flaw, Reader, write_i32, write_string};
use crate::numbers::{EventKind, KeeperState};
use crate::reply::{ReplyError, ReplyHeader};
use crate::xid;

/// What a server tells a client whose watch has fired.
///
/// ```
/// use trellis_zk_codec::{Event, EventKind, KeeperState, ReplyHeader, take_frame, xid};
///
/// let event = Event { kind: EventKind::NodeDeleted, state: KeeperState::SyncConnected, path: "/a" };
/// let mut out = Vec::new();
/// event.encode(-1, &mut out);
///
/// let frame = take_frame(&mut out.as_slice(), 100)?.unwrap();
/// let (header, body) = ReplyHeader::decode(frame)?;
/// assert_eq!((header.xid, Event::decode(body)?), (xid::NOTIFICATION, event));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What has happened.
    pub kind: EventKind,
    /// The state of the client's connection.
    pub state: KeeperState,
    /// The node.
    pub path: &'a str,
}

impl<'a> Event<'a> {
    /// Appends the notification's frame. Servers put -1 for `zxid` up to 3.8, and the number of the change since
    /// 3.9.
    ///
    /// # Panics
    /// If the path has over 2 GiB.
    pub fn encode(&self, zxid: i64, out: &mut Vec<u8>) {
        let frame = OpenFrame::begin(out);
        ReplyHeader { xid: xid::NOTIFICATION, zxid, error: None }.write(out);
        write_i32(self.kind.number(), out);
        write_i32(self.state.number(), out);
        write_string(self.path, out);
        frame.end_or_panic(out);
    }

    /// Reads what follows a header with [`xid::NOTIFICATION`].
    ///
    /// # Errors
    /// If it is no event.
    pub fn decode(body: &'a [u8]) -> Result<Self, ReplyError> {
        Self::read(&mut Reader::new(body)).map_err(|_| ReplyError::BadEvent)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Ok(Self {
            kind: EventKind::from_number(reader.i32()?).ok_or(Flaw::Malformed)?,
            state: KeeperState::from_number(reader.i32()?).ok_or(Flaw::Malformed)?,
            path: reader.string_or_empty()?,
        })
    }
}
