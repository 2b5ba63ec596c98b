//! One measurement: a fresh server, its preparation, a warm-up, and the load with the clock running.

mod jobs;
mod znodes;

pub(crate) use jobs::puts;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::meter::Meter;
use crate::network::{Network, Workload};
use crate::rows::{Row, Work};
use crate::server::{Kind, Programs, Server, Setup};

/// How long a preparation may take; some are slow on the peer.
pub(crate) const PREPARATION_LIMIT: Duration = Duration::from_secs(600);
/// How much load a server needs at first to be as fast as it gets, while it is prepared and again with the load that is
/// measured. Java compiles what is called often: ZooKeeper's processor time a request falls to a third in the first 7 s
/// of 64x16, and by as much in the first second of another load. Longer than this changes nothing.
const JAVA_WARM_UP: Duration = Duration::from_secs(10);
const JAVA_WARM_UP_AGAIN: Duration = Duration::from_secs(3);
/// How long a load may last until a snapshot has been taken, and how often that is looked at.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(60);
const SNAPSHOT_PAUSE: Duration = Duration::from_millis(250);
/// How long a load may take to come to rest.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);
/// How long a server has to give back memory that it does not need any more.
const SETTLE_TIME: Duration = Duration::from_secs(1);
/// Requests in flight on each connection while a workload is prepared.
pub(crate) const PREPARATION_DEPTH: usize = 16;

/// How much is put into a measurement.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Effort {
    /// How long the load lasts.
    pub(crate) seconds: u32,
    /// How often each server is measured.
    pub(crate) rounds: u32,
    /// What the sizes of workloads are divided by.
    pub(crate) divisor: u32,
}

impl Effort {
    /// The size of a workload.
    pub(crate) fn scale(self, size: usize) -> usize {
        size / self.divisor as usize
    }
}

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measurement {
    pub(crate) seconds: f64,
    pub(crate) replies: f64,
    pub(crate) replies_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) longest_us: f64,
    pub(crate) cpu_seconds_per_million: f64,
    pub(crate) resident_bytes: f64,
    /// Resident bytes above the empty server for each job or znode; only where these are all that there is.
    pub(crate) bytes_each: Option<f64>,
}

/// Measures one row on one server.
pub(crate) fn measure(row: &Row, programs: &Programs, kind: Kind, effort: Effort) -> Result<Measurement> {
    let setup = Setup { kind, speech: row.speech(), durability: row.durability };
    let mut server = Server::start(programs, setup)?;
    let outcome = match row.work {
        Work::Jobs(work) => jobs::drive(work, row.connections, programs, &mut server, effort),
        Work::Znodes(work) => znodes::drive(work, row.connections, programs, &mut server, effort),
    };
    outcome.with_context(|| format!("its log: {:?}", server.log()))
}

/// Restarts a server that has written so many `objects`. They are what is counted; the one reply is what takes time.
fn restart(server: &mut Server, programs: &Programs, objects: usize) -> Result<Measurement> {
    let took = server.restart(programs)?;
    let mut meter = Meter::new()?;
    meter.record(took);
    Measurement::new(&meter, objects as f64, took, server.cpu()?, server.resident_bytes()?)
}

/// A load on one server.
struct Run<'a> {
    network: &'a mut Network,
    server: &'a Server,
    effort: Effort,
}

/// When a clock was started, and the server's processor time then.
struct Started {
    at: Instant,
    cpu: Duration,
}

impl Run<'_> {
    /// Runs a workload that has an end; nothing is measured yet.
    fn prepare(&mut self, workload: &mut impl Workload) -> Result<()> {
        self.network.complete(workload, PREPARATION_LIMIT).context("while preparing")
    }

    /// Warms up, then measures.
    fn load(&mut self, workload: &mut impl Workload) -> Result<Measurement> {
        self.warm_up(workload)?;
        let started = self.start()?;
        self.network.run(workload, started.at + self.duration())?;
        self.stop(&started)
    }

    /// A load that makes the log grow quickly, so that the state is written to snapshots meanwhile. It lasts until there
    /// has been one, if the server is one that tells.
    fn load_while_saving(&mut self, workload: &mut impl Workload) -> Result<Measurement> {
        let snapshots = |server: &Server| server.log().matches("took a snapshot").count();
        let before = snapshots(self.server);
        self.warm_up(workload)?;
        let started = self.start()?;
        let mut until = started.at + self.duration();
        self.network.run(workload, until)?;
        while self.server.kind() == Kind::Trellis && snapshots(self.server) == before {
            ensure!(started.at.elapsed() < SNAPSHOT_LIMIT, "no snapshot was taken");
            until += SNAPSHOT_PAUSE;
            self.network.run(workload, until)?;
        }
        self.stop(&started)
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(u64::from(self.effort.seconds))
    }

    /// Begins a workload, and lets it run for a tenth of the time unless the server needs more.
    fn warm_up(&mut self, workload: &mut impl Workload) -> Result<()> {
        let time = match self.server.kind() {
            Kind::Zookeeper => JAVA_WARM_UP_AGAIN / self.effort.divisor,
            Kind::Beanstalkd | Kind::Trellis => self.duration() / 10,
        };
        self.network.begin(workload)?;
        self.network.run(workload, Instant::now() + time)?;
        Ok(())
    }

    /// Runs a workload that fills the server with so many `objects`; the clock runs all the time, and the memory is
    /// measured after it.
    fn fill(&mut self, workload: &mut impl Workload, objects: usize, empty: u64) -> Result<Measurement> {
        let started = self.start()?;
        self.prepare(workload)?;
        let mut measurement = self.stop(&started)?;
        thread::sleep(SETTLE_TIME);
        let resident = self.server.resident_bytes()?;
        measurement.resident_bytes = resident as f64;
        measurement.bytes_each = Some(resident.saturating_sub(empty) as f64 / objects as f64);
        Ok(measurement)
    }

    fn start(&mut self) -> Result<Started> {
        self.network.meter().clear();
        Ok(Started { cpu: self.server.cpu()?, at: Instant::now() })
    }

    fn stop(&mut self, started: &Started) -> Result<Measurement> {
        let took = started.at.elapsed();
        let cpu = self.server.cpu()?.saturating_sub(started.cpu);
        let resident = self.server.resident_bytes()?;
        let meter = self.network.meter();
        Measurement::new(meter, meter.replies() as f64, took, cpu, resident)
    }
}

impl Measurement {
    fn new(meter: &Meter, replies: f64, took: Duration, cpu: Duration, resident: u64) -> Result<Measurement> {
        let seconds = took.as_secs_f64();
        ensure!(replies > 0.0, "no reply came in {seconds:.1} s");
        Ok(Measurement {
            seconds,
            replies,
            replies_per_second: replies / seconds,
            p50_us: meter.latency_us(0.5),
            p99_us: meter.latency_us(0.99),
            p999_us: meter.latency_us(0.999),
            longest_us: meter.latency_us(1.0),
            cpu_seconds_per_million: cpu.as_secs_f64() * 1e6 / replies,
            resident_bytes: resident as f64,
            bytes_each: None,
        })
    }
}
