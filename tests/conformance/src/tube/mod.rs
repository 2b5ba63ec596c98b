//! The work queue: trellis against Debian's beanstalkd.

mod certainty;
mod clients;
mod compare;
mod connection;
mod differential;
mod faults;
mod generate;
mod lockstep;
mod requests;
mod sequence;
mod server;
mod side;
mod timed;
mod transcript;

use std::path::PathBuf;

use anyhow::Result;

use self::differential::Contest;
use self::server::{Durability, Program};
use crate::Draw;
use crate::report::Report;
use crate::tours::Runtimes;

/// How many sequences are compared unless told otherwise.
const ROUNDS: u64 = 3000;
/// Every how many rounds in memory there is one with every write on disk.
const STRICT_SHARE: u64 = 10;
/// Every how many rounds there is one with servers that drain.
const DRAIN_SHARE: u64 = 20;

/// Runs all checks. Without a `trellis`, beanstalkd takes its place.
pub(crate) fn run(
    trellis: Option<PathBuf>,
    runtimes: &Runtimes,
    draw: Draw,
    report: &mut Report,
) -> Result<()> {
    let (seed, rounds) = (draw.seed.unwrap_or(1), draw.rounds.unwrap_or(ROUNDS));
    let trellis = trellis.map_or(Program::Beanstalkd, Program::Trellis);
    report.check("canary", || differential::canary(&Contest::canary(), seed))?;
    let memory = Contest::new(&trellis, Durability::Memory);
    report.check("random, memory", || differential::random(&memory, seed, rounds))?;
    let strict = Contest::new(&trellis, Durability::Strict);
    report.check("random, strict", || differential::random(&strict, seed, rounds.div_ceil(STRICT_SHARE)))?;
    report.check("drain", || differential::drain(&memory, seed, rounds.div_ceil(DRAIN_SHARE)))?;
    differential::timed(&memory, report)?;
    clients::run(&trellis, runtimes, report)
}
