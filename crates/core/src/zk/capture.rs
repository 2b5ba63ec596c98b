//! Reads all znodes and sessions piece by piece, as they were at one moment, while they go on changing.
//!
//! Sessions are copied at once, for they are few. Znodes are read in place, some slots at a time; see `nodes.rs` for
//! how one that changes meanwhile is kept as it was.

use super::command::SessionId;
use super::tree::Tree;
use crate::snapshot::{Record, SessionRecord, TreeHeader};

/// What a running snapshot has copied and not yet given away.
#[derive(Default)]
pub(super) struct Capture {
    header: Option<TreeHeader>,
    /// Last first.
    sessions: Vec<SessionRecord>,
}

impl Tree {
    /// Fixes what the snapshot is of. One that is running is given up.
    pub(crate) fn snapshot_begin(&mut self) {
        let header = TreeHeader {
            zxid: self.zxid,
            next_birth: self.next_birth,
            timers_pause: self.timers_pause,
            sessions: self.sessions.len() as u64,
            znodes: self.nodes.len() as u64,
        };
        let facts = self.session_facts(SessionId::MIN).map(|session| SessionRecord {
            id: session.session,
            password: session.password,
            timeout_ms: session.timeout_ms,
            connection: session.connection,
        });
        let mut sessions: Vec<_> = facts.collect();
        sessions.reverse();
        self.capture = Capture { header: Some(header), sessions };
        self.nodes.walk_begin();
    }

    /// Gives about `slots` records to `sink`, at most twice as many, and about `bytes` of data. True while there are
    /// more.
    pub(crate) fn snapshot_next(
        &mut self,
        slots: usize,
        bytes: usize,
        sink: &mut dyn FnMut(Record<'_>),
    ) -> bool {
        // With no slots at all it would never end.
        let mut left = slots.max(1);
        while left > 0 && self.capture.give_one(sink) {
            left -= 1;
        }
        left == 0 || self.nodes.walk_next(left, bytes.max(1), &mut |znode| sink(Record::Znode(znode)))
    }

    /// Gives a running snapshot up.
    pub(crate) fn snapshot_abort(&mut self) {
        self.capture = Capture::default();
        self.nodes.walk_abort();
    }
}

impl Capture {
    /// Gives the next record away; false if there is none.
    fn give_one(&mut self, sink: &mut dyn FnMut(Record<'_>)) -> bool {
        if let Some(header) = self.header.take() {
            sink(Record::Tree(header));
        } else if let Some(session) = self.sessions.pop() {
            sink(Record::Session(session));
        } else {
            return false;
        }
        true
    }
}
