//! Who waits for the disk, and where: the seam between the log and threads and clocks.
//!
//! Syncing on the thread that serves connections is quickest on a fast disk, since handing it over costs about as
//! much as the sync itself; on a slow disk it would stall every client that does not wait for this sync. So small
//! batches on fast disks are synced in place, and everything else by the log's thread.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use openraft::storage::IOFlushed;
use tokio::sync::Notify;
use trellis_wal::{PendingSync, RemovedFiles, Wal, WalError};

use crate::fault::Fault;
use crate::gauge::LogGauge;
use crate::limits::{
    FULL_DISK_RETRY, INLINE_SYNC_BYTES_MAX, INLINE_SYNC_MICROSECONDS_MAX, UNSYNCED_BYTES_MAX,
};
use crate::log_store::{Log, lock};
use crate::types::Types;

/// How often the log is synced.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// There is no disk.
    Never,
    /// Nobody waits; `None` leaves it to the operating system.
    Every(Option<Duration>),
    /// Before each acknowledgement.
    Always,
}

type Flushed = IOFlushed<Types>;

enum Task {
    Sync(PendingSync, Flushed),
    SyncWritten,
    PrepareSpare,
    Release(RemovedFiles),
    Stop,
}

/// Sends writes' syncs where they are run.
pub(crate) struct Syncing {
    parts: Arc<Parts>,
    pace: Pace,
    log_thread: Option<Worker>,
    segment_thread: Option<Worker>,
}

struct Parts {
    log: Arc<Mutex<Log>>,
    gauge: Arc<LogGauge>,
    fault: Arc<Fault>,
    /// A moving average of what a sync takes.
    sync_microseconds: AtomicU64,
    /// Bytes written since the last sync that was not waited for.
    unsynced: AtomicU64,
    /// Syncs handed to the thread and not done.
    queued: AtomicUsize,
    done: Notify,
}

/// A thread that works through what it is sent.
struct Worker(mpsc::Sender<Task>);

impl Syncing {
    pub(crate) fn start(log: Arc<Mutex<Log>>, pace: Pace, gauge: Arc<LogGauge>, fault: Arc<Fault>) -> Self {
        let parts = Arc::new(Parts {
            log,
            gauge,
            fault,
            sync_microseconds: AtomicU64::new(0),
            unsynced: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            done: Notify::new(),
        });
        let on_disk = !matches!(pace, Pace::Never);
        let interval = if let Pace::Every(interval) = pace { interval } else { None };
        let log_thread = on_disk.then(|| {
            let parts = Arc::clone(&parts);
            Worker::start("trellis-log", move |jobs| parts.run_log(&jobs, interval))
        });
        let segment_thread = on_disk.then(|| {
            let parts = Arc::clone(&parts);
            Worker::start("trellis-segment", move |jobs| parts.run_segments(&jobs))
        });
        Syncing { parts, pace, log_thread, segment_thread }
    }

    /// Takes over after a write of `bytes`: reports it as flushed when it is as safe as it has to be. `durable` says
    /// whether it acknowledges anything that a crash must not undo.
    pub(crate) fn written(&self, bytes: usize, durable: bool, flushed: Flushed) {
        match self.pace {
            Pace::Never => flushed.io_completed(Ok(())),
            Pace::Every(_) => {
                flushed.io_completed(Ok(()));
                let unsynced = self.parts.unsynced.fetch_add(bytes as u64, Relaxed) + bytes as u64;
                if unsynced >= UNSYNCED_BYTES_MAX
                    && let Some(worker) = &self.log_thread
                {
                    self.parts.unsynced.store(0, Relaxed);
                    worker.send(Task::SyncWritten);
                }
            }
            // With a single voter, what no client relies on may be lost in a crash. But it must not vouch for what
            // is still being synced.
            Pace::Always if !durable && self.parts.queued.load(Relaxed) == 0 => flushed.io_completed(Ok(())),
            Pace::Always => self.sync(bytes, flushed),
        }
    }

    fn sync(&self, bytes: usize, flushed: Flushed) {
        let pending = match self.parts.with_wal(Wal::begin_sync) {
            Ok(pending) => pending,
            Err(error) => return flushed.io_completed(Err(error)),
        };
        let in_place = bytes <= INLINE_SYNC_BYTES_MAX
            && self.parts.queued.load(Relaxed) == 0
            && self.parts.sync_microseconds.load(Relaxed) < INLINE_SYNC_MICROSECONDS_MAX;
        match &self.log_thread {
            Some(worker) if !in_place => {
                self.parts.queued.fetch_add(1, Relaxed);
                worker.send(Task::Sync(pending, flushed));
            }
            _ => flushed.io_completed(self.parts.run_sync(pending)),
        }
    }

    /// Resolves when the log's thread has nothing to sync.
    pub(crate) async fn idle(&self) {
        loop {
            let done = self.parts.done.notified();
            if self.parts.queued.load(Relaxed) == 0 {
                return;
            }
            done.await;
        }
    }

    /// Has the log's next file made, if there is none yet.
    pub(crate) fn prepare_spare(&self) {
        if let Some(worker) = &self.segment_thread {
            worker.send(Task::PrepareSpare);
        }
    }

    /// Frees the blocks of removed files.
    pub(crate) fn release(&self, files: RemovedFiles) {
        if let Some(worker) = &self.segment_thread {
            worker.send(Task::Release(files));
        }
    }

    /// Syncs what is written, and ends the threads.
    pub(crate) async fn close(&self) {
        self.idle().await;
        if !matches!(self.pace, Pace::Never) {
            // A failure has been reported; there is nobody left to tell.
            let _ = self.parts.with_wal(Wal::sync);
        }
        // Neither thread has anything under way that is of use to anybody, so neither is waited for.
        for worker in [&self.log_thread, &self.segment_thread].into_iter().flatten() {
            worker.send(Task::Stop);
        }
    }
}

impl Parts {
    /// Runs what may fail on the log; a failure is final.
    fn with_wal<T>(&self, what: impl FnOnce(&mut Wal) -> Result<T, WalError>) -> std::io::Result<T> {
        let mut log = lock(&self.log);
        let Some(wal) = &mut log.wal else {
            return Err(std::io::Error::other("there is no log on disk"));
        };
        what(wal).map_err(|error| {
            self.fault.set(&error.to_string());
            std::io::Error::other(error)
        })
    }

    fn run_sync(&self, pending: PendingSync) -> std::io::Result<()> {
        let started = Instant::now();
        let done = pending.run();
        let took = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        // A single slow sync among quick ones is no slow disk.
        let took = took.min(4 * INLINE_SYNC_MICROSECONDS_MAX);
        let average = self.sync_microseconds.load(Relaxed);
        self.sync_microseconds.store((average * 7 + took) / 8, Relaxed);
        self.with_wal(|wal| wal.finish_sync(done))
    }

    /// The log's thread: runs the syncs that it is sent, and, if there is an interval, one whenever it is over.
    fn run_log(&self, jobs: &mpsc::Receiver<Task>, interval: Option<Duration>) {
        loop {
            let job = match interval {
                Some(interval) => jobs.recv_timeout(interval),
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Ok(Task::Sync(pending, flushed)) => {
                    let result = self.run_sync(pending);
                    self.queued.fetch_sub(1, Relaxed);
                    flushed.io_completed(result);
                    self.done.notify_waiters();
                }
                Ok(Task::PrepareSpare | Task::Release(_)) => {}
                Ok(Task::SyncWritten) | Err(RecvTimeoutError::Timeout) => self.sync_written(),
                Ok(Task::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Syncs what has been written since the last time. A failure ends the process through `fault`.
    fn sync_written(&self) {
        let begin = |wal: &mut Wal| {
            if wal.durable() == wal.position() { Ok(None) } else { wal.begin_sync().map(Some) }
        };
        if let Ok(Some(pending)) = self.with_wal(begin) {
            let _ = self.run_sync(pending);
        }
    }

    /// The segments' thread: keeps one file prepared, and says when it can't be had.
    fn run_segments(&self, jobs: &mpsc::Receiver<Task>) {
        loop {
            let job = if self.gauge.disk_full.load(Relaxed) {
                jobs.recv_timeout(FULL_DISK_RETRY)
            } else {
                jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match job {
                Ok(Task::PrepareSpare) | Err(RecvTimeoutError::Timeout) => self.make_spare(),
                Ok(Task::Release(files)) => drop(files),
                Ok(Task::Sync(..) | Task::SyncWritten) => {}
                Ok(Task::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn make_spare(&self) {
        let wanted = lock(&self.log).wal.as_mut().and_then(Wal::spare_wanted);
        // None is wanted if one is there, as after a purge.
        let supplied = wanted.map_or(Ok(()), |job| {
            let made = job.run();
            let mut log = lock(&self.log);
            let wal = log.wal.as_mut();
            wal.map_or(Ok(()), |wal| {
                let supplied = wal.supply_spare(made);
                self.gauge.space_left.store(wal.space_left(), Relaxed);
                supplied
            })
        });
        match supplied {
            Ok(()) => {
                if self.gauge.disk_full.swap(false, Relaxed) {
                    tracing::info!("the log has another file again: nothing is refused any more");
                }
            }
            Err(error) if error.lacks_file() => self.note_full(&error),
            Err(error) => self.fault.set(&error.to_string()),
        }
        self.gauge.spare_tried.notify_one();
    }

    fn note_full(&self, error: &WalError) {
        if !self.gauge.disk_full.swap(true, Relaxed) {
            tracing::error!(
                %error,
                "until the log can have another file, new jobs are refused with OUT_OF_MEMORY, and ZooKeeper's writes \
                 but for deletes with SystemError; all else is done as long as the log has room"
            );
        }
    }
}

impl Worker {
    fn start(name: &str, run: impl FnOnce(mpsc::Receiver<Task>) + Send + 'static) -> Self {
        let (jobs, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(receiver));
        thread.expect("the system has no thread to give at the start");
        Worker(jobs)
    }

    fn send(&self, task: Task) {
        // The thread takes jobs until it is stopped, and nothing is sent after that.
        let _ = self.0.send(task);
    }
}
