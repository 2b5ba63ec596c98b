//! What is counted for the operator: of the node as a whole, and of each connection. How it is shown is in `words/`.
//!
//! Counting must cost next to nothing. A question that is answered in the turn in which it was read has taken no time
//! that could be told, so no clock is asked for it; everything that one entry of the log has replies for is answered at
//! the same time; and what one turn or one entry has counted is added to the node's figures in one go.

/// Microseconds since the node's start.
pub(super) type Moment = u64;

/// How long requests have taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Latency {
    pub(super) count: u64,
    total_us: u64,
    min_us: u64,
    max_us: u64,
}

/// The bytes of single replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) last: u64,
    pub(super) min: u64,
    pub(super) max: u64,
}

/// The node's figures since its start, or since they were last reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Requests and words that came, with their bytes.
    pub(super) received: u64,
    pub(super) received_bytes: u64,
    /// Replies and events that were given out.
    pub(super) sent: u64,
    pub(super) reads: Latency,
    pub(super) writes: Latency,
    pub(super) reply_bytes: Option<Sizes>,
    /// Sessions that clients wanted to begin or to go on with.
    pub(super) sessions_wanted: u64,
    pub(super) sessions_expired: u64,
    /// Connections that an address had too many of.
    pub(super) connections_refused: u64,
    pub(super) authentications_failed: u64,
}

/// The node's figures, and how many requests await their replies.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    pub(super) totals: Totals,
    pub(super) outstanding: i64,
}

/// When a request was read, and what is to be said of how long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(super) at: Moment,
    pub(super) kind: Kind,
}

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In the turn in which it is read.
    AtOnce,
    /// Without changing anything, behind what changes something.
    Read,
    /// By a command in the log.
    Write,
}

/// What replies and events have added and the node's figures don't have yet.
#[derive(Debug, Default)]
pub(super) struct Tally {
    totals: Totals,
    answered: i64,
    /// The time of the present entry, once somebody has asked for it.
    now: Option<Moment>,
}

/// A connection's figures since it was opened, or since they were last reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) received: u64,
    pub(super) latency: Latency,
    pub(super) last: Option<Answered>,
    /// The client's number of its last request that has one.
    pub(super) last_xid: Option<u32>,
}

/// A request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) operation: &'static str,
    pub(super) zxid: i64,
    pub(super) at: Moment,
    pub(super) latency_us: u64,
}

impl Latency {
    pub(super) fn add(&mut self, us: u64) {
        self.merge(&Latency { count: 1, total_us: us, min_us: us, max_us: us });
    }

    fn merge(&mut self, other: &Latency) {
        self.min_us = match (self.count, other.count) {
            (0, _) => other.min_us,
            (_, 0) => self.min_us,
            _ => self.min_us.min(other.min_us),
        };
        self.max_us = self.max_us.max(other.max_us);
        self.count += other.count;
        self.total_us += other.total_us;
    }

    /// Whole milliseconds, as all the others; 0 if there was no request.
    pub(super) fn min_ms(&self) -> u64 {
        self.min_us / 1000
    }

    pub(super) fn max_ms(&self) -> u64 {
        self.max_us / 1000
    }

    pub(super) fn total_ms(&self) -> u64 {
        self.total_us / 1000
    }

    /// The mean in milliseconds, to four decimals.
    pub(super) fn mean_ms(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few digits are shown")]
        let us = self.total_us as f64 / self.count.max(1) as f64;
        (us * 10.0).round() / 10_000.0
    }
}

impl Totals {
    /// How long all requests have taken.
    pub(super) fn latency(&self) -> Latency {
        let mut all = self.reads;
        all.merge(&self.writes);
        all
    }

    fn measure(&mut self, Sizes { last, min, max }: Sizes) {
        let before = self.reply_bytes.unwrap_or(Sizes { last, min, max });
        self.reply_bytes = Some(Sizes { last, min: min.min(before.min), max: max.max(before.max) });
    }

    fn merge(&mut self, other: &Totals) {
        self.received += other.received;
        self.received_bytes += other.received_bytes;
        self.sent += other.sent;
        self.reads.merge(&other.reads);
        self.writes.merge(&other.writes);
        if let Some(sizes) = other.reply_bytes {
            self.measure(sizes);
        }
        self.sessions_wanted += other.sessions_wanted;
        self.sessions_expired += other.sessions_expired;
        self.connections_refused += other.connections_refused;
        self.authentications_failed += other.authentications_failed;
    }
}

impl Tally {
    /// The time at which a request is answered, and how long it has taken then.
    pub(super) fn answer(&mut self, begun: Begun, clock: impl FnOnce() -> Moment) -> (Moment, u64) {
        let now = match begun.kind {
            Kind::AtOnce => begun.at,
            Kind::Read | Kind::Write => *self.now.get_or_insert_with(clock),
        };
        let latency_us = now.saturating_sub(begun.at);
        self.answered += 1;
        match begun.kind {
            Kind::Write => self.totals.writes.add(latency_us),
            Kind::Read | Kind::AtOnce => self.totals.reads.add(latency_us),
        }
        (now, latency_us)
    }

    /// Counts replies and events that are given out.
    pub(super) fn send(&mut self, packets: u64) {
        self.totals.sent += packets;
    }

    /// Notes the size of a reply, of which the length in front of it is no part.
    pub(super) fn measure(&mut self, frame_bytes: usize) {
        let bytes = frame_bytes.saturating_sub(size_of::<u32>()) as u64;
        self.totals.measure(Sizes { last: bytes, min: bytes, max: bytes });
    }

    /// Gives everything away, at the end of an entry.
    pub(super) fn take(&mut self) -> Option<Tally> {
        let counted = self.answered > 0 || self.totals.sent > 0;
        counted.then(|| std::mem::take(self))
    }
}

impl Statistics {
    /// Counts requests that were read, with all bytes that came.
    pub(super) fn receive(&mut self, requests: u64, bytes: u64) {
        self.totals.received += requests;
        self.totals.received_bytes += bytes;
    }

    pub(super) fn add(&mut self, tally: &Tally) {
        self.totals.merge(&tally.totals);
        self.outstanding -= tally.answered;
    }

    pub(super) fn reset(&mut self) {
        self.totals = Totals::default();
    }
}

impl Record {
    /// Counts a request that is answered; one of the client's own has a number from 0 on.
    pub(super) fn answer(&mut self, xid: i32, answered: Answered) {
        self.last_xid = u32::try_from(xid).ok().or(self.last_xid);
        self.latency.add(answered.latency_us);
        self.last = Some(answered);
    }

    pub(super) fn reset(&mut self) {
        *self = Record::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(at: Moment, kind: Kind) -> Begun {
        Begun { at, kind }
    }

    #[test]
    fn the_clock_is_asked_once_an_entry_and_never_for_what_is_answered_at_once() {
        let never = || panic!("no clock is needed");
        let mut tally = Tally::default();
        assert_eq!(tally.answer(begun(7, Kind::AtOnce), never), (7, 0));
        assert_eq!(tally.answer(begun(1000, Kind::Write), || 5000), (5000, 4000));
        assert_eq!(tally.answer(begun(2000, Kind::Read), never), (5000, 3000));
        let mut statistics = Statistics { outstanding: 3, ..Statistics::default() };
        statistics.add(&tally.take().expect("something was counted"));
        assert_eq!(statistics.outstanding, 0);
        assert_eq!((statistics.totals.reads.count, statistics.totals.writes.count), (2, 1));
        assert!(tally.take().is_none());
        assert_eq!(tally.answer(begun(6000, Kind::Write), || 6500), (6500, 500), "another entry");
    }

    #[test]
    fn latencies_are_shown_in_milliseconds() {
        let mut totals = Totals::default();
        let latency = totals.latency();
        assert_eq!((latency.min_ms(), latency.mean_ms(), latency.max_ms()), (0, 0.0, 0));
        [1500, 3000, 9999].into_iter().for_each(|us| totals.writes.add(us));
        let latency = totals.latency();
        assert_eq!((latency.min_ms(), latency.mean_ms(), latency.max_ms()), (1, 4.833, 9));
        totals.reads.add(0);
        assert_eq!((totals.latency().min_ms(), totals.latency().count), (0, 4));
    }

    #[test]
    fn the_sizes_of_replies_are_kept_from_entry_to_entry() {
        let mut statistics = Statistics::default();
        for sizes in [&[30, 10][..], &[20]] {
            let mut tally = Tally::default();
            for size in sizes {
                tally.send(1);
                tally.measure(*size + 4);
            }
            statistics.add(&tally.take().expect("something was counted"));
        }
        assert_eq!(statistics.totals.reply_bytes, Some(Sizes { last: 20, min: 10, max: 30 }));
        assert_eq!(statistics.totals.sent, 3);
        statistics.reset();
        assert_eq!(statistics.totals, Totals::default());
    }

    #[test]
    fn a_connections_pings_leave_the_number_of_its_last_request() {
        let mut record = Record::default();
        let answered = Answered { operation: "GETD", zxid: 5, at: 10, latency_us: 1 };
        record.answer(3, answered);
        record.answer(-2, Answered { operation: "PING", ..answered });
        assert_eq!((record.last_xid, record.last.map(|last| last.operation)), (Some(3), Some("PING")));
        record.reset();
        assert_eq!(record, Record::default());
    }
}
