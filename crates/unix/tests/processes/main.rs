//! Tests that fork. Each runs in a process of its own with a single thread, one after the other, and is killed if it
//! takes too long. It is this crate that makes them, so it is its own first test.
//!
//! `cargo test -p trellis-unix --test processes -- TEXT` runs those with the text in their names.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "some tests are about what is printed; others tell their seed"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod daemon;
mod fifo;
mod helpers;
mod pool;
mod process;
mod program;
mod signals;
mod sysv;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use trellis_unix::Signal;
use trellis_unix::process::{Status, spawn};

/// No test takes longer on a machine that is busy with others.
const DEADLINE: Duration = Duration::from_secs(120);

/// A test: its name, and what fails by a panic.
type Test = (&'static str, fn());

fn main() -> ExitCode {
    let tests = [
        process::TESTS,
        program::TESTS,
        signals::TESTS,
        pool::TESTS,
        sysv::TESTS,
        daemon::TESTS,
        fifo::TESTS,
    ]
    .concat();
    // One after the other, which all happens in this only thread.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let trials = tests.into_iter().map(|(name, test)| Trial::test(name, move || run(test)));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn run(test: fn()) -> Result<(), Failed> {
    let mut child = spawn(|| {
        test();
        0
    })?;
    match child.wait_for(DEADLINE)? {
        Some(Status::Exited(0)) => Ok(()),
        Some(status) => Err(status.to_string().into()),
        None => {
            child.signal(Signal::KILL)?;
            Err(format!("killed after {DEADLINE:?}").into())
        }
    }
}
