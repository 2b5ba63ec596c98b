//! One measurement: a fresh server, its preparation, a warm-up, and the load with the clock running.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::beanstalk::{self, BODY, LARGE_BODY};
use crate::network::{Network, Workload};
use crate::rows::{Row, Work};
use crate::server::{Kind, Programs, Server};
use crate::workload::{AwaitWaiting, Cycle, Script, Tubes, Waiters};

/// The requests that a load of puts has at most, so that no server fills the machine.
const PUTS_MAX: usize = 4_000_000;
/// How long a preparation may take; some are slow on the peer.
const PREPARATION_LIMIT: Duration = Duration::from_secs(600);
/// How long a load may take to come to rest.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);
/// How long a server has to give back memory that it does not need any more.
const SETTLE_TIME: Duration = Duration::from_secs(1);
/// Requests in flight on each connection while a workload is prepared.
const PREPARATION_DEPTH: usize = 16;
/// Delayed jobs become ready after this many seconds at the earliest: after the end of any run.
const DELAY_SECONDS: u32 = 24 * 60 * 60;

/// How much is put into a measurement.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Effort {
    /// How long the load lasts.
    pub(crate) seconds: u32,
    /// How often each server is measured.
    pub(crate) rounds: u32,
    /// What the sizes of workloads are divided by.
    pub(crate) divisor: usize,
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
    /// Resident bytes above the empty server for each job; only where jobs are all that there is.
    pub(crate) bytes_per_job: Option<f64>,
}

/// Measures one row on one server.
pub(crate) fn measure(row: &Row, programs: &Programs, kind: Kind, effort: Effort) -> Result<Measurement> {
    let server = Server::start(programs, kind, row.durability)?;
    drive(row, &server, effort).with_context(|| format!("its log: {:?}", server.log()))
}

fn drive(row: &Row, server: &Server, effort: Effort) -> Result<Measurement> {
    let connections = if row.connections > 100 { row.connections / effort.divisor } else { row.connections };
    let empty = server.resident_bytes()?;
    let mut network = Network::connect(server.address, connections)?;
    let mut run = Run { network: &mut network, server, effort };
    match row.work {
        Work::Cycle => run.load(&mut Cycle(BODY)),
        Work::Put { depth } => run.load(&mut puts(depth, PUTS_MAX, |_| 0)),
        Work::Fill { jobs } => run.fill(jobs / effort.divisor, empty),
        Work::Delayed { jobs } => {
            run.prepare(&mut delayed(jobs / effort.divisor))?;
            run.load(&mut Cycle(BODY))
        }
        Work::Saved { jobs } => {
            run.prepare(&mut delayed(jobs / effort.divisor))?;
            run.load_while_saving()
        }
        Work::Tubes { tubes } => {
            let tubes = tubes / effort.divisor;
            run.prepare(&mut Script::new(PREPARATION_DEPTH, one_job_a_tube(tubes, connections)))?;
            run.load(&mut Tubes::new(tubes, connections))
        }
        Work::Watched { tubes } => {
            run.prepare(&mut Script::new(PREPARATION_DEPTH, watch_all(tubes, connections)))?;
            run.load(&mut Cycle(BODY))
        }
        Work::Waiting => run.wake(connections / 2),
    }
}

/// Puts jobs whose delays are spread over a day, in no order, as real ones are.
fn delayed(count: usize) -> Script<impl FnMut(usize, &mut Vec<u8>) -> bool> {
    puts(PREPARATION_DEPTH, count, |number| DELAY_SECONDS + (number * 7919 % 86_400) as u32)
}

/// Puts into the used tube, `count` in all; `delay` gives the seconds for each.
fn puts(
    depth: usize,
    count: usize,
    delay: impl Fn(usize) -> u32,
) -> Script<impl FnMut(usize, &mut Vec<u8>) -> bool> {
    let mut done = 0;
    Script::new(depth, move |_, out| {
        if done == count {
            return false;
        }
        beanstalk::put(out, delay(done), BODY);
        done += 1;
        true
    })
}

/// Uses each tube and puts a job into it; each connection makes its share of the tubes.
fn one_job_a_tube(tubes: usize, connections: usize) -> impl FnMut(usize, &mut Vec<u8>) -> bool {
    let mut steps = vec![0; connections];
    move |connection, out| {
        let tube = connection + steps[connection] / 2 * connections;
        if tube >= tubes {
            return false;
        }
        match steps[connection] % 2 {
            0 => beanstalk::tube(out, "use", tube),
            _ => beanstalk::put(out, 0, BODY),
        }
        steps[connection] += 1;
        true
    }
}

/// Each connection watches all tubes and uses one of them.
fn watch_all(tubes: usize, connections: usize) -> impl FnMut(usize, &mut Vec<u8>) -> bool {
    let mut steps = vec![0; connections];
    move |connection, out| {
        let step = steps[connection];
        steps[connection] += 1;
        if step < tubes {
            beanstalk::tube(out, "watch", step);
        } else if step == tubes {
            beanstalk::tube(out, "use", connection * tubes / connections);
        }
        step <= tubes
    }
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
    fn prepare(&mut self, workload: &mut impl Workload) -> Result<()> {
        self.network.complete(workload, PREPARATION_LIMIT).context("while preparing")
    }

    /// Warms up for a tenth of the time, then measures.
    fn load(&mut self, workload: &mut impl Workload) -> Result<Measurement> {
        let duration = Duration::from_secs(u64::from(self.effort.seconds));
        self.network.begin(workload)?;
        self.network.run(workload, Instant::now() + duration / 10)?;
        let started = self.start()?;
        self.network.run(workload, started.at + duration)?;
        self.stop(&started)
    }

    /// A load that makes the log grow quickly, so that the state is written to snapshots meanwhile. A server that does
    /// such a thing says so.
    fn load_while_saving(&mut self) -> Result<Measurement> {
        let snapshots = |server: &Server| server.log().matches("took a snapshot").count();
        let before = snapshots(self.server);
        let measurement = self.load(&mut Cycle(LARGE_BODY))?;
        let taken = snapshots(self.server) - before;
        ensure!(self.server.kind == Kind::Beanstalkd || taken > 0, "no snapshot was taken: load for longer");
        Ok(measurement)
    }

    /// Fills the server with jobs; the clock runs all the time, and the memory is measured after it.
    fn fill(&mut self, jobs: usize, empty: u64) -> Result<Measurement> {
        let started = self.start()?;
        self.prepare(&mut puts(PREPARATION_DEPTH, jobs, |_| 0))?;
        let mut measurement = self.stop(&started)?;
        thread::sleep(SETTLE_TIME);
        let resident = self.server.resident_bytes()?;
        measurement.resident_bytes = resident as f64;
        measurement.bytes_per_job = Some(resident.saturating_sub(empty) as f64 / jobs as f64);
        Ok(measurement)
    }

    /// Half of the connections wait and are woken one by one; in the end, all wait again.
    fn wake(&mut self, workers: usize) -> Result<Measurement> {
        self.prepare(&mut AwaitWaiting::after_reserve(workers))?;
        let mut workload = Waiters::new(workers);
        let measurement = self.load(&mut workload)?;
        workload.stop();
        let finished = self.network.run(&mut workload, Instant::now() + DRAIN_LIMIT)?;
        ensure!(finished, "of {} jobs some never came to a worker", workload.jobs());
        self.network.complete(&mut AwaitWaiting::again(workers), DRAIN_LIMIT)?;
        Ok(measurement)
    }

    fn start(&mut self) -> Result<Started> {
        self.network.meter().clear();
        Ok(Started { cpu: self.server.cpu()?, at: Instant::now() })
    }

    fn stop(&mut self, started: &Started) -> Result<Measurement> {
        let seconds = started.at.elapsed().as_secs_f64();
        let cpu = self.server.cpu()?.saturating_sub(started.cpu);
        let meter = self.network.meter();
        ensure!(meter.replies() > 0, "no reply came in {seconds:.1} s");
        let replies = meter.replies() as f64;
        Ok(Measurement {
            seconds,
            replies,
            replies_per_second: replies / seconds,
            p50_us: meter.latency_us(0.5),
            p99_us: meter.latency_us(0.99),
            p999_us: meter.latency_us(0.999),
            longest_us: meter.latency_us(1.0),
            cpu_seconds_per_million: cpu.as_secs_f64() * 1e6 / replies,
            resident_bytes: self.server.resident_bytes()? as f64,
            bytes_per_job: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a preparation sends on three connections that take turns.
    fn sent(mut next: impl FnMut(usize, &mut Vec<u8>) -> bool) -> String {
        let mut out = Vec::new();
        let mut left = vec![0, 1, 2];
        while !left.is_empty() {
            left.retain(|&connection| next(connection, &mut out));
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_tube_gets_one_job() {
        let sent = sent(one_job_a_tube(10, 3));
        assert_eq!(sent.matches("put ").count(), 10);
        for tube in 0..10 {
            assert_eq!(sent.matches(&format!("use tube-{tube}\r\n")).count(), 1, "{tube}");
        }
    }

    #[test]
    fn every_connection_watches_every_tube_and_uses_one() {
        let sent = sent(watch_all(10, 3));
        for tube in 0..10 {
            assert_eq!(sent.matches(&format!("watch tube-{tube}\r\n")).count(), 3, "{tube}");
        }
        assert_eq!(sent.matches("use ").count(), 3);
    }
}
