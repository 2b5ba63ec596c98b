//! What trellis shares with PHP on one machine. The scripts in `clients/ipc` run in the real PHP and fail by themselves; this
//! file only starts them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::Draw;
use crate::report::Report;
use crate::tours::{self, Runtimes};

/// How long a script may take; a semaphore that nobody releases would hold it for ever.
const DEADLINE: Duration = Duration::from_secs(120);

/// Runs all checks, if PHP is there.
pub(crate) fn run(trellis: &Path, runtimes: &Runtimes, draw: Draw, report: &mut Report) -> Result<()> {
    let Some(echo) = &runtimes.php_echo else { return Ok(()) };
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/ipc");
    for (name, script, partner) in [
        ("values", "values.php", echo.as_path()),
        ("variables", "variables.php", trellis),
        ("messages", "messages.php", trellis),
        ("semaphores", "semaphores.php", trellis),
    ] {
        report.check(&format!("php: {name}"), || {
            let mut php = Command::new("php");
            php.arg(scripts.join(script)).arg(partner).args(draw.seed.map(|seed| seed.to_string()));
            tours::run(&mut php, DEADLINE)
        })?;
    }
    Ok(())
}
