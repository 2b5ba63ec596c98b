//! One node, from its start to its stop.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openraft::impls::BasicNode;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use trellis_core::{ConnectionId, Time, tube};
use trellis_wal::{Disk, RealDisk, Wal, WalError};

use crate::applied::{Applied, Deliver, SharedApplied, lock};
use crate::batch::Query;
use crate::clock::Clock;
use crate::engine::{Engine, Intake};
use crate::fault::Fault;
use crate::gauge::LogGauge;
use crate::limits::STOP_PATIENCE;
use crate::log_store::LogStore;
use crate::machine::Machine;
use crate::network::NoPeers;
use crate::settings::{Durability, Settings};
use crate::snapshot::Snapshots;
use crate::types::{LogId, Raft};
use crate::unlogged::{Room, Unlogged};

/// Why a replica has not started. Nothing on disk was changed by the failed attempt.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A part of the data is missing.
    #[error(
        "{data_dir} is incomplete: {what}. Nothing was changed. Restore the directory from a copy, or move it away \
         to begin with an empty one"
    )]
    Incomplete {
        /// The data directory.
        data_dir: String,
        /// What is there and what is not.
        what: String,
    },
    /// The data is another node's.
    #[error(
        "{data_dir} belongs to node {stored}, not to node {given}: start with --node-id {stored}, or choose another \
         directory"
    )]
    OtherNode {
        /// The data directory.
        data_dir: String,
        /// The node whose data it is.
        stored: u64,
        /// The node that was to be started.
        given: u64,
    },
    /// The log or the snapshot on disk can't be used.
    #[error(transparent)]
    Log(#[from] WalError),
    /// The log can be read but not carried out.
    #[error("the log in {data_dir} cannot be replayed: {reason}")]
    Replay {
        /// The data directory.
        data_dir: String,
        /// What went wrong.
        reason: String,
    },
}

impl StartError {
    /// The file or directory that the operating system refused to open, make or use, and its answer, if that is why.
    #[must_use]
    pub fn refused(&self) -> Option<(&Path, &io::Error)> {
        match self {
            StartError::Log(
                WalError::Io { file, source, .. }
                | WalError::NoSpace { file, source, .. }
                | WalError::NoFile { file, source, .. },
            ) => Some((Path::new(file), source)),
            _ => None,
        }
    }
}

/// A handle on this node; clones are the same node.
#[derive(Clone)]
pub struct Replica(pub(crate) Arc<Node>);

pub(crate) struct Node {
    pub(crate) intake: Arc<Intake>,
    pub(crate) applied: SharedApplied,
    fault: Arc<Fault>,
    gauge: Arc<LogGauge>,
    raft: Raft,
    log: LogStore,
    stop: watch::Sender<bool>,
    engine: Mutex<Option<JoinHandle<()>>>,
}

impl Replica {
    /// Recovers the state from the data directory, or begins an empty one, and is then ready for commands. What
    /// the state machine gives out goes to `deliver`; `gauge` is kept up to date. All connections that an earlier
    /// process of this node held are closed. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// A log that can't be opened, read or carried out.
    pub async fn start(
        settings: Settings,
        gauge: Arc<LogGauge>,
        deliver: Box<dyn Deliver>,
    ) -> Result<Replica, StartError> {
        let disk: Option<Arc<dyn Disk>> = match settings.durability {
            Durability::Memory => None,
            Durability::Strict | Durability::Interval { .. } => {
                Some(Arc::new(RealDisk::open(&settings.data_dir)?))
            }
        };
        Self::start_on(disk, settings, gauge, deliver).await
    }

    async fn start_on(
        disk: Option<Arc<dyn Disk>>,
        settings: Settings,
        gauge: Arc<LogGauge>,
        deliver: Box<dyn Deliver>,
    ) -> Result<Replica, StartError> {
        let fault = Arc::new(Fault::default());
        // What we have seen of a failure is more than what openraft makes of it.
        let failed = |error: &dyn std::fmt::Display| StartError::Replay {
            data_dir: settings.data_dir.display().to_string(),
            reason: fault.reason().unwrap_or_else(|| error.to_string()),
        };
        let snapshots = Snapshots::open(disk.clone(), &settings, Arc::clone(&gauge))?;
        let mut applied = Applied::new(&settings, deliver);
        let snapshot = snapshots.restore(&mut applied).await.map_err(|error| unreadable(error, &settings))?;
        let log = {
            let (settings, gauge, fault) = (settings.clone(), Arc::clone(&gauge), Arc::clone(&fault));
            // The whole log is read and checked, which may take long.
            away("trellis-open", move || open_log(disk, snapshot, &settings, gauge, fault)).await?
        };
        let applied: SharedApplied = Arc::new(Mutex::new(applied));
        let machine = Machine::new(Arc::clone(&applied), snapshots, Arc::clone(&gauge), Arc::clone(&fault));

        let id = u64::from(settings.node);
        let raft = Raft::new(id, Arc::new(config()), NoPeers, log.clone(), machine)
            .await
            .map_err(|error| failed(&error))?;
        if raft.is_initialized().await.map_err(|error| failed(&error))? {
            let voters: Vec<u64> = raft.voter_ids().collect();
            if let (false, Some(stored)) = (voters.contains(&id), voters.first()) {
                let data_dir = settings.data_dir.display().to_string();
                return Err(StartError::OtherNode { data_dir, stored: *stored, given: id });
            }
            // The only voter need not wait for anybody.
            raft.trigger().elect(false).await.map_err(|error| failed(&error))?;
        } else {
            let members = std::collections::BTreeMap::from([(id, BasicNode::new("self"))]);
            raft.initialize(members).await.map_err(|error| failed(&error))?;
        }
        tokio::select! {
            biased;
            reason = fault.wait() => return Err(failed(&reason)),
            recovered = recover(&raft, id) => recovered.map_err(|error| failed(&error))?,
        }

        let seen = tell_state(&applied);
        let clock = Clock::start(wall_clock(), seen);
        let intake = Arc::new(Intake::new(settings.node, clock.now().0));
        intake.close_node();
        let (stop, stopped) = watch::channel(false);
        let engine = Engine {
            intake: Arc::clone(&intake),
            applied: Arc::clone(&applied),
            raft: raft.clone(),
            clock,
            fault: Arc::clone(&fault),
            gauge: Arc::clone(&gauge),
            snapshot_at: 0,
            unlogged: Unlogged::new(settings.node),
            room: Room::All,
            full_said: None,
            stop: stopped,
        };
        let engine = Mutex::new(Some(tokio::spawn(engine.run())));
        Ok(Replica(Arc::new(Node { intake, applied, fault, gauge, raft, log, stop, engine })))
    }

    /// Hands a command in. Its reply, if it gets one, comes through [`Deliver`], after everything that was handed in
    /// for the same connection before. Never waits; see [`Replica::poll_room`].
    pub fn submit(&self, connection: ConnectionId, command: &tube::Command<'_>) {
        self.0.intake.submit(connection, command);
    }

    /// Hands a question in, which is answered at its place among the connection's commands.
    pub fn query(&self, connection: ConnectionId, query: tube::Query) {
        self.0.intake.query(connection, Query::Tube(query));
    }

    /// Ready if another command may be handed in; otherwise wakes the task when it may. Commands handed in all the
    /// same are not lost: this is how a busy node slows its clients down.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        self.0.intake.poll_room(context)
    }

    /// Bytes of all jobs' bodies.
    #[must_use]
    pub fn body_bytes(&self) -> u64 {
        self.0.gauge.body_bytes.load(Relaxed)
    }

    /// Whether the disk has room for new jobs. Without, what is left of the log is kept for deleting old ones.
    #[must_use]
    pub fn has_space(&self) -> bool {
        !self.0.gauge.disk_full.load(Relaxed) && !self.0.gauge.log_waits.load(Relaxed)
    }

    /// Resolves if the log fails, with the reason. Nothing is acknowledged from then on.
    pub async fn failed(&self) -> String {
        self.0.fault.wait().await
    }

    /// Sees what was handed in so far through, syncs the log and ends. What can't be seen through in a moment,
    /// because the disk is full or hangs, is given up: it has not been acknowledged.
    ///
    /// # Errors
    /// The reason, if the log has failed: with [`Durability::Interval`], something acknowledged may not be on disk.
    pub async fn stop(&self) -> Result<(), String> {
        self.0.stop.send_replace(true);
        if tokio::time::timeout(STOP_PATIENCE, self.end()).await.is_err() {
            tracing::warn!("stopped without waiting for the disk any longer");
        }
        self.0.fault.reason().map_or(Ok(()), Err)
    }

    async fn end(&self) {
        let engine = self.0.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(engine) = engine {
            // It can only fail by a panic, which has been reported.
            let _ = engine.await;
        }
        let _ = self.0.raft.shutdown().await;
        self.0.log.close().await;
    }
}

/// Says what there is, and gives the time of the last entry.
fn tell_state(applied: &SharedApplied) -> Time {
    let applied = lock(applied);
    let (queue, tree) = (applied.state.totals(), applied.state.zk_totals());
    let jobs = queue.current_jobs_ready
        + queue.current_jobs_reserved
        + queue.current_jobs_delayed
        + queue.current_jobs_buried;
    let (tubes, znodes, sessions) = (queue.current_tubes, tree.znodes, tree.sessions);
    tracing::info!(jobs, tubes, znodes, sessions, "the state is complete");
    applied.state.now()
}

/// Waits until this node leads and has carried out everything in its log.
async fn recover(raft: &Raft, id: u64) -> Result<(), openraft::metrics::WaitError> {
    raft.wait(None).metrics(|metrics| metrics.current_leader == Some(id), "to lead").await?;
    raft.wait_for_recovery(None).await?;
    Ok(())
}

/// Runs `what` on a thread of its own, so that this one hears signals meanwhile. Nobody waits for it when the process
/// ends.
async fn away<T: Send + 'static>(name: &str, what: impl FnOnce() -> T + Send + 'static) -> T {
    let (outcome, done) = oneshot::channel();
    let run = move || {
        // Nobody wants it any more if the start was given up.
        let _ = outcome.send(what());
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.expect("the system has no thread to give at the start");
    done.await.expect("the thread sends before it ends")
}

/// Opens the log if it and the snapshot make up a whole: entries that were given up must be in the snapshot.
fn open_log(
    disk: Option<Arc<dyn Disk>>,
    snapshot: Option<LogId>,
    settings: &Settings,
    gauge: Arc<LogGauge>,
    fault: Arc<Fault>,
) -> Result<LogStore, StartError> {
    if let Some(disk) = &disk
        && !Wal::exists(disk.as_ref())?
    {
        if let Some(snapshot) = snapshot {
            let what = format!("there is a snapshot up to entry {}, but no file of the log", snapshot.index);
            return Err(incomplete(what, settings));
        }
        tracing::info!(data_dir = %settings.data_dir.display(), "there is no log: an empty one is made");
    }
    let log = LogStore::open(disk, settings, gauge, fault)?;
    match log.purged() {
        Some(purged) if snapshot.is_none_or(|snapshot| snapshot.index < purged.index) => {
            let what =
                format!("the log begins after entry {}, and no snapshot reaches that far", purged.index);
            Err(incomplete(what, settings))
        }
        _ => Ok(log),
    }
}

fn unreadable(error: io::Error, settings: &Settings) -> StartError {
    match error.downcast::<WalError>() {
        Ok(error) => StartError::Log(error),
        Err(error) => incomplete(format!("its snapshot is of no use: {error}"), settings),
    }
}

fn incomplete(what: String, settings: &Settings) -> StartError {
    StartError::Incomplete { data_dir: settings.data_dir.display().to_string(), what }
}

/// A cluster of one needs neither heartbeats nor elections by time; snapshots are triggered by bytes of log.
fn config() -> openraft::Config {
    let config = openraft::Config {
        cluster_name: "trellis".to_owned(),
        snapshot_policy: openraft::SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: 0,
        enable_tick: false,
        ..openraft::Config::default()
    };
    config.validate().expect("the settings above are consistent")
}

fn wall_clock() -> Time {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Time(u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "replica_tests.rs"]
mod tests;
