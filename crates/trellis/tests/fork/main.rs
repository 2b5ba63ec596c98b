//! Clients that are open when their process forks. Whatever the child does with them, the parent's connection and
//! session go on. A fork needs a process with a single thread, which cargo's own test harness has not, so each test
//! is this program anew.

#![allow(clippy::print_stdout, reason = "it prints what cargo's own harness would")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../run/host.rs"]
#[expect(dead_code, reason = "most of it is for the tests of the supervisor")]
mod host;
mod sessions;
mod tubes;

use std::process::{Command, ExitCode};

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
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut failed = 0;
    for (name, _) in tests.into_iter().filter(|(name, _)| wanted(name)) {
        let outcome = if run(name) { "ok" } else { "FAILED" };
        println!("test {name} ... {outcome}");
        failed += usize::from(outcome != "ok");
    }
    println!("{failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

/// Runs a test in a process of its own, with a server that this one looks after.
fn run(name: &str) -> bool {
    let host = host::Host::forgetful();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("TEST", name).env("BEANSTALK", host.beanstalk()).env("ZOOKEEPER", host.zookeeper());
    command.status().unwrap().success()
}
