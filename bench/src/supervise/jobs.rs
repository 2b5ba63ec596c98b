//! Jobs that a supervisor takes from a server and hands to processes.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::program::{Supervisor, Supervisors};
use super::{Figures, Kind};
use crate::measure::{Effort, PREPARATION_DEPTH, PREPARATION_LIMIT, puts};
use crate::network::Network;
use crate::server::{self, Durability, Programs, Server, Setup, Speech};

/// The program that answers that jobs are done; it lies beside the load generator.
const WORKER: &str = "trellis-bench-worker";
/// The jobs for each second of load: more than any supervisor does.
const STREAM_JOBS_PER_SECOND: usize = 60_000;
const EXEC_JOBS_PER_SECOND: usize = 4_000;
/// The share of the jobs that are not counted: the supervisor starts its processes meanwhile.
const WARM_UP_SHARE: u64 = 20;
/// How often the server is asked how far it is.
const PAUSE: Duration = Duration::from_millis(50);
/// The connections that put the jobs.
const PRODUCERS: usize = 64;

/// Jobs in frames, for workers that live on.
pub(super) fn stream(
    workers: usize,
    supervisors: &Supervisors,
    servers: &Programs,
    effort: Effort,
) -> Result<Figures> {
    let worker = std::env::current_exe()?.with_file_name(WORKER);
    ensure!(worker.is_file(), "{} is missing; build the whole package trellis-bench", worker.display());
    // Frames come on descriptor 3, where a program without unsafe code has no way to them.
    let command = format!("[\"sh\", \"-c\", \"exec \\\"$0\\\" <&3\", {:?}]", worker.display().to_string());
    let program = format!("command = {command}\nmode = \"stream\"\nprocesses = {workers}\n");
    measure(&program, STREAM_JOBS_PER_SECOND, supervisors, servers, effort)
}

/// A process for each job.
pub(super) fn exec(
    workers: usize,
    supervisors: &Supervisors,
    servers: &Programs,
    effort: Effort,
) -> Result<Figures> {
    let program = format!("command = \"/bin/true\"\nprocesses = {workers}\n");
    measure(&program, EXEC_JOBS_PER_SECOND, supervisors, servers, effort)
}

/// The jobs are there before the supervisor is started; then the server's count of deletes tells how many are done.
fn measure(
    program: &str,
    jobs_per_second: usize,
    supervisors: &Supervisors,
    servers: &Programs,
    effort: Effort,
) -> Result<Figures> {
    let setup =
        Setup { kind: server::Kind::Trellis, speech: Speech::Beanstalk, durability: Durability::Fsync };
    let server = Server::start(servers, setup)?;
    let jobs = jobs_per_second * effort.seconds as usize;
    let mut puts = puts(PREPARATION_DEPTH, jobs, |_| 0);
    Network::connect(server.address, PRODUCERS)?.complete(&mut puts, PREPARATION_LIMIT)?;
    let file = format!(
        "[server]\nbeanstalk = \"{}\"\n[program.work]\ntube = \"default\"\n{program}",
        server.address
    );
    let supervisor = Supervisor::start(Kind::Trellis, &file, supervisors, &servers.work_dir)?;
    let done = || server.statistic("cmd-delete");
    let begun_at = wait_until(|| Ok(done()? >= jobs as u64 / WARM_UP_SHARE))?;
    let (begun, cpu) = (done()?, supervisor.cpu()?);
    let until = begun_at + Duration::from_secs(u64::from(effort.seconds));
    wait_until(|| Ok(Instant::now() >= until || done()? == jobs as u64))?;
    let (took, count, used) = (begun_at.elapsed(), done()? - begun, supervisor.cpu()?.saturating_sub(cpu));
    ensure!(server.statistic("current-jobs-buried")? == 0, "some jobs failed");
    Ok(Figures {
        jobs_per_second: Some(count as f64 / took.as_secs_f64()),
        cpu_seconds_per_million: Some(used.as_secs_f64() * 1e6 / count as f64),
        resident_bytes: supervisor.resident_bytes()?,
        ..Figures::default()
    })
}

/// Waits until something is so, and returns when it was.
fn wait_until(mut condition: impl FnMut() -> Result<bool>) -> Result<Instant> {
    let deadline = Instant::now() + PREPARATION_LIMIT;
    while !condition().context("the server cannot be asked")? {
        ensure!(Instant::now() < deadline, "the supervisor does no jobs");
        thread::sleep(PAUSE);
    }
    Ok(Instant::now())
}
