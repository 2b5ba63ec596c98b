//! ZooKeeper's protocol: trellis against Debian's zookeeper.

mod answer;
mod arguments;
mod client;
mod clients;
mod connection;
mod differential;
mod faults;
mod generate;
mod jute;
mod lockstep;
mod operation;
mod order;
mod proxy;
mod random;
mod request;
mod requests;
mod sequence;
mod server;
mod shell;
mod side;
mod timed;
mod transcript;
mod words;

use std::path::PathBuf;

use anyhow::Result;

use self::differential::Contest;
use self::server::Program;
use crate::report::Report;
use crate::tours::Runtimes;

/// Runs all checks. Without a `trellis`, the real server takes its place.
pub(crate) fn run(
    trellis: Option<PathBuf>,
    runtimes: &Runtimes,
    (seed, rounds): (u64, u64),
    report: &mut Report,
) -> Result<()> {
    let trellis = trellis.map_or(Program::ZooKeeper, Program::Trellis);
    report.check("zookeeper: canary", || differential::canary(seed))?;
    let contest = Contest::new(&trellis);
    report.check("zookeeper: random", || differential::random(&contest, seed, rounds))?;
    timed::run(&contest, report)?;
    report.check("zookeeper: events come first", || order::check(&trellis))?;
    report.check("zookeeper: four-letter words", || words::compare(&trellis))?;
    clients::run(&trellis, runtimes, report)
}
