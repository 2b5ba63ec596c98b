//! Processes that do nothing, and processes that die.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use super::program::{Supervisor, Supervisors};
use super::{Figures, Kind};
use crate::measure::Effort;
use crate::meter::Meter;
use crate::server::Programs;

/// How long supervisors are left alone before they count as idle: Debian's looks at new processes for a second.
const SETTLE_TIME: Duration = Duration::from_secs(3);
/// The idle time that is measured lasts this many times as long as a load: ticks are counted, and those are few.
const IDLE_FACTOR: u32 = 2;
/// The time between two deaths, so that each finds an idle supervisor.
const DEATH_PAUSE: Duration = Duration::from_millis(20);

/// What idle processes cost.
pub(super) fn idle(
    processes: usize,
    kind: Kind,
    supervisors: &Supervisors,
    servers: &Programs,
    effort: Effort,
) -> Result<Figures> {
    let processes = effort.scale(processes);
    let began = Instant::now();
    let (supervisor, _) = sleepers(processes, kind, supervisors, servers)?;
    let took = began.elapsed();
    thread::sleep(SETTLE_TIME);
    let (cpu, began) = (supervisor.cpu()?, Instant::now());
    thread::sleep(IDLE_FACTOR * Duration::from_secs(u64::from(effort.seconds)));
    let used = supervisor.cpu()?.saturating_sub(cpu);
    Ok(Figures {
        starts_per_second: Some(processes as f64 / took.as_secs_f64()),
        cpu_percent: Some(100.0 * used.as_secs_f64() / began.elapsed().as_secs_f64()),
        resident_bytes: supervisor.resident_bytes()?,
        ..Figures::default()
    })
}

/// How long it takes from a process's SIGKILL until the supervisor says that it has ended.
pub(super) fn deaths(
    processes: usize,
    kind: Kind,
    supervisors: &Supervisors,
    servers: &Programs,
    effort: Effort,
) -> Result<Figures> {
    let (supervisor, pids) = sleepers(effort.scale(processes), kind, supervisors, servers)?;
    thread::sleep(SETTLE_TIME);
    let ended = match kind {
        Kind::Trellis => "ended process=",
        Kind::Supervisord => " exited: ",
    };
    let mut meter = Meter::new()?;
    for pid in pids {
        let began = Instant::now();
        kill_process(pid, Signal::KILL).context("a process has ended by itself")?;
        meter.record(supervisor.wait_for(ended)?.0 - began);
        thread::sleep(DEATH_PAUSE);
    }
    Ok(Figures {
        noticed_p50_us: Some(meter.latency_us(0.5)),
        noticed_longest_us: Some(meter.latency_us(1.0)),
        resident_bytes: supervisor.resident_bytes()?,
        ..Figures::default()
    })
}

/// A supervisor with so many processes that sleep and are not started again; it has said that all run.
fn sleepers(
    processes: usize,
    kind: Kind,
    supervisors: &Supervisors,
    servers: &Programs,
) -> Result<(Supervisor, Vec<Pid>)> {
    let (file, started) = match kind {
        Kind::Trellis => (
            format!(
                "[program.sleeper]\ncommand = \"sleep 1000000\"\nprocesses = {processes}\nrestart = \"never\"\n"
            ),
            "started process=",
        ),
        Kind::Supervisord => (
            format!(
                // Everything that it writes, or removes in the end, is in its own folder. Each process's output has a file
                // there, as it comes; it rotates none, since there is no output.
                "[supervisord]\nlogfile = %(here)s/log\npidfile = %(here)s/pid\nchildlogdir = %(here)s\nminfds = {}\n\
                 [program:sleeper]\ncommand = sleep 1000000\nnumprocs = {processes}\n\
                 process_name = %(process_num)d\nautorestart = false\nredirect_stderr = true\n",
                10 * processes + 100
            ),
            "INFO spawned: ",
        ),
    };
    let supervisor = Supervisor::start(kind, &file, supervisors, &servers.work_dir)?;
    let mut pids = Vec::new();
    for _ in 0..processes {
        let (_, line) = supervisor.wait_for(started)?;
        let pid = line.split(['=', ' ']).skip_while(|word| *word != "pid").nth(1);
        let pid = pid.and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        pids.push(pid.with_context(|| format!("no pid is in `{line}`"))?);
    }
    Ok((supervisor, pids))
}
