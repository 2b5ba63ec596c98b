//! What this node knows of itself and the state machine does not: settings, counts since the start, the machine.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use trellis_core::tube::Totals;
use trellis_replica::LogFacts;
use trellis_tube_codec::Op;
use trellis_tube_codec::yaml::ServerStats;

use crate::connections::Connections;

/// Facts of one server, for all its connections.
pub(crate) struct Facts {
    pub(crate) job_bytes_max: u32,
    /// Bytes that the bodies of all jobs may have; `u64::MAX` if there is no limit.
    pub(crate) memory_bytes_max: u64,
    connections: Arc<Connections>,
    counts: [AtomicU64; Op::COUNT],
    draining: AtomicBool,
    started: Instant,
    instance: String,
    hostname: String,
    os: String,
    platform: String,
}

impl Facts {
    pub(crate) fn new(job_bytes_max: u32, memory_bytes_max: u64, connections: Arc<Connections>) -> Self {
        let system = rustix::system::uname();
        // A value between quotes can't hold any.
        let text = |value: &std::ffi::CStr| value.to_string_lossy().replace('"', "'");
        Facts {
            job_bytes_max,
            memory_bytes_max,
            connections,
            counts: [const { AtomicU64::new(0) }; Op::COUNT],
            draining: AtomicBool::new(false),
            started: Instant::now(),
            instance: instance(),
            hostname: text(system.nodename()),
            os: text(system.version()),
            platform: text(system.machine()),
        }
    }

    pub(crate) fn count(&self, op: Op) {
        self.counts[op as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn counted(&self, op: Op) -> u64 {
        self.counts[op as usize].load(Ordering::Relaxed)
    }

    /// The answer to `stats`: the queue's totals, the log's facts, and these.
    pub(crate) fn stats(&self, totals: &Totals, log: LogFacts) -> ServerStats<'_> {
        let usage = crate::usage::cpu_time();
        ServerStats {
            current_jobs_urgent: totals.current_jobs_urgent,
            current_jobs_ready: totals.current_jobs_ready,
            current_jobs_reserved: totals.current_jobs_reserved,
            current_jobs_delayed: totals.current_jobs_delayed,
            current_jobs_buried: totals.current_jobs_buried,
            cmd_put: self.counted(Op::Put),
            cmd_peek: self.counted(Op::Peek),
            cmd_peek_ready: self.counted(Op::PeekReady),
            cmd_peek_delayed: self.counted(Op::PeekDelayed),
            cmd_peek_buried: self.counted(Op::PeekBuried),
            cmd_reserve: self.counted(Op::Reserve),
            cmd_reserve_with_timeout: self.counted(Op::ReserveWithTimeout),
            cmd_delete: self.counted(Op::Delete),
            cmd_release: self.counted(Op::Release),
            cmd_use: self.counted(Op::Use),
            cmd_watch: self.counted(Op::Watch),
            cmd_ignore: self.counted(Op::Ignore),
            cmd_bury: self.counted(Op::Bury),
            cmd_kick: self.counted(Op::Kick),
            cmd_touch: self.counted(Op::Touch),
            cmd_stats: self.counted(Op::Stats),
            cmd_stats_job: self.counted(Op::StatsJob),
            cmd_stats_tube: self.counted(Op::StatsTube),
            cmd_list_tubes: self.counted(Op::ListTubes),
            cmd_list_tube_used: self.counted(Op::ListTubeUsed),
            cmd_list_tubes_watched: self.counted(Op::ListTubesWatched),
            cmd_pause_tube: self.counted(Op::PauseTube),
            job_timeouts: totals.job_timeouts,
            total_jobs: totals.total_jobs,
            max_job_size: self.job_bytes_max.into(),
            current_tubes: totals.current_tubes,
            current_connections: self.connections.open() as u64,
            current_producers: totals.current_producers,
            current_workers: totals.current_workers,
            current_waiting: totals.current_waiting,
            total_connections: self.connections.opened(),
            pid: std::process::id().into(),
            version: env!("CARGO_PKG_VERSION"),
            rusage_utime: usage.user,
            rusage_stime: usage.system,
            uptime: self.started.elapsed().as_secs(),
            binlog_oldest_index: log.segment_oldest,
            binlog_current_index: log.segment_current,
            binlog_records_migrated: log.records_in_snapshots,
            binlog_records_written: log.records_written,
            binlog_max_size: log.segment_bytes,
            draining: self.is_draining(),
            id: &self.instance,
            hostname: &self.hostname,
            os: &self.os,
            platform: &self.platform,
        }
    }
}

/// Sixteen random hexadecimal digits, which tell one run of a server from the next.
fn instance() -> String {
    let mut random = [0; 8];
    let from_system = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut random));
    if from_system.is_err() {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO);
        random = (since.as_secs() << 32 ^ u64::from(since.subsec_nanos())).to_le_bytes();
    }
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
