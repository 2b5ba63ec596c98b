//! The original servers and foreign clients against trellis. This file reads the arguments and runs the checks.
//!
//! It knows trellis only from outside, by its command line and its ports, and links none of its crates: what it
//! sends and how it reads the answers is written here a second time, so that no mistake can hide on both sides.

mod ipc;
mod report;
mod shrink;
mod tours;
mod tube;
mod workers;
mod zk;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::report::Report;
use crate::tours::Runtimes;

/// Compares trellis with Debian's beanstalkd and zookeeper, and tries foreign clients on it.
#[derive(Debug, Parser)]
struct Arguments {
    /// The trellis binary.
    #[arg(long, value_name = "PATH", required_unless_present = "peer_as_trellis")]
    trellis: Option<PathBuf>,
    /// Run the original server in the place of trellis, to check the checks.
    #[arg(long, conflicts_with = "trellis")]
    peer_as_trellis: bool,
    #[command(flatten)]
    runtimes: Runtimes,
    #[command(flatten)]
    draw: Draw,
    /// Run only the checks of one part.
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
    /// Run only the checks that have this in their names.
    #[arg(long, value_name = "TEXT", default_value = "")]
    check: String,
}

/// Which random sequences to compare.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Draw {
    /// How many; each protocol has a number of its own otherwise.
    #[arg(long)]
    rounds: Option<u64>,
    /// The seed of the first sequence; each later one takes the next number. Without it, the first is 1, and for
    /// ZooKeeper's protocol as many new ones follow.
    #[arg(long)]
    seed: Option<u64>,
}

/// One of the two protocols that trellis speaks, what it shares with PHP, or `trellis run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Beanstalk,
    Zookeeper,
    Php,
    Workers,
}

fn main() -> Result<ExitCode> {
    let Arguments { trellis, runtimes, draw, only, check, .. } = Arguments::parse();
    let mut report = Report::on(check);
    let wanted = |part| only.is_none_or(|only| only == part);
    if let Some(trellis) = trellis.as_deref().filter(|_| wanted(Part::Php)) {
        ipc::run(trellis, &runtimes, draw, &mut report)?;
    }
    if let Some(trellis) = trellis.as_deref().filter(|_| wanted(Part::Workers)) {
        workers::run(trellis, &runtimes, &mut report)?;
    }
    if wanted(Part::Beanstalk) {
        tube::run(trellis.clone(), &runtimes, draw, &mut report)?;
    }
    if wanted(Part::Zookeeper) {
        zk::run(trellis, &runtimes, draw, &mut report)?;
    }
    Ok(if report.finish()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
