//! Lists of children that are too long to be answered at once: gathered name by name between others' turns.

use trellis_core::zk::{ListingId, ListingStart};
use trellis_replica::Replica;
use trellis_zk_codec::{Op, ReplyHeader, encode_children};

use super::replies::to_stat;
use super::statistics::Moment;
use crate::limits::LISTING_NAMES_AT_ONCE;

/// No name contains it.
const SEPARATOR: char = '/';

/// A list that is being gathered. It says what was true when it began.
pub(super) struct Listing {
    pub(super) xid: i32,
    op: Op,
    /// When it was asked for.
    pub(super) begun: Moment,
    pub(super) start: ListingStart,
    names: String,
}

/// What gathering some more has come to.
pub(super) enum Progress {
    More,
    Done,
    /// The state was replaced meanwhile; the request is to be made again.
    Lost,
}

impl Listing {
    pub(super) fn new(xid: i32, op: Op, begun: Moment, start: ListingStart) -> Self {
        Listing { xid, op, begun, start, names: String::new() }
    }

    pub(super) fn id(&self) -> ListingId {
        self.start.id
    }

    /// Gathers some more names.
    pub(super) fn gather(&mut self, replica: &Replica) -> Progress {
        let names = &mut self.names;
        let more = replica.listing_next(self.start.id, LISTING_NAMES_AT_ONCE, &mut |name| {
            names.push_str(name);
            names.push(SEPARATOR);
        });
        match more {
            Some(true) => Progress::More,
            Some(false) => Progress::Done,
            None => Progress::Lost,
        }
    }

    /// Appends the reply.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let header = ReplyHeader { xid: self.xid, zxid: self.start.zxid, error: None };
        let stat = (self.op == Op::GetChildren2).then(|| to_stat(&self.start.stat));
        encode_children(header, self.names.split_terminator(SEPARATOR), stat.as_ref(), out);
    }
}
