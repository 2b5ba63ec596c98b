//! openraft's view of the state machine: entries in, snapshots out and in.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use futures_util::{Stream, StreamExt};
use openraft::storage::{EntryResponder, RaftStateMachine};

use trellis_core::State;

use crate::applied::{SharedApplied, lock};
use crate::fault::Fault;
use crate::gauge::LogGauge;
use crate::snapshot::{SnapshotBuilder, SnapshotFile, Snapshots};
use crate::types::{Entry, LogId, Payload, Snapshot, SnapshotMeta, StoredMembership, Types};

/// A job in a snapshot, without its body.
const JOB_RECORD_BYTES: u64 = 64;

/// A znode in a snapshot, without its data: its name and a list like most are among it.
const ZNODE_RECORD_BYTES: u64 = 128;

/// Applies committed entries to the shared state.
pub(crate) struct Machine {
    applied: SharedApplied,
    snapshots: Snapshots,
    gauge: Arc<LogGauge>,
    fault: Arc<Fault>,
}

impl Machine {
    pub(crate) fn new(
        applied: SharedApplied,
        snapshots: Snapshots,
        gauge: Arc<LogGauge>,
        fault: Arc<Fault>,
    ) -> Self {
        Machine { applied, snapshots, gauge, fault }
    }

    fn apply_entry(&mut self, entry: Entry) -> io::Result<()> {
        let mut applied = lock(&self.applied);
        match entry.payload {
            Payload::Blank => {}
            Payload::Normal(proposal) => applied.apply(&proposal.0)?,
            Payload::Membership(membership) => {
                applied.membership = StoredMembership::new(Some(entry.log_id), membership);
            }
        }
        applied.last = Some(entry.log_id);
        self.note(&applied.state);
        Ok(())
    }

    fn note(&self, state: &State) {
        let totals = state.totals();
        let jobs = totals.current_jobs_ready
            + totals.current_jobs_reserved
            + totals.current_jobs_delayed
            + totals.current_jobs_buried;
        self.gauge.body_bytes.store(totals.body_bytes, Relaxed);
        let tree = state.zk_totals();
        let queue_bytes = totals.body_bytes + jobs * JOB_RECORD_BYTES;
        let tree_bytes = tree.data_bytes + tree.znodes * ZNODE_RECORD_BYTES;
        self.gauge.state_bytes.store(queue_bytes + tree_bytes, Relaxed);
    }
}

impl RaftStateMachine<Types> for Machine {
    type SnapshotData = SnapshotFile;
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        let applied = lock(&self.applied);
        Ok((applied.last, applied.membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> Result<(), io::Error>
    where
        S: Stream<Item = Result<EntryResponder<Types>, io::Error>> + Unpin + Send,
    {
        while let Some(next) = entries.next().await {
            let applied = next.and_then(|(entry, responder)| {
                self.apply_entry(entry)?;
                Ok(responder)
            });
            match applied {
                Ok(Some(responder)) => responder.send(()),
                // Nobody waits for it here: it is replayed. A signal is to be heard during a long start.
                Ok(None) => tokio::task::yield_now().await,
                Err(error) => {
                    self.fault.set(&format!("an entry of the log cannot be carried out: {error}"));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        self.snapshots.begin(&self.applied)
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: SnapshotFile,
    ) -> Result<(), io::Error> {
        let state = self.snapshots.load(&snapshot).await.inspect_err(|error| {
            self.fault.set(&format!("the snapshot cannot be used: {error}"));
        })?;
        let mut applied = lock(&self.applied);
        applied.state = state;
        applied.last = meta.last_log_id;
        applied.membership = meta.last_membership.clone();
        self.note(&applied.state);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, io::Error> {
        self.snapshots.current()
    }
}
