//! The original servers and foreign clients against trellis. This file reads the arguments and runs the checks.
//!
//! It knows trellis only from outside, by its command line and its port, and links none of its crates.

mod certainty;
mod clients;
mod compare;
mod connection;
mod differential;
mod faults;
mod generate;
mod lockstep;
mod report;
mod requests;
mod sequence;
mod server;
mod shrink;
mod side;
mod timed;
mod transcript;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::clients::Runtimes;
use crate::differential::Contest;
use crate::report::Report;
use crate::server::{Durability, Program};

/// Every how many rounds in memory there is one with every write on disk.
const STRICT_SHARE: u64 = 10;
/// Every how many rounds there is one with servers that drain.
const DRAIN_SHARE: u64 = 20;

/// Compares trellis with Debian's beanstalkd and tries foreign clients on it.
#[derive(Debug, Parser)]
struct Arguments {
    /// The trellis binary.
    #[arg(long, value_name = "PATH", required_unless_present = "peer_as_trellis")]
    trellis: Option<PathBuf>,
    /// Run beanstalkd in the place of trellis, to check the checks.
    #[arg(long, conflicts_with = "trellis")]
    peer_as_trellis: bool,
    /// A Python that has greenstalk and beanstalkc3; without it they are not tried.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// A folder `node_modules` that has node-beanstalk; without it that is not tried.
    #[arg(long, value_name = "DIR")]
    node_modules: Option<PathBuf>,
    /// How many random sequences to compare.
    #[arg(long, default_value_t = 3000)]
    rounds: u64,
    /// The seed of the first sequence; each later one takes the next number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let trellis = arguments.trellis.map_or(Program::Beanstalkd, Program::Trellis);
    let (seed, rounds) = (arguments.seed, arguments.rounds);
    let mut report = Report::default();

    report.check("canary", || differential::canary(&Contest::canary(), seed))?;
    let memory = Contest::new(&trellis, Durability::Memory);
    report.check("random, memory", || differential::random(&memory, seed, rounds))?;
    let strict = Contest::new(&trellis, Durability::Strict);
    report.check("random, strict", || differential::random(&strict, seed, rounds.div_ceil(STRICT_SHARE)))?;
    report.check("drain", || differential::drain(&memory, seed, rounds.div_ceil(DRAIN_SHARE)))?;
    differential::timed(&memory, &mut report)?;

    let runtimes = Runtimes { python: arguments.python, node_modules: arguments.node_modules };
    clients::run(&trellis, &runtimes, &mut report)?;

    Ok(if report.finish()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
