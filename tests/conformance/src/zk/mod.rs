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
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use self::differential::Contest;
use self::server::Program;
use crate::report::Report;
use crate::tours::Runtimes;

/// The check that takes a minute of waiting, beside the others.
const CONTAINER: &str = "zookeeper, timed: A container goes after its last child";

/// Runs all checks. Without a `trellis`, the real server takes its place.
pub(crate) fn run(
    trellis: Option<PathBuf>,
    runtimes: &Runtimes,
    (seed, rounds): (u64, u64),
    report: &mut Report,
) -> Result<()> {
    let trellis = trellis.map_or(Program::ZooKeeper, Program::Trellis);
    let contest = Contest::new(&trellis);
    thread::scope(|scope| {
        let began = Instant::now();
        let container = report.wants(CONTAINER).then(|| scope.spawn(|| timed::run_container(&contest)));
        report.check("zookeeper: canary", || differential::canary(seed))?;
        report.check("zookeeper: random", || differential::random(&contest, seed, rounds))?;
        timed::run(&contest, report)?;
        report.check("zookeeper: events come first", || order::check(&trellis))?;
        report.check("zookeeper: four-letter words", || words::compare(&trellis))?;
        clients::run(&trellis, runtimes, report)?;
        let Some(container) = container else { return Ok(()) };
        let result = container.join().unwrap_or_else(|_| bail!("the check itself has failed"));
        report.add(CONTAINER, result, began)
    })
}
