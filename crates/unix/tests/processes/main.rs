//! Tests that fork. Each runs in a process of its own with a single thread, one after the other, and is killed if it
//! takes too long. It is this crate that makes them, so it is its own first test.
//!
//! `cargo test -p trellis-unix --test processes -- TEXT` runs those with the text in their names.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints what cargo's own harness would")]
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
use std::time::{Duration, Instant};

use trellis_unix::Signal;
use trellis_unix::process::{Status, spawn};

/// No test takes longer on a machine that is busy with others.
const DEADLINE: Duration = Duration::from_secs(120);

/// A test: its name, and what fails by a panic.
type Test = (&'static str, fn());

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
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
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut failed = 0;
    for (name, test) in tests.into_iter().filter(|(name, _)| wanted(name)) {
        let began = Instant::now();
        let outcome = run(test);
        println!("test {name} ... {outcome} ({:.2} s)", began.elapsed().as_secs_f64());
        failed += usize::from(outcome != "ok");
    }
    println!("{failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

fn run(test: fn()) -> String {
    let mut child = spawn(|| {
        test();
        0
    })
    .expect("the test begins");
    match child.wait_for(DEADLINE).expect("it is our child") {
        Some(Status::Exited(0)) => "ok".to_owned(),
        Some(status) => format!("FAILED ({status})"),
        None => {
            child.signal(Signal::KILL).expect("it is our child");
            format!("FAILED: killed after {DEADLINE:?}")
        }
    }
}
