//! A node's record, as zkCli prints it or as JSON, and the command `stat`.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use trellis_zk_codec::{ErrorCode, Stat};

use super::context::Context;
use super::failure::Error;
use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `stat`.
#[derive(Args)]
pub(super) struct StatArgs {
    /// Watch for the next change of its data, or for its coming or going
    #[arg(short)]
    watch: bool,

    /// The node
    path: String,

    #[arg(hide = true)]
    old_watch: Option<String>,
}

/// The record as JSON: times in milliseconds since 1970, and the session in the form in which it is shown elsewhere.
#[derive(Serialize)]
pub(super) struct StatJson {
    czxid: i64,
    mzxid: i64,
    pzxid: i64,
    ctime: i64,
    mtime: i64,
    version: i32,
    cversion: i32,
    aversion: i32,
    ephemeral_owner: String,
    data_length: i32,
    num_children: i32,
}

impl From<Stat> for StatJson {
    fn from(stat: Stat) -> Self {
        StatJson {
            czxid: stat.czxid,
            mzxid: stat.mzxid,
            pzxid: stat.pzxid,
            ctime: stat.ctime,
            mtime: stat.mtime,
            version: stat.version,
            cversion: stat.cversion,
            aversion: stat.aversion,
            ephemeral_owner: format!("{:#x}", stat.ephemeral_owner),
            data_length: stat.data_length,
            num_children: stat.num_children,
        }
    }
}

/// Prints a node's record.
pub(super) fn run(args: &StatArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let watch = context.watches(args.watch, args.old_watch.as_deref(), "stat", "stat [-w] path");
    match context.nodes.exists(&args.path, watch)? {
        Some(stat) => print_or_json(&stat, output),
        None => Err(Error::refused(ErrorCode::NoNode, &args.path).into()),
    }
}

/// Prints a record, or writes it as JSON.
pub(super) fn print_or_json(stat: &Stat, output: &mut Output) -> Result<(), Failure> {
    if output.json() { output.value(&StatJson::from(*stat)) } else { print(stat, output) }
}

/// Prints a record line by line.
pub(super) fn print(stat: &Stat, output: &mut Output) -> Result<(), Failure> {
    output.line(format!("cZxid = {:#x}", stat.czxid))?;
    output.line(format!("ctime = {}", time(stat.ctime, &TimeZone::system())))?;
    output.line(format!("mZxid = {:#x}", stat.mzxid))?;
    output.line(format!("mtime = {}", time(stat.mtime, &TimeZone::system())))?;
    output.line(format!("pZxid = {:#x}", stat.pzxid))?;
    output.line(format!("cversion = {}", stat.cversion))?;
    output.line(format!("dataVersion = {}", stat.version))?;
    output.line(format!("aclVersion = {}", stat.aversion))?;
    output.line(format!("ephemeralOwner = {:#x}", stat.ephemeral_owner))?;
    output.line(format!("dataLength = {}", stat.data_length))?;
    output.line(format!("numChildren = {}", stat.num_children))
}

/// A time as Java writes it, in the zone of this machine.
fn time(milliseconds: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(milliseconds) {
        Ok(time) => time.to_zoned(zone.clone()).strftime("%a %b %d %H:%M:%S %Z %Y").to_string(),
        // Before the year -9999 or after 9999: nobody's clock.
        Err(_) => format!("{milliseconds} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_java_does() {
        assert_eq!(time(0, &TimeZone::UTC), "Thu Jan 01 00:00:00 UTC 1970");
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        assert_eq!(time(1_783_000_001_999, &zone), "Thu Jul 02 15:46:41 CEST 2026");
        assert_eq!(time(i64::MAX, &zone), "9223372036854775807 ms");
    }
}
