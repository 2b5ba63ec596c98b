//! openraft's log, kept by `wal` on disk and by a cache of the newest entries in memory; without a disk, by the
//! cache alone.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{Stream, stream};
use openraft::entry::RaftEntry;
use openraft::storage::{IOFlushed, LogState, RaftLogStorage};
use openraft::{OptionalSend, RaftLogReader};
use trellis_wal::{Disk, Options, Wal, WalError};

use crate::cache::Cache;
use crate::fault::Fault;
use crate::format::{FormatError, entry, payload};
use crate::gauge::LogGauge;
use crate::limits::{FULL_DISK_REMINDER, FULL_DISK_RETRY, REPLAY_BYTES};
use crate::settings::{Durability, Settings};
use crate::syncing::{Pace, Syncing};
use crate::types::{Entry, LogId, Payload, Types, Vote, log_id};

/// A handle on the log; clones are the same log.
#[derive(Clone)]
pub(crate) struct LogStore(Arc<Shared>);

struct Shared {
    log: Arc<Mutex<Log>>,
    syncing: Syncing,
    gauge: Arc<LogGauge>,
    fault: Arc<Fault>,
}

/// The log itself. Without a `wal`, the newest entries are all there is: that is enough for a node without peers,
/// whose entries are applied as soon as they are appended.
pub(crate) struct Log {
    pub(crate) wal: Option<Wal>,
    cache: Cache,
    vote: Option<Vote>,
    last: Option<LogId>,
    purged: Option<LogId>,
}

pub(crate) fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LogStore {
    pub(crate) fn open(
        disk: Option<Arc<dyn Disk>>,
        settings: &Settings,
        gauge: Arc<LogGauge>,
        fault: Arc<Fault>,
    ) -> Result<Self, WalError> {
        let mut log = Log { wal: None, cache: Cache::default(), vote: None, last: None, purged: None };
        if let Some(disk) = disk {
            log.recover(disk, settings)?;
        }
        let log = Arc::new(Mutex::new(log));
        let pace = match settings.durability {
            Durability::Memory => Pace::Never,
            Durability::Interval { sync } => Pace::Every(sync),
            Durability::Strict => Pace::Always,
        };
        let syncing = Syncing::start(Arc::clone(&log), pace, Arc::clone(&gauge), Arc::clone(&fault));
        let shared = Shared { log, syncing, gauge, fault };
        if lock(&shared.log).wal.is_some() {
            shared.gauge.segment_bytes.store(settings.segment_bytes, Relaxed);
        }
        shared.note_segments();
        Ok(LogStore(Arc::new(shared)))
    }

    /// The last entry that was given up.
    pub(crate) fn purged(&self) -> Option<LogId> {
        lock(&self.0.log).purged
    }

    /// Syncs what is written and ends the threads.
    pub(crate) async fn close(&self) {
        self.0.syncing.close().await;
    }
}

impl Log {
    fn recover(&mut self, disk: Arc<dyn Disk>, settings: &Settings) -> Result<(), WalError> {
        let options = Options { segment_bytes: settings.segment_bytes, salt_seed: settings.salt_seed };
        let (wal, recovered) = Wal::open(disk, options)?;
        if let Some(tail) = &recovered.tail {
            tracing::warn!("{tail}");
        }
        if let Some(copy) = &recovered.damaged_copy {
            tracing::warn!("{copy}");
        }
        self.last = wal.last().map(to_log_id);
        self.purged = wal.last_purged().map(to_log_id);
        let damaged = |error: FormatError| WalError::Corrupt {
            file: settings.data_dir.display().to_string(),
            offset: 0,
            what: format!("the vote in the log cannot be read: {error}"),
        };
        self.vote = wal.vote().map(payload::decode_vote).transpose().map_err(damaged)?;
        self.wal = Some(wal);
        Ok(())
    }

    fn append(&mut self, entry: &Entry) -> Result<(), WalError> {
        if let Some(wal) = &mut self.wal {
            let (tag, content) = payload::encode(&entry.payload);
            wal.append_entry(to_wal_id(entry.log_id), &[&[tag], &content])?;
        }
        self.last = Some(entry.log_id);
        self.cache.push(entry.clone());
        Ok(())
    }

    /// Entries from `start` on, up to about [`REPLAY_BYTES`] of them but at least one, if there are any before `end`.
    fn read(&self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        let cached = self.cache.first().unwrap_or(u64::MAX);
        // What lies before the first entry held has been purged, or has never been.
        let start = start.max(self.wal.as_ref().map_or(cached, Wal::first_index));
        if start >= cached {
            return Ok(self.cache.range(start, end).cloned().collect());
        }
        let Some(wal) = &self.wal else { return Ok(Vec::new()) };
        let entries = wal.read(start..end.min(cached), REPLAY_BYTES as u64).map_err(io::Error::other)?;
        let decode = |entry: trellis_wal::Entry| {
            let payload = payload::decode(&entry.payload)?;
            Ok(Entry { log_id: to_log_id(entry.id), payload })
        };
        entries.into_iter().map(decode).collect()
    }
}

impl Shared {
    /// Runs a change of the log; a failure is final.
    fn change<T>(&self, change: impl FnOnce(&mut Log) -> Result<T, WalError>) -> io::Result<T> {
        let result = change(&mut lock(&self.log));
        result.map_err(|error| {
            self.fault.set(&error.to_string());
            io::Error::other(error)
        })
    }

    /// Reads entries; see [`Log::read`]. A failure is final, and better told in our words than in openraft's.
    fn read(&self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        let entries = lock(&self.log).read(start, end);
        entries.inspect_err(|error| self.fault.set(&error.to_string()))
    }

    /// Appends an entry. If the log needs another file and the disk has no room for it, this waits for room: nothing
    /// is lost by that, nothing is acknowledged, and new jobs are refused meanwhile.
    async fn append(&self, entry: &Entry) -> io::Result<()> {
        for waited in 0_u32.. {
            match lock(&self.log).append(entry) {
                Ok(()) => {
                    self.gauge.log_waits.store(false, Relaxed);
                    return Ok(());
                }
                Err(error) if error.lacks_file() => {
                    self.gauge.log_waits.store(true, Relaxed);
                    if waited.is_multiple_of(FULL_DISK_REMINDER) {
                        tracing::error!(%error, "nothing is written or acknowledged until the log can have it");
                    }
                }
                Err(error) => {
                    self.fault.set(&error.to_string());
                    return Err(io::Error::other(error));
                }
            }
            tokio::time::sleep(FULL_DISK_RETRY).await;
        }
        Ok(())
    }

    /// Tells the figures that change with the log's files, and has the next file prepared.
    fn note_segments(&self) {
        let log = lock(&self.log);
        let Some(wal) = &log.wal else {
            return self.gauge.space_left.store(u64::MAX, Relaxed);
        };
        let numbers = wal.segment_numbers();
        let since_snapshot = log.purged.map_or(wal.live_bytes(), |purged| wal.bytes_since(purged.index + 1));
        self.gauge.log_bytes.store(since_snapshot, Relaxed);
        self.gauge.space_left.store(wal.space_left(), Relaxed);
        self.gauge.segment_oldest.store(*numbers.start(), Relaxed);
        let before = self.gauge.segment_current.swap(*numbers.end(), Relaxed);
        drop(log);
        if before != *numbers.end() {
            self.syncing.prepare_spare();
        }
    }
}

impl RaftLogReader<Types> for LogStore {
    async fn try_get_log_entries<R>(&mut self, range: R) -> Result<Vec<Entry>, io::Error>
    where
        R: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (mut next, end) = bounds(&range);
        let mut entries = Vec::new();
        while next < end {
            let more = self.0.read(next, end)?;
            let Some(last) = more.last() else { break };
            next = last.index() + 1;
            entries.extend(more);
            // openraft looks through the log like this at the start, and a signal is to be heard meanwhile.
            tokio::task::yield_now().await;
        }
        Ok(entries)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(lock(&self.0.log).vote)
    }

    /// Reads while it is read from, so that the replay of a long log doesn't need all of it in memory.
    async fn entries_stream<R>(
        &mut self,
        range: R,
    ) -> impl Stream<Item = Result<Entry, io::Error>> + OptionalSend
    where
        R: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (start, end) = bounds(&range);
        let shared = Arc::clone(&self.0);
        stream::unfold((start, Vec::new().into_iter()), move |(mut next, mut entries)| {
            let shared = Arc::clone(&shared);
            async move {
                if entries.len() == 0 && next < end {
                    match shared.read(next, end) {
                        Ok(more) => entries = more.into_iter(),
                        Err(error) => return Some((Err(error), (end, Vec::new().into_iter()))),
                    }
                }
                let entry: Entry = entries.next()?;
                next = entry.index() + 1;
                Some((Ok(entry), (next, entries)))
            }
        })
    }
}

impl RaftLogStorage<Types> for LogStore {
    type LogReader = LogStore;

    async fn get_log_state(&mut self) -> Result<LogState<Types>, io::Error> {
        let log = lock(&self.0.log);
        Ok(LogState { last_purged_log_id: log.purged, last_log_id: log.last.max(log.purged) })
    }

    async fn get_log_reader(&mut self) -> LogStore {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        self.0.syncing.idle().await;
        self.0.change(|log| {
            if let Some(wal) = &mut log.wal {
                wal.save_vote(&payload::encode_vote(vote))?;
                wal.sync()?;
            }
            log.vote = Some(*vote);
            Ok(())
        })
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut durable = false;
        let mut count = 0;
        let mut bytes = 0;
        for entry in entries {
            durable |= must_be_durable(&entry);
            count += 1;
            bytes += size(&entry);
            self.0.append(&entry).await?;
        }
        self.0.change(|log| {
            let Some(wal) = &mut log.wal else { return Ok(()) };
            wal.flush()?;
            self.0.gauge.records_written.fetch_add(count, Relaxed);
            Ok(())
        })?;
        self.0.syncing.written(bytes, durable, callback);
        self.0.note_segments();
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        self.0.change(|log| {
            let after = last.map(|id| id.index);
            if let Some(wal) = &mut log.wal {
                wal.truncate_after(after)?;
                wal.flush()?;
            }
            log.cache.truncate_after(after);
            log.last = log.last.min(last);
            Ok(())
        })
    }

    async fn purge(&mut self, upto: LogId) -> Result<(), io::Error> {
        let mut removed = None;
        self.0.change(|log| {
            if let Some(wal) = &mut log.wal {
                match wal.purge(to_wal_id(upto)) {
                    Ok(files) => {
                        wal.flush()?;
                        removed = Some(files);
                    }
                    // The entries stay until the next time; they are of no harm.
                    Err(error) if error.lacks_file() => tracing::error!(%error, "old entries are kept"),
                    Err(error) => return Err(error),
                }
            }
            log.cache.purge(upto.index);
            log.purged = Some(upto);
            Ok(())
        })?;
        if let Some(removed) = removed {
            self.0.syncing.release(removed);
        }
        self.0.note_segments();
        Ok(())
    }
}

/// Whether an entry acknowledges something that a crash must not undo. What the consensus says of itself does.
fn must_be_durable(entry: &Entry) -> bool {
    match &entry.payload {
        Payload::Normal(proposal) => entry::is_durable(&proposal.0),
        Payload::Blank | Payload::Membership(_) => true,
    }
}

/// The bytes of an entry's content.
fn size(entry: &Entry) -> usize {
    match &entry.payload {
        Payload::Normal(proposal) => proposal.0.len(),
        Payload::Blank | Payload::Membership(_) => 0,
    }
}

fn bounds(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    (start, end)
}

fn to_wal_id(id: LogId) -> trellis_wal::LogId {
    // Leader ids of standard Raft are terms; no node belongs to them.
    trellis_wal::LogId { term: id.leader_id.term, node: 0, index: id.index }
}

fn to_log_id(id: trellis_wal::LogId) -> LogId {
    log_id(id.term, id.index)
}
