//! `trellis run` with real processes: programs, signals, the control socket, and what is left when it is killed.

mod cluster;
mod demo;
mod helper;
mod jobs;
mod life;
mod listen;
mod logs;
mod operate;
mod places;
mod reload;
mod scaling;
mod serve;
#[path = "../cli/zk/server.rs"]
mod server;
mod supervisor;
mod timetable;
mod wishes;

use std::process::{Command, Stdio};

/// The command line, for servers.
fn trellis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.stderr(Stdio::piped());
    command
}
