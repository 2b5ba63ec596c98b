//! Whether what `trellis php new` writes builds and passes its tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Places;
use crate::process::{capture, run as execute};

/// Makes a module, builds it with the libraries that the others have, and runs its tests.
pub(super) fn check(places: &Places, trellis: &Path) -> Result<()> {
    let parent = places.target.join("skeleton");
    if parent.exists() {
        fs::remove_dir_all(&parent)?;
    }
    fs::create_dir(&parent)?;
    capture(Command::new(trellis).args(["php", "new", "greeter", "--dir"]).arg(&parent))?;
    let folder = parent.join("greeter");
    // The same versions in the same target folder: nothing is built twice.
    fs::copy(places.folder.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut tests = Command::new("sh");
    tests.args(["tests/run", "-g", "FAIL,LEAK,BORK,WARN,SKIP"]);
    execute(places.php.name_to(tests.current_dir(&folder).env("CARGO_TARGET_DIR", &places.target)))
}
