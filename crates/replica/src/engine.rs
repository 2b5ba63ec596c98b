//! Group commit: while one entry is in flight, everything that arrives joins the next one.
//!
//! The engine is one task with one entry in flight. It also is the pulse of the state machine: if something is due
//! and nothing arrives, it proposes an entry without commands, which carries nothing but the time.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use trellis_core::{ConnectionId, NodeId, Time, tube, zk};

use crate::applied::{SharedApplied, lock};
use crate::batch::{Batch, Query};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::format::{FormatError, entry};
use crate::gauge::LogGauge;
use crate::limits::{
    BATCH_BUFFER_BYTES_MAX, FREEING_SHARE, FULL_DISK_RETRY, FULL_LOG_REMINDER, RECORD_BYTES_MAX,
    SNAPSHOT_LOG_BYTES_MIN, SNAPSHOT_REQUEST_BYTES,
};
use crate::types::{Proposal, Raft};
use crate::unlogged::{Room, Unlogged};

/// Where connections leave their commands.
pub(crate) struct Intake {
    node: NodeId,
    batch: Mutex<Batch>,
    arrived: Notify,
}

impl Intake {
    /// Batches are numbered from `first` on, which must be larger than any number of an earlier life of the node.
    pub(crate) fn new(node: NodeId, first: u64) -> Self {
        Intake { node, batch: Mutex::new(Batch::new(node, first, Vec::new())), arrived: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn submit(&self, connection: ConnectionId, command: &tube::Command<'_>) {
        self.add(|batch| batch.push(connection, command));
    }

    pub(crate) fn submit_zk(&self, connection: ConnectionId, command: &zk::Command<'_>) {
        self.add(|batch| batch.push_zk(connection, command));
    }

    pub(crate) fn query(&self, connection: ConnectionId, query: Query) {
        self.add(|batch| batch.query(connection, query));
    }

    pub(crate) fn close_node(&self) {
        self.add(|batch| batch.push_close_node(self.node));
    }

    /// Ready when the batch takes more; otherwise the task is woken when it does.
    pub(crate) fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut batch = self.lock();
        if batch.is_full() {
            batch.wake_when_taken(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    fn add(&self, what: impl FnOnce(&mut Batch)) {
        let mut batch = self.lock();
        let first = batch.is_empty();
        what(&mut batch);
        drop(batch);
        if first {
            self.arrived.notify_one();
        }
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Takes the batch, leaving an empty one with the next number.
    fn take(&self) -> Batch {
        let mut batch = self.lock();
        // The next batch is likely to be as large as this one.
        let buffer = Vec::with_capacity(batch.bytes.len().min(BATCH_BUFFER_BYTES_MAX));
        let next = Batch::new(self.node, batch.number + 1, buffer);
        let mut taken = std::mem::replace(&mut *batch, next);
        drop(batch);
        taken.wake_waiting();
        taken
    }
}

/// The task that proposes.
pub(crate) struct Engine {
    pub(crate) intake: Arc<Intake>,
    pub(crate) applied: SharedApplied,
    pub(crate) raft: Raft,
    pub(crate) clock: Clock,
    pub(crate) fault: Arc<Fault>,
    pub(crate) gauge: Arc<LogGauge>,
    /// The bytes of log at which a snapshot is asked for again, once it was.
    pub(crate) snapshot_at: u64,
    /// What the log had no room for.
    pub(crate) unlogged: Unlogged,
    /// What there was room for in the log the last time, and when it was last said that it is not all.
    pub(crate) room: Room,
    pub(crate) full_said: Option<Instant>,
    /// Becomes true to end the engine, after what has arrived until then.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Engine {
    /// Runs until it is told to stop or an entry can't be committed. Nothing is acknowledged after that.
    pub(crate) async fn run(mut self) {
        let mut commands_before = 0;
        loop {
            if self.intake.is_empty() {
                self.wait().await;
            }
            if commands_before > 1 {
                // Connections that became readable together get their turn before the batch is taken. With a
                // single busy connection there is nobody to wait for.
                tokio::task::yield_now().await;
            }
            let stopping = *self.stop.borrow();
            commands_before = match self.propose().await {
                Ok(commands) => commands,
                Err(reason) => return self.fault.set(&reason),
            };
            if stopping {
                return;
            }
            if let Err(reason) = self.keep_log_short().await {
                return self.fault.set(&reason);
            }
        }
    }

    /// Has a snapshot taken when a restart would have too much to replay, or when the disk is full and old entries
    /// take room. One that is under way is not disturbed by another request, nor does it count as one, so it is asked
    /// for again when the log has grown by some more.
    async fn keep_log_short(&mut self) -> Result<(), String> {
        let log_bytes = self.gauge.log_bytes.load(Relaxed);
        let state_bytes = self.gauge.state_bytes.load(Relaxed);
        let limit = if self.gauge.disk_full.load(Relaxed) {
            state_bytes + SNAPSHOT_REQUEST_BYTES
        } else {
            (state_bytes / 2).max(SNAPSHOT_LOG_BYTES_MIN)
        };
        if log_bytes < limit {
            self.snapshot_at = 0;
        } else if log_bytes >= self.snapshot_at {
            self.snapshot_at = log_bytes + SNAPSHOT_REQUEST_BYTES;
            let triggered = self.raft.trigger().snapshot().await;
            triggered.map_err(|error| format!("a snapshot can't be taken: {error}"))?;
        }
        Ok(())
    }

    /// What of `batch`, with what has to go before it, the log has room for. If its next file is still being made, this
    /// waits for that: made on the spot, it would hold everybody up, and nobody could be told that the disk is full.
    async fn find_room(&self, batch: &Batch) -> Room {
        let segment_bytes = self.gauge.segment_bytes.load(Relaxed);
        let needed = (batch.bytes.len() + self.unlogged.bytes_max() + RECORD_BYTES_MAX) as u64;
        // A batch that fits into no file gets one of its own.
        let needed = needed.min(segment_bytes / 2);
        loop {
            let left = self.gauge.space_left.load(Relaxed);
            let full = self.gauge.disk_full.load(Relaxed);
            if left >= needed + segment_bytes / FREEING_SHARE {
                return Room::All;
            }
            if full {
                return if left >= needed { Room::Freeing } else { Room::Nothing };
            }
            self.gauge.spare_tried.notified().await;
        }
    }

    /// Says now and then that there is not room for all.
    fn note_room(&mut self, room: Room) {
        self.room = room;
        if room == Room::All || self.full_said.is_some_and(|said| said.elapsed() < FULL_LOG_REMINDER) {
            return;
        }
        self.full_said = Some(Instant::now());
        let needed = self.gauge.segment_bytes.load(Relaxed);
        if room == Room::Freeing {
            tracing::error!(
                needed,
                "the log is nearly full: all but what frees it is refused until it can have another file of this many bytes"
            );
        } else {
            tracing::error!(
                needed,
                "the log is full: all that changes anything is refused until it can have another file of this many bytes"
            );
        }
    }

    /// Returns when something has arrived, something is due, or the engine has to stop. While the log is full, it is
    /// looked at again and again, too.
    async fn wait(&mut self) {
        let due = match self.room {
            Room::Nothing => None,
            Room::All | Room::Freeing => lock(&self.applied).state.next_due(),
        };
        let due = due.map(|time| self.clock.instant(time));
        let again = self.room == Room::Nothing || !self.unlogged.is_empty();
        let again = again.then(|| Instant::now() + FULL_DISK_RETRY);
        let until = due.into_iter().chain(again).min();
        tokio::select! {
            biased;
            () = self.intake.arrived.notified() => {}
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
            _ = self.stop.changed() => {}
        }
    }

    /// Sees one batch through; gives the number of its commands that were logged.
    async fn propose(&mut self) -> Result<usize, String> {
        let mut batch = self.intake.take();
        let at = self.clock.now();
        let is_due = self.is_due(at);
        if batch.commands == 0 && self.unlogged.is_empty() && !is_due {
            if !batch.queries.is_empty() {
                lock(&self.applied).answer(at, batch.queries);
            }
            return Ok(0);
        }
        let room = self.find_room(&batch).await;
        self.note_room(room);
        let saves = self.gauge.disk_full.load(Relaxed);
        if room != Room::All || (saves && !is_due && self.changes_nothing(at, &batch)?) {
            let mut applied = lock(&self.applied);
            let room = if room == Room::All { Room::Nothing } else { room };
            batch = self.unlogged.sift(room, &applied.state, at, batch).map_err(unreadable)?;
            let is_needed = batch.commands > 0 || is_due || self.unlogged.has_ended();
            if room == Room::Nothing || !is_needed {
                applied.answer(at, batch.queries);
                return Ok(0);
            }
        }
        self.log(at, batch).await
    }

    /// Whether a batch needs no entry, for want of anything that changes.
    fn changes_nothing(&self, at: Time, batch: &Batch) -> Result<bool, String> {
        Ok(self.unlogged.is_empty() && lock(&self.applied).changes_nothing(at, batch).map_err(unreadable)?)
    }

    /// Makes an entry of a batch and of what has to go before it, and sees it through.
    async fn log(&mut self, at: Time, batch: Batch) -> Result<usize, String> {
        let batch = self.unlogged.lead(batch);
        let Batch { number, mut bytes, commands, queries, mut durable, .. } = batch;
        {
            let mut applied = lock(&self.applied);
            // What happens by itself uses up a zxid, too.
            durable |= applied.state.zk_next_due().is_some_and(|due| due <= at);
            applied.expect(number, queries);
        }
        entry::seal(&mut bytes, at, durable);
        match self.raft.client_write(Proposal(bytes.into())).await {
            Ok(_) => Ok(commands),
            Err(error) => Err(format!("an entry can't be committed: {error}")),
        }
    }

    fn is_due(&self, at: Time) -> bool {
        lock(&self.applied).state.next_due().is_some_and(|due| due <= at)
    }
}

fn unreadable(error: FormatError) -> String {
    format!("a batch cannot be read: {error}")
}
