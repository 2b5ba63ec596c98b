//! `trellis run`: its examples with workers in Python and PHP, and its schema with a validator that isn't ours. The scripts in
//! `clients/workers` fail by themselves; this file only starts them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::report::Report;
use crate::tours::{self, Runtimes};

/// How long a script may take.
const DEADLINE: Duration = Duration::from_secs(180);

/// Runs all checks, if Python is there.
pub(crate) fn run(trellis: &Path, runtimes: &Runtimes, report: &mut Report) -> Result<()> {
    let Some(python) = &runtimes.python else { return Ok(()) };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = |name: &str| {
        let mut command = Command::new(python);
        // The scripts must not leave compiled files among the sources.
        command.arg("-B").arg(here.join("clients/workers").join(name));
        command.arg(trellis).arg(here.join("../.."));
        command
    };
    // Whoever runs PHP's own checks has it.
    if runtimes.php_echo.is_some() {
        report.check("workers: the examples", || tours::run(&mut script("tour.py"), DEADLINE))?;
    }
    report.check("workers: the schema", || tours::run(&mut script("schema.py"), DEADLINE))
}
