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
mod own_shell;
mod proxy;
mod random;
mod request;
mod requests;
mod restarts;
mod sequence;
mod server;
mod settings;
mod shell;
mod side;
mod timed;
mod transcript;
mod words;

use std::path::PathBuf;
use std::thread;

use anyhow::{Result, anyhow};

use self::differential::Contest;
use self::server::Program;
use crate::Draw;
use crate::report::Report;
use crate::tours::Runtimes;

/// How many sequences are compared unless told otherwise: of the first seeds, and of new ones.
const ROUNDS: u64 = 1000;

/// Runs all checks. Without a `trellis`, the real server takes its place.
pub(crate) fn run(
    trellis: Option<PathBuf>,
    runtimes: &Runtimes,
    draw: Draw,
    report: &mut Report,
) -> Result<()> {
    let trellis = trellis.map_or(Program::ZooKeeper, Program::Trellis);
    let contest = Contest::new(&trellis);
    let timed = [timed::scripts(), timed::long_scripts()];
    let timed =
        timed.map(|scripts| scripts.into_iter().filter(|script| report.wants(&script.name)).collect());
    thread::scope(|scope| {
        let timed = timed.map(|scripts| scope.spawn(|| timed::run(&contest, scripts)));
        check_at_once(&trellis, &contest, draw, report)?;
        clients::run(&trellis, runtimes, report)?;
        for running in timed {
            for outcome in running.join().map_err(|_| anyhow!("the check itself has failed"))? {
                report.add(&outcome.name, outcome.result, outcome.took)?;
            }
        }
        Ok(())
    })
}

/// The checks in which no time has to pass.
fn check_at_once(trellis: &Program, contest: &Contest, draw: Draw, report: &mut Report) -> Result<()> {
    let (seed, rounds) = (draw.seed.unwrap_or(1), draw.rounds.unwrap_or(ROUNDS));
    report.check("zookeeper: canary", || differential::canary(seed))?;
    report.check("zookeeper: random", || differential::random(contest, seed, rounds))?;
    if draw.seed.is_none() {
        let seed = fastrand::u32(..).into();
        report.check("zookeeper: random, new seeds", || differential::random(contest, seed, rounds))?;
    }
    report.check("zookeeper: events come first", || order::check(trellis))?;
    report.check("zookeeper: four-letter words", || words::compare(trellis))?;
    report.check("zookeeper: settings", || settings::compare(trellis))
}
