//! `trellis run` with real processes: programs, signals, the control socket, and what is left when it is killed.

#![allow(clippy::print_stdout, reason = "a failed test shows what it prints, such as its seed")]

mod blame;
mod cluster;
mod crash;
mod deaths;
mod demo;
mod example;
mod fence;
mod files;
mod first;
mod helper;
mod host;
mod jobs;
mod ledger;
mod life;
mod listen;
mod logs;
mod misfits;
mod nuisances;
mod operate;
mod places;
mod reach;
mod relay;
mod reload;
mod rivals;
mod scaling;
mod serve;
#[path = "../cli/zk/server.rs"]
mod server;
mod supervisor;
mod timetable;
mod tries;
mod wishes;

use std::process::{Command, Stdio};

/// The command line, for servers.
fn trellis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.stderr(Stdio::piped());
    command
}
