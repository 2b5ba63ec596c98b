//! What loading the modules adds to PHP's start.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::capture;

/// What all modules together may add.
const ADDED_MAX: Duration = Duration::from_millis(2);
/// How often PHP is started with them, and as often without.
const STARTS: u32 = 100;

/// Measures and prints it; too much is an error.
pub(super) fn check(modules: &[PathBuf]) -> Result<()> {
    let mut with = Vec::new();
    let mut without = Vec::new();
    // In turns, so that whatever else the machine does hits both.
    for _ in 0..STARTS {
        without.push(start(&[])?);
        with.push(start(modules)?);
    }
    with.sort_unstable();
    without.sort_unstable();
    // The fastest starts are those that nothing else has disturbed.
    let added = with[0].saturating_sub(without[0]);
    let names: Vec<_> = modules.iter().filter_map(|module| module.file_stem()?.to_str()).collect();
    println!(
        "loading {} adds {:.2} ms to PHP's start of {:.2} ms (the fastest of {STARTS} starts)",
        names.join(", "),
        milliseconds(added),
        milliseconds(without[0]),
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
fn start(modules: &[PathBuf]) -> Result<Duration> {
    let mut php = Command::new("php");
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
