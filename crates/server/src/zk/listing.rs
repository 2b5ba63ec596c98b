//! Lists of children that are too long to be answered at once: gathered name by name between others' turns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use trellis_core::zk::{ListingId, ListingStart};
use trellis_replica::Replica;
use trellis_zk_codec::{ChildrenEncoder, Op, ReplyHeader};

use super::replies::to_stat;
use super::statistics::Moment;
use crate::limits::{LISTING_BYTES_AT_ONCE, LISTING_NAMES_AT_ONCE, LISTINGS_AT_ONCE};
use crate::outgoing::Outgoing;

/// So many names are taken before the bytes are looked at.
const NAMES_OF_A_STEP: usize = 64;

/// A list that is being gathered. It says what was true when it began.
pub(super) struct Listing {
    pub(super) xid: i32,
    op: Op,
    /// When it was asked for.
    pub(super) begun: Moment,
    pub(super) start: ListingStart,
    reply: ChildrenEncoder,
    /// Nothing has been gathered yet.
    first: bool,
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
        let reply = ChildrenEncoder::begin(ReplyHeader { xid, zxid: start.zxid, error: None });
        Listing { xid, op, begun, start, reply, first: true, _turn: turn }
    }

    pub(super) fn id(&self) -> ListingId {
        self.start.id
    }

    /// Gathers some more names.
    pub(super) fn gather(&mut self, replica: &Replica) -> Progress {
        let before = self.bytes();
        let first = std::mem::take(&mut self.first);
        let bytes_max = before + LISTING_BYTES_AT_ONCE;
        for step in 0..LISTING_NAMES_AT_ONCE / NAMES_OF_A_STEP {
            if first && step == 1 {
                self.reserve((self.bytes() - before) / NAMES_OF_A_STEP);
            }
            let reply = &mut self.reply;
            match replica.listing_next(self.start.id, NAMES_OF_A_STEP, &mut |name| reply.push(name)) {
                Some(true) if reply.frame_bytes() < bytes_max => {}
                Some(true) => break,
                Some(false) => return Progress::Done,
                None => return Progress::Lost,
            }
        }
        Progress::More
    }

    /// Makes room for as many names as there are, with so many bytes each, and some more: it would otherwise take up to
    /// twice as much, and be moved again and again.
    fn reserve(&mut self, name_bytes: usize) {
        let bytes = name_bytes * self.start.len;
        self.reply.reserve(bytes + bytes / 8);
    }

    /// Whether it is too long for a client when there is no room for what clients don't read.
    pub(super) fn is_burden(&self, outgoing: &Outgoing) -> bool {
        outgoing.is_burdened_by(self.bytes())
    }

    /// How long the reply is up to now.
    pub(super) fn bytes(&self) -> usize {
        self.reply.frame_bytes()
    }

    /// The reply's bytes.
    pub(super) fn end(self) -> Vec<u8> {
        let stat = (self.op == Op::GetChildren2).then(|| to_stat(&self.start.stat));
        self.reply.end(stat.as_ref())
    }
}
