//! A client's long lists of children, gathered piece by piece while others have their turns.

use std::task::Context;

use trellis_zk_codec::Op;

use super::{Client, Stage};
use crate::connection::give_turn;
use crate::limits::LISTING_NAMES_AT_ONCE;
use crate::zk::listing::{Listing, Progress};
use crate::zk::statistics::{Answered, Begun, Kind, Tally};
use crate::zk::watches::Modes;

/// Whether a list of children is gathered piece by piece.
pub(super) enum Gathering {
    /// It is so short that it can be answered at once, or it is refused.
    NotNeeded,
    Begun,
    /// Too many others are being gathered.
    NotYet,
}

impl Client {
    /// Begins to gather a list of children if it is long. Nothing is under way.
    pub(super) fn begin_listing(
        &mut self,
        xid: i32,
        op: Op,
        (path, watch): (&str, bool),
        context: &Context<'_>,
    ) -> Gathering {
        let identities = self.identities.get();
        let Ok(start) = self.replica.listing_begin(self.peer.id, identities, path) else {
            return Gathering::NotNeeded;
        };
        let long = start.len > LISTING_NAMES_AT_ONCE;
        let turn = if long { self.hub.listings.take(context) } else { None };
        let Some(turn) = turn else {
            self.replica.listing_end(start.id);
            return if long { Gathering::NotYet } else { Gathering::NotNeeded };
        };
        // What happens from now on is not in the list, so it is told behind it.
        self.peer.lock().kept_events = Some(Vec::new());
        if watch {
            // If it may not, it is hung up on, and the list with it.
            self.hub.watch(&self.peer, path, Modes::CHILD);
        }
        self.listing = Some(Listing::new(xid, op, self.now, start, turn));
        Gathering::Begun
    }

    /// Goes on with a long list. True while one is being gathered.
    pub(super) fn go_on_listing(&mut self, context: &mut Context<'_>) -> bool {
        let Some(listing) = &mut self.listing else { return false };
        match listing.gather(&self.replica) {
            Progress::More => give_turn(context),
            Progress::Done => self.end_listing(),
            Progress::Lost => {
                tracing::debug!("a list of children is given up: the state was replaced");
                self.listing = None;
                self.peer.lock().kept_events = None;
                self.stage = Stage::Quit;
            }
        }
        self.listing.is_some()
    }

    /// Answers with a list that is complete, if there is room for it.
    fn end_listing(&mut self) {
        let Some(listing) = self.listing.take() else { return };
        let events = self.peer.lock().kept_events.take().unwrap_or_default();
        let has_room = self.connections.make_room_for_replies();
        if !has_room && listing.is_burden(&self.outgoing) {
            self.hub.note_burden();
            self.stage = Stage::Quit;
            return;
        }
        self.count_listing(&listing);
        let reply = listing.end();
        self.outgoing.lock().answer(|out| {
            // It may have hundreds of megabytes, which are better not copied.
            if out.is_empty() {
                *out = reply;
            } else {
                out.extend_from_slice(&reply);
            }
            out.extend_from_slice(&events);
        });
        self.outgoing.send();
    }

    /// Counts a long list as received and answered, now that it is.
    fn count_listing(&self, listing: &Listing) {
        let mut tally = Tally::default();
        let begun = Begun { at: listing.begun, kind: Kind::Read };
        let (at, latency_us) = tally.answer(begun, || self.hub.heartbeats.now_us());
        tally.send(1);
        tally.measure(listing.bytes());
        {
            let record = &mut self.peer.lock().record;
            record.received += 1;
            record.answer(
                listing.xid,
                Answered { operation: "GETC", zxid: listing.start.zxid, at, latency_us },
            );
        }
        let mut statistics = self.hub.statistics();
        statistics.receive(1, 0);
        statistics.add(&tally);
    }
}
