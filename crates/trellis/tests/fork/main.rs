//! Clients that are open when their process forks. Whatever the child does with them, the parent's connection and
//! session go on. A fork needs a process with a single thread, which cargo's own test harness has not, so each test
//! is this program anew.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../run/host.rs"]
#[expect(dead_code, reason = "most of it is for the tests of the supervisor")]
mod host;
mod sessions;
mod tubes;

use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

/// A test: its name, and what fails by a panic; it is given the address of tubes, and that of znodes.
type Test = (&'static str, fn(&str, &str));

fn main() -> ExitCode {
    let tests = [tubes::TESTS, sessions::TESTS].concat();
    if let Ok(name) = std::env::var("TEST") {
        let variable = |name| std::env::var(name).unwrap();
        let (_, test) = tests.into_iter().find(|(one, _)| *one == name).unwrap();
        test(&variable("BEANSTALK"), &variable("ZOOKEEPER"));
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let trial = |name: &'static str| Trial::test(name, move || run(name));
    libtest_mimic::run(&arguments, tests.iter().map(|(name, _)| trial(name)).collect()).exit_code()
}

/// Runs a test in a process of its own, with a server that this one looks after.
fn run(name: &str) -> Result<(), Failed> {
    let host = host::Host::forgetful();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("TEST", name).env("BEANSTALK", host.beanstalk()).env("ZOOKEEPER", host.zookeeper());
    let status = command.status().unwrap();
    if status.success() { Ok(()) } else { Err(status.to_string().into()) }
}
