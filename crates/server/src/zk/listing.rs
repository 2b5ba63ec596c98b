//! Lists of children that are too long to be answered at once: gathered name by name between others' turns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use trellis_core::zk::{ListingId, ListingStart};
use trellis_replica::Replica;
use trellis_zk_codec::{Op, ReplyHeader, encode_children};

use super::replies::to_stat;
use super::statistics::Moment;
use crate::limits::{LISTING_NAMES_AT_ONCE, LISTINGS_AT_ONCE};
use crate::outgoing::Outgoing;

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
    _turn: Turn,
}

/// The turns of those who gather lists.
#[derive(Default)]
pub(super) struct Turns(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    count: usize,
    /// Those who wait for one.
    waiting: Vec<Waker>,
}

/// The right to gather a list, given back when it is dropped.
pub(super) struct Turn(Arc<Turns>);

impl Turns {
    /// A turn, if there is one; otherwise the task is woken when there may be.
    pub(super) fn take(self: &Arc<Self>, context: &Context<'_>) -> Option<Turn> {
        let mut taken = self.lock();
        if taken.count >= LISTINGS_AT_ONCE {
            taken.waiting.push(context.waker().clone());
            return None;
        }
        taken.count += 1;
        Some(Turn(Arc::clone(self)))
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.0.lock();
        taken.count -= 1;
        taken.waiting.drain(..).for_each(Waker::wake);
    }
}

/// What gathering some more has come to.
pub(super) enum Progress {
    More,
    Done,
    /// The state was replaced meanwhile; the request is to be made again.
    Lost,
}

impl Listing {
    pub(super) fn new(xid: i32, op: Op, begun: Moment, start: ListingStart, turn: Turn) -> Self {
        Listing { xid, op, begun, start, names: String::new(), _turn: turn }
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

    /// Whether it is too long for a client when there is no room for what clients don't read.
    pub(super) fn is_burden(&self, outgoing: &Outgoing) -> bool {
        outgoing.is_burdened_by(self.names.len())
    }

    /// Appends the reply.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let header = ReplyHeader { xid: self.xid, zxid: self.start.zxid, error: None };
        let stat = (self.op == Op::GetChildren2).then(|| to_stat(&self.start.stat));
        encode_children(header, self.names.split_terminator(SEPARATOR), stat.as_ref(), out);
    }
}
