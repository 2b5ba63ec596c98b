//! What loading the modules adds to PHP's start.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::capture;

/// What all modules together may add.
const ADDED_MAX: Duration = Duration::from_millis(2);
/// How often PHP is started with them, and as often without, at least and, on a machine that is busy with others, at most.
const STARTS: u32 = 50;
const STARTS_MAX: u32 = 1_000;

/// Measures and prints it; too much is an error.
pub(super) fn check(program: &Path, modules: &[PathBuf]) -> Result<()> {
    let (mut with, mut without, mut starts) = (Duration::MAX, Duration::MAX, 0);
    // The fastest starts are those that nothing else has disturbed. In turns, so that whatever else the machine does hits
    // both.
    while starts < STARTS || (starts < STARTS_MAX && with.saturating_sub(without) > ADDED_MAX) {
        without = without.min(start(program, &[])?);
        with = with.min(start(program, modules)?);
        starts += 1;
    }
    let added = with.saturating_sub(without);
    let names: Vec<_> = modules.iter().filter_map(|module| module.file_stem()?.to_str()).collect();
    println!(
        "loading {} adds {:.2} ms to PHP's start of {:.2} ms (the fastest of {starts} starts)",
        names.join(", "),
        milliseconds(added),
        milliseconds(without),
    );
    if added > ADDED_MAX {
        bail!(
            "the modules may add {:.2} ms; look at what they do in their start-up",
            milliseconds(ADDED_MAX)
        );
    }
    Ok(())
}

/// How long a PHP takes that does nothing.
fn start(program: &Path, modules: &[PathBuf]) -> Result<Duration> {
    let mut php = Command::new(program);
    php.arg("-n")
        .args(modules.iter().flat_map(|module| ["-d".into(), format!("extension={}", module.display())]));
    php.args(["-r", ""]);
    let began = Instant::now();
    capture(&mut php)?;
    Ok(began.elapsed())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
