//! PHP's own test program, run-tests.php, on the scripts of php/tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Places;
use crate::process::run as execute;

/// For valgrind: what is surely lost is an error, too.
const VALGRIND_OPTIONS: &str =
    "--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --num-callers=20";

/// What valgrind is told not to complain of; relative to php/.
const SUPPRESSIONS: &str = "tests/valgrind.supp";

/// The tests, and what they run with.
pub(super) struct Run<'a> {
    pub(super) places: &'a Places,
    /// The modules that are loaded.
    pub(super) extensions: &'a [PathBuf],
    /// Environment variables, which say where the servers are.
    pub(super) variables: &'a [(&'static str, String)],
    /// Files and folders, relative to php/.
    pub(super) tests: &'a [PathBuf],
}

impl Run<'_> {
    /// Every test must pass; one that skips itself has not.
    pub(super) fn plain(&self) -> Result<()> {
        let results = self.places.target.join("results.txt");
        execute(self.command()?.arg("-j2").arg("-W").arg(&results).args(self.tests))?;
        let results = fs::read_to_string(&results).context("run-tests.php has left no results")?;
        let others: Vec<&str> = results.lines().filter(|line| !line.starts_with("PASSED")).collect();
        if results.is_empty() || !others.is_empty() {
            bail!("not all tests have passed:\n{}", others.join("\n"));
        }
        Ok(())
    }

    /// The same under valgrind, except for those that skip themselves and say why.
    pub(super) fn under_valgrind(&self) -> Result<()> {
        let suppressions = self.places.folder.join(SUPPRESSIONS);
        let options = format!("{VALGRIND_OPTIONS} --suppressions={}", suppressions.display());
        let mut command = self.command()?;
        // The code that PCRE compiles reads more than it has been given, and knows what of it counts.
        command.args(["-d", "pcre.jit=0", "-m", "-x", "-j2", "--show-mem"]).env("VALGRIND_OPTS", options);
        execute(command.args(self.tests)).context("valgrind has found something, or a test failed under it")
    }

    /// Without a php.ini, and with the modules.
    fn command(&self) -> Result<Command> {
        let php = &self.places.php;
        let mut command = Command::new(php.program());
        command.current_dir(&self.places.folder).arg(php.test_program()?);
        command.args(["-n", "-q", "-g", "FAIL,LEAK,BORK,WARN", "-p"]).arg(php.program());
        for extension in self.extensions {
            command.arg("-d").arg(format!("extension={}", extension.display()));
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        // A folder of tests would ask whether to send the results to PHP's developers.
        command.env("NO_INTERACTION", "1");
        Ok(command)
    }
}

/// The texts of all tests in one, to see what they need.
pub(super) fn texts(folder: &Path, tests: &[PathBuf]) -> Result<String> {
    let mut waiting: Vec<PathBuf> = tests.iter().map(|test| folder.join(test)).collect();
    for test in waiting.clone().iter().filter(|test| !test.is_dir()) {
        // What it includes lies beside it.
        waiting.push(test.with_file_name(""));
    }
    let mut text = String::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        } else if path.extension().is_some_and(|extension| extension == "phpt" || extension == "inc") {
            let test = fs::read(&path).with_context(|| format!("there is no test {}", path.display()))?;
            text.push_str(&String::from_utf8_lossy(&test));
        }
    }
    Ok(text)
}
