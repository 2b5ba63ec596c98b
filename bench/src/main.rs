//! The load generator: trellis and its peers in turn, on the same machine, under the same load.
//!
//! One thread makes the load, so that a server is measured and not the generator's own scheduling. It starts
//! and ends the servers itself. `cargo xtask bench` is the way to run it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the result goes to stdout, progress to stderr"
)]
#![allow(clippy::cast_possible_truncation, reason = "figures are small, and shown with few digits")]

mod beanstalk;
mod measure;
mod meter;
mod network;
mod report;
mod rows;
mod server;
mod supervise;
mod workload;
mod zookeeper;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use measure::{Effort, measure};
use report::Sample;
use rows::{ROWS, Row};
use server::{Kind, Programs};
use supervise::Supervisors;

/// Open files that the largest row needs, in the generator and in a server each.
const OPEN_FILES: u64 = 12_000;
/// What statfs calls a file system that is in memory.
const TMPFS: i64 = 0x0102_1994;

/// Measures trellis side by side with beanstalkd, with ZooKeeper, and with supervisord.
#[derive(Parser)]
struct Arguments {
    /// The trellis to measure; without it, only the peers are measured.
    #[arg(long, value_name = "PROGRAM")]
    trellis: Option<PathBuf>,
    /// The beanstalkd to measure.
    #[arg(long, value_name = "PROGRAM", default_value = "beanstalkd")]
    beanstalkd: PathBuf,
    /// The Java that runs ZooKeeper.
    #[arg(long, value_name = "PROGRAM", default_value = "java")]
    java: PathBuf,
    /// The ZooKeeper to measure.
    #[arg(long, value_name = "FILE", default_value = "/usr/share/java/zookeeper.jar")]
    zookeeper_jar: PathBuf,
    /// The supervisord to measure; without it, our own supervisor is measured alone.
    #[arg(long, value_name = "PROGRAM")]
    supervisord: Option<PathBuf>,
    /// Where the servers write; must be on a real disk.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    work_dir: PathBuf,
    /// Where table.md and raw.json go; without it, the table is only printed.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only the rows whose name contains this; may be given several times.
    #[arg(long, value_name = "ROW")]
    filter: Vec<String>,
    /// A glance: one round of one second, with a tenth of the jobs, znodes, tubes and connections.
    #[arg(long)]
    quick: bool,
    /// Trellis without its peers, to profile it.
    #[arg(long, requires = "trellis")]
    alone: bool,
    /// How long each server is loaded in each round of each row; 5 unless quick.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: Option<u32>,
    /// How often each server is measured; 3 unless quick.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: Option<u32>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let wanted =
        |name: &str| arguments.filter.is_empty() || arguments.filter.iter().any(|part| name.contains(part));
    let rows: Vec<&Row> = ROWS.iter().filter(|row| wanted(row.name)).collect();
    let supervised: Vec<&supervise::Row> =
        supervise::ROWS.iter().filter(|row| arguments.trellis.is_some() && wanted(row.name)).collect();
    if rows.is_empty() && supervised.is_empty() {
        let names = ROWS.iter().map(|row| row.name).chain(supervise::ROWS.iter().map(|row| row.name));
        bail!("no row has that in its name; there are: {}", names.collect::<Vec<_>>().join(", "));
    }
    let (seconds, rounds, divisor) = if arguments.quick { (1, 1, 10) } else { (5, 3, 1) };
    let effort = Effort {
        seconds: arguments.seconds.unwrap_or(seconds),
        rounds: arguments.rounds.unwrap_or(rounds),
        divisor,
    };
    raise_open_files()?;
    prepare_work_dir(&arguments.work_dir)?;
    let supervisors = Supervisors {
        trellis: arguments.trellis.clone(),
        supervisord: arguments.supervisord.filter(|_| !arguments.alone),
    };
    let programs = Programs {
        beanstalkd: arguments.beanstalkd,
        java: arguments.java,
        zookeeper_jar: arguments.zookeeper_jar,
        trellis: arguments.trellis,
        work_dir: arguments.work_dir,
    };

    let mut results = Results::default();
    for row in &rows {
        measure_row(row, &programs, arguments.alone, effort, &mut results.servers)?;
    }
    for row in &supervised {
        measure_supervisors(row, &supervisors, &programs, effort, &mut results.supervisors)?;
    }
    let tables = [
        (!rows.is_empty()).then(|| report::table(&rows, &results.servers)),
        (!supervised.is_empty()).then(|| supervise::table(&supervised, &results.supervisors)),
    ];
    let tables = tables.into_iter().flatten().collect::<Vec<_>>().join("\n");
    println!("{tables}");
    if let Some(out) = &arguments.out {
        keep(out, &tables, effort, &results)?;
    }
    Ok(())
}

/// Every single measurement.
#[derive(Default)]
struct Results {
    servers: Vec<Sample>,
    supervisors: Vec<supervise::Sample>,
}

/// Measures the servers in turn; every other round begins with the other one, so that neither always runs on
/// a warmer machine.
fn measure_row(
    row: &Row,
    programs: &Programs,
    alone: bool,
    effort: Effort,
    samples: &mut Vec<Sample>,
) -> Result<()> {
    let peer = row.speech().peer();
    for round in 0..effort.rounds {
        let mut servers = if alone { Vec::new() } else { vec![peer] };
        servers.extend(programs.trellis.as_ref().map(|_| Kind::Trellis));
        if round % 2 == 1 {
            servers.reverse();
        }
        for server in servers {
            let measurement = measure(row, programs, server, effort)
                .with_context(|| format!("`{}` failed on {server:?}", row.name))?;
            eprintln!(
                "{:34} {:10} round {} {:9.0} ops/s  p99 {:8.0} µs  {:5.2} CPU s/M",
                row.name,
                server.name(),
                round + 1,
                measurement.replies_per_second,
                measurement.p99_us,
                measurement.cpu_seconds_per_million,
            );
            samples.push(Sample { row: row.name, peer, server, round, measurement });
        }
    }
    Ok(())
}

/// Measures the supervisors in turn, as the servers are.
fn measure_supervisors(
    row: &supervise::Row,
    supervisors: &Supervisors,
    servers: &Programs,
    effort: Effort,
    samples: &mut Vec<supervise::Sample>,
) -> Result<()> {
    let peer = row.has_peer() && supervisors.supervisord.is_some();
    for round in 0..effort.rounds {
        let mut kinds = vec![supervise::Kind::Trellis];
        kinds.extend(peer.then_some(supervise::Kind::Supervisord));
        if round % 2 == 0 {
            kinds.reverse();
        }
        for supervisor in kinds {
            let figures = supervise::measure(row, supervisor, supervisors, servers, effort)?;
            eprintln!("{:34} {:11} round {} {figures}", row.name, supervisor.name(), round + 1);
            samples.push(supervise::Sample { row: row.name, supervisor, round, figures });
        }
    }
    Ok(())
}

/// Writes the tables, and every single measurement for whoever doubts it.
fn keep(out: &Path, tables: &str, effort: Effort, results: &Results) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let Effort { seconds, rounds, .. } = effort;
    let text = format!(
        "Medians of {rounds} rounds of {seconds} s, servers in turn. `CxD` is connections x requests in flight \
         on each; bodies have 128 bytes; the load generator shares the machine.\n\n{tables}"
    );
    fs::write(out.join("table.md"), text).context("cannot write the table")?;
    let Results { servers, supervisors } = results;
    let raw = serde_json::json!({ "effort": effort, "samples": servers, "supervisors": supervisors });
    fs::write(out.join("raw.json"), format!("{raw:#}\n")).context("cannot write the measurements")
}

/// Raises the limit on open files, which the servers inherit.
fn raise_open_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= OPEN_FILES) {
        return Ok(());
    }
    let maximum = limit.maximum.map(|maximum| maximum.max(OPEN_FILES));
    let wanted = Rlimit { current: Some(OPEN_FILES), maximum };
    setrlimit(Resource::Nofile, wanted)
        .with_context(|| format!("{OPEN_FILES} open files are needed; raise the limit with `ulimit -n`"))
}

/// Creates the folder for the servers' data; in memory, fsync would cost nothing and tell nothing.
fn prepare_work_dir(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let system = rustix::fs::statfs(folder)?;
    ensure!(
        system.f_type as i64 != TMPFS,
        "{} is in memory; give a folder on a disk with --work-dir",
        folder.display()
    );
    Ok(())
}
