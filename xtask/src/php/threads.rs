//! Requests in several threads at once, as a server with threads has them. It takes a PHP that has threads and can be embedded,
//! which Debian's is not.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::Places;
use crate::process::{capture, run as execute};

/// The program and what it runs; relative to php/.
const PROGRAM: &str = "tests/threads/threads.c";
const SCRIPT: &str = "tests/threads/request.inc";

/// How many requests the program makes.
const REQUESTS: usize = 3 * 6 * 4;

/// Whether this PHP can be asked for it.
pub(super) fn are_known(places: &Places) -> Result<bool> {
    Ok(places.php.has_threads() && places.php.ask("--php-sapis")?.split(' ').any(|sapi| sapi == "embed"))
}

/// Builds the program and runs it with the modules; it says what is wrong.
pub(super) fn check(
    places: &Places,
    modules: &[PathBuf],
    variables: &[(&'static str, String)],
) -> Result<()> {
    let program = places.target.join("threads");
    let folder = format!("{}/lib", places.php.ask("--prefix")?);
    let mut compiler = Command::new("cc");
    compiler.args(["-Wall", "-Wno-unused-parameter", "-o"]).arg(&program).arg(places.folder.join(PROGRAM));
    compiler.args(places.php.ask("--includes")?.split(' '));
    compiler.args([format!("-L{folder}"), format!("-Wl,-rpath,{folder}"), "-lphp".into(), "-pthread".into()]);
    execute(&mut compiler)?;
    let mut settings = "display_errors = 0\nlog_errors = 0\n".to_owned();
    for module in modules {
        writeln!(settings, "extension = {}", module.display())?;
    }
    let ini = places.target.join("threads.ini");
    fs::write(&ini, settings)?;
    let mut command = Command::new(&program);
    command
        .arg(ini)
        .arg(places.folder.join(SCRIPT))
        .envs(variables.iter().map(|(name, value)| (name, value)));
    let said = capture(&mut command)?;
    let (well, others): (Vec<&str>, Vec<&str>) = said.lines().partition(|line| *line == "well");
    if well.len() != REQUESTS || others != ["over"] {
        bail!("requests in several threads at once went wrong:\n{said}");
    }
    println!("{REQUESTS} requests in several threads at once went well");
    Ok(())
}
