//! `cargo xtask ci`: the steps that every change has to pass, in one list. The hosted CI calls this and adds
//! only what needs the network's advisory database.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process::{cargo, run as execute};
use crate::{conformance, php, tidy};

/// One thing that must succeed.
struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

/// The order is that of a newcomer: first what the README promises. All steps share the dev profile, so that
/// one build serves them.
const STEPS: &[Step] = &[
    Step { name: "cargo test --workspace", run: || execute(&mut cargo(tidy::TEST_COMMAND)?) },
    Step { name: "cargo fmt --check", run: || execute(&mut cargo(&["fmt", "--all", "--check"])?) },
    Step { name: "cargo clippy", run: clippy },
    Step { name: "cargo xtask tidy", run: tidy::run },
    Step { name: "cargo doc", run: documentation },
    Step { name: "cargo check of the fuzz targets", run: fuzz_targets },
    Step { name: "cargo xtask conformance", run: || conformance::run(&conformance::Options::default()) },
    Step { name: "cargo xtask php", run: || php::run(&php::Options::default()) },
];

/// Runs all steps and prints how long each took; stops at the first failure.
pub(crate) fn run() -> Result<()> {
    let mut done: Vec<(&str, Duration)> = Vec::new();
    for (index, step) in STEPS.iter().enumerate() {
        println!("\n==> {}/{} {}", index + 1, STEPS.len(), step.name);
        let began = Instant::now();
        (step.run)().with_context(|| format!("the step `{}` failed", step.name))?;
        let took = began.elapsed();
        println!("<== {} took {:.1} s", step.name, took.as_secs_f64());
        done.push((step.name, took));
    }
    println!("\nAll steps succeeded:");
    for (name, took) in &done {
        println!("{:8.1} s  {name}", took.as_secs_f64());
    }
    let total: Duration = done.iter().map(|(_, took)| *took).sum();
    println!("{:8.1} s  in total", total.as_secs_f64());
    Ok(())
}

fn clippy() -> Result<()> {
    execute(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?)
}

/// Running them takes a nightly compiler; that they still fit what they feed is seen without.
fn fuzz_targets() -> Result<()> {
    execute(&mut cargo(&[
        "check",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
        "target",
    ])?)
}

fn documentation() -> Result<()> {
    execute(cargo(&["doc", "--workspace", "--no-deps"])?.env("RUSTDOCFLAGS", "-D warnings"))
}
