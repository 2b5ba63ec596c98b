//! The project's chores, one subcommand each: `cargo xtask tidy`, `ci`, `conformance`, `php`, `bench`.
//!
//! Nothing that trellis needs to run belongs here, only what its developers need.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person who started it")]

mod bench;
mod ci;
mod conformance;
mod php;
mod process;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::Parser;

/// The project's chores.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Chore {
    /// Checks the project's own rules, listed in CONTRIBUTING.md.
    Tidy,
    /// Runs everything that the hosted CI runs, and stops at the first failure.
    Ci,
    /// Installs the original servers and foreign clients, and runs them against trellis.
    Conformance(conformance::Options),
    /// Installs PHP, builds its modules and runs their tests.
    Php(php::Options),
    /// Measures trellis and its peers side by side, and writes the result to bench/runs.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Tidy => tidy::run(),
        Chore::Ci => ci::run(),
        Chore::Conformance(options) => conformance::run(&options),
        Chore::Php(options) => php::run(&options),
        Chore::Bench(options) => bench::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
