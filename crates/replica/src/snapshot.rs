//! Snapshots: written slice by slice between batches while the state goes on changing, and loaded at the start.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use openraft::RaftSnapshotBuilder;
use tokio::sync::{mpsc, oneshot};
use trellis_core::snapshot::Record;
use trellis_core::{Restore, State};
use trellis_wal::snapshot::{SnapshotReader, Snapshots as Files};
use trellis_wal::{Disk, WalError};

use crate::applied::{Applied, SharedApplied, lock};
use crate::format::snapshot as format;
use crate::gauge::LogGauge;
use crate::limits::{
    SNAPSHOT_CHUNK_BYTES, SNAPSHOT_CHUNKS_WAITING_MAX, SNAPSHOT_RETRY, SNAPSHOT_SLICE_SLOTS,
};
use crate::settings::Settings;
use crate::types::{LogId, Snapshot, SnapshotMeta, Types};

/// A complete snapshot on a disk, by its number.
#[derive(Clone)]
pub(crate) struct SnapshotFile {
    directory: Directory,
    number: u64,
}

/// Where snapshots lie.
#[derive(Clone)]
struct Directory {
    disk: Arc<dyn Disk>,
    files: Files,
}

/// The snapshots in the data directory; without one there are none.
#[derive(Clone)]
pub(crate) struct Snapshots {
    directory: Option<Directory>,
    /// For the states that come out of them; see [`State::seeded`].
    seed: u64,
    gauge: Arc<LogGauge>,
}

impl Snapshots {
    /// Looks what is there, and removes what a crash has left incomplete.
    pub(crate) fn open(
        disk: Option<Arc<dyn Disk>>,
        settings: &Settings,
        gauge: Arc<LogGauge>,
    ) -> Result<Self, WalError> {
        let open = |disk| Ok(Directory { files: Files::open(Arc::clone(&disk))?, disk });
        Ok(Snapshots { directory: disk.map(open).transpose()?, seed: settings.salt_seed, gauge })
    }

    fn directory(&self) -> io::Result<Directory> {
        let none = || io::Error::new(io::ErrorKind::Unsupported, "a server without files takes no snapshots");
        self.directory.clone().ok_or_else(none)
    }

    /// Fixes the state that a snapshot is of.
    pub(crate) fn begin(&self, applied: &SharedApplied) -> SnapshotBuilder {
        let meta = begin(applied);
        SnapshotBuilder { applied: Arc::clone(applied), snapshots: self.clone(), meta }
    }

    /// The newest snapshot.
    pub(crate) fn current(&self) -> io::Result<Option<Snapshot>> {
        let Some(directory) = self.directory.clone() else { return Ok(None) };
        let Some(number) = directory.files.latest().map_err(io::Error::other)? else { return Ok(None) };
        let reader = directory.files.read(number).map_err(io::Error::other)?;
        let meta = format::decode_meta(reader.meta()).map_err(|error| not_understood(&reader, 0, &error))?;
        Ok(Some(Snapshot { meta, snapshot: SnapshotFile { directory, number } }))
    }

    /// Brings the newest snapshot into an empty state, if there is one. Only reads, so that nothing is changed yet when
    /// the snapshot turns out to be damaged. Gives the entry up to which it reaches.
    pub(crate) async fn restore(&self, applied: &mut Applied) -> io::Result<Option<LogId>> {
        let Some(Snapshot { meta, snapshot }) = self.current()? else { return Ok(None) };
        applied.state = self.load(&snapshot).await?;
        applied.last = meta.last_log_id;
        applied.membership = meta.last_membership;
        Ok(meta.last_log_id)
    }

    /// Reads a snapshot's state; one that comes from elsewhere is kept here from then on.
    pub(crate) async fn load(&self, file: &SnapshotFile) -> io::Result<State> {
        let Directory { disk, files } = self.directory()?;
        let mut reader = file.directory.files.read(file.number).map_err(io::Error::other)?;
        let mut copy = match Arc::ptr_eq(&disk, &file.directory.disk) {
            true => None,
            false => Some(files.create(file.number, reader.meta()).map_err(io::Error::other)?),
        };
        let mut restore = Restore::seeded(self.seed);
        let mut at = reader.offset();
        while let Some(chunk) = reader.next() {
            let chunk = chunk.map_err(io::Error::other)?;
            format::decode(&chunk, &mut |record| restore.add(&record).map_err(io::Error::other))
                .map_err(|error| not_understood(&reader, at, &error))?;
            at = reader.offset();
            if let Some(copy) = &mut copy {
                copy.write(&chunk).map_err(io::Error::other)?;
            }
            // So that a signal is heard during a long start.
            tokio::task::yield_now().await;
        }
        let state = restore.finish().map_err(|error| not_understood(&reader, at, &error))?;
        if let Some(copy) = copy {
            copy.finish().and_then(|_| files.remove_older(file.number)).map_err(io::Error::other)?;
        }
        Ok(state)
    }
}

/// The part of a snapshot at `offset` is what was written, and yet makes no sense.
fn not_understood(reader: &SnapshotReader, offset: u64, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{} cannot be understood from byte {offset} on: {error}", reader.file()))
}

/// One snapshot in the making.
pub(crate) struct SnapshotBuilder {
    applied: SharedApplied,
    snapshots: Snapshots,
    meta: SnapshotMeta,
}

/// Fixes the state as it is now, and says what it is of.
fn begin(applied: &SharedApplied) -> SnapshotMeta {
    let mut applied = lock(applied);
    applied.state.snapshot_begin();
    SnapshotMeta { last_log_id: applied.last, last_membership: applied.membership.clone() }
}

impl RaftSnapshotBuilder<Types> for SnapshotBuilder {
    type SnapshotData = SnapshotFile;

    /// A snapshot that can't be written harms nobody but the log's length, so it is tried again, of a later state,
    /// until it can. It isn't begun without the room for it, or it would take the last blocks from the log.
    async fn build_snapshot(&mut self) -> Result<Snapshot, io::Error> {
        let directory = self.snapshots.directory()?;
        let mut lacked_room = false;
        loop {
            if let Some(Lack { needed, free }) = self.lack_of_room(directory.disk.as_ref()) {
                lock(&self.applied).state.snapshot_abort();
                if !std::mem::replace(&mut lacked_room, true) {
                    tracing::error!(
                        needed,
                        free,
                        "the disk has no room for a snapshot; the log grows until it has"
                    );
                }
                tokio::time::sleep(SNAPSHOT_RETRY).await;
                self.meta = begin(&self.applied);
                continue;
            }
            match self.build(directory.files.clone()).await {
                Ok(number) => {
                    return Ok(Snapshot {
                        meta: self.meta.clone(),
                        snapshot: SnapshotFile { directory, number },
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "cannot write a snapshot; the log grows until it can be written");
                    tokio::time::sleep(SNAPSHOT_RETRY).await;
                    self.meta = begin(&self.applied);
                }
            }
        }
    }
}

/// Bytes that a snapshot needs of a disk, and that it has.
struct Lack {
    needed: u64,
    free: u64,
}

impl SnapshotBuilder {
    /// A snapshot leaves room for the log's next file, unless the log couldn't have that anyway: then it is the snapshot
    /// that lets old files go.
    fn lack_of_room(&self, disk: &dyn Disk) -> Option<Lack> {
        let gauge = &self.snapshots.gauge;
        let next_file = match gauge.disk_full.load(Relaxed) {
            true => 0,
            false => gauge.segment_bytes.load(Relaxed),
        };
        let needed = gauge.state_bytes.load(Relaxed).saturating_add(next_file);
        // If the system doesn't know, writing will show.
        let free = disk.free_bytes().unwrap_or(u64::MAX);
        (free < needed).then_some(Lack { needed, free })
    }

    async fn build(&self, files: Files) -> io::Result<u64> {
        // Numbers are those of the entries, which never come twice with different contents.
        let number = self.meta.last_log_id.map_or(0, |id| id.index + 1);
        let (pieces, outcome) = spawn_writer(files, number, format::encode_meta(&self.meta))?;
        let Walked { jobs, znodes } = self.walk(&pieces).await;
        outcome.await.unwrap_or_else(|_| Err(io::Error::other("the snapshot's writer has gone")))?;
        self.snapshots.gauge.records_in_snapshots.fetch_add(jobs, Relaxed);
        tracing::info!(jobs, znodes, entry = number.saturating_sub(1), "took a snapshot");
        Ok(number)
    }

    /// Walks through the state, a slice at a time, leaving the thread to others in between. Ends early when the writer
    /// has gone, which then says why.
    async fn walk(&self, chunks: &mpsc::Sender<Piece>) -> Walked {
        let mut walked = Walked::default();
        let mut chunk = Vec::with_capacity(SNAPSHOT_CHUNK_BYTES);
        loop {
            let (slots, bytes) = (SNAPSHOT_SLICE_SLOTS, SNAPSHOT_CHUNK_BYTES);
            let more = lock(&self.applied).state.snapshot_next(slots, bytes, &mut |record| {
                walked.jobs += u64::from(matches!(record, Record::Job(_)));
                walked.znodes += u64::from(matches!(record, Record::Znode(_)));
                format::encode(&record, &mut chunk);
            });
            if chunk.len() >= SNAPSHOT_CHUNK_BYTES || !more {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(SNAPSHOT_CHUNK_BYTES));
                if chunks.send(Piece::Chunk(full)).await.is_err() {
                    lock(&self.applied).state.snapshot_abort();
                    return walked;
                }
            }
            if !more {
                // If the writer has gone, its outcome says why.
                let _ = chunks.send(Piece::End).await;
                return walked;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// What a walk has come across.
#[derive(Default)]
struct Walked {
    jobs: u64,
    znodes: u64,
}

/// What the writer is given.
enum Piece {
    Chunk(Vec<u8>),
    /// The snapshot is complete. Without it, the walk was given up, as at the stop of the server.
    End,
}

/// Writes chunks on a thread of its own; at their end completes the file and removes older ones. The other end gives
/// the outcome.
fn spawn_writer(
    files: Files,
    number: u64,
    meta: Vec<u8>,
) -> io::Result<(mpsc::Sender<Piece>, oneshot::Receiver<io::Result<()>>)> {
    let (chunks, mut received) = mpsc::channel(SNAPSHOT_CHUNKS_WAITING_MAX);
    let (outcome, done) = oneshot::channel();
    let write = move || {
        let mut write = || {
            let mut file = files.create(number, &meta)?;
            while let Some(piece) = received.blocking_recv() {
                match piece {
                    Piece::Chunk(chunk) => file.write(&chunk)?,
                    Piece::End => {
                        file.finish()?;
                        return files.remove_older(number);
                    }
                }
            }
            Ok(())
        };
        // Nobody waits any more if the server is stopping.
        let _ = outcome.send(write().map_err(io::Error::other));
    };
    std::thread::Builder::new().name("trellis-snapshot".to_owned()).spawn(write)?;
    Ok((chunks, done))
}
