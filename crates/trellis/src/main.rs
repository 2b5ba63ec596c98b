//! Coordination, work queue and workers of a distributed application in one binary.
//!
//! This crate is only the command line: it reads arguments and settings, calls another crate, and prints.

mod address;
mod cli;
mod cmd;
mod data_dir;
mod demo;
mod exit;
mod interrupt;
mod ipc;
mod limits;
mod messages;
mod output;
mod php;
mod run;
mod serve;
mod settings;
mod table;
mod tube;
mod user;
mod zk;

use std::process::ExitCode;

fn main() -> ExitCode {
    match trellis_supervisor::runtime::Guard::asked(std::env::args_os()) {
        Some(guard) => run::guard(guard),
        None => cli::run(),
    }
}
