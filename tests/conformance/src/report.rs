//! One line per check, and the count at the end.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::Result;

/// The results so far. They go to the standard output as they come.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Checks whose names lack this are left out.
    part_of_name: String,
    passed: u32,
    failed: u32,
}

impl Report {
    /// A report on the checks that have this in their names; on all, if it is empty.
    pub(crate) fn on(part_of_name: String) -> Report {
        Report { part_of_name, ..Report::default() }
    }

    /// Whether a check of this name is to run.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(&self.part_of_name)
    }

    /// Runs a check, if it is wanted, and prints what it found: a remark if it passes, the whole story if it fails.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<String>) -> Result<()> {
        if !self.wants(name) {
            return Ok(());
        }
        let started = Instant::now();
        let result = check();
        self.add(name, result, started.elapsed())
    }

    /// Prints the result of a check that has taken so long.
    pub(crate) fn add(&mut self, name: &str, result: Result<String>, took: Duration) -> Result<()> {
        let seconds = took.as_secs_f32();
        let mut out = io::stdout().lock();
        match result {
            Ok(remark) => {
                self.passed += 1;
                writeln!(out, "pass  {name}: {remark} ({seconds:.1} s)")?;
            }
            Err(error) => {
                self.failed += 1;
                writeln!(out, "FAIL  {name} ({seconds:.1} s): {error:#}")?;
            }
        }
        Ok(())
    }

    /// Prints the last line and returns whether all is well.
    pub(crate) fn finish(self) -> Result<bool> {
        writeln!(io::stdout(), "{} passed, {} failed", self.passed, self.failed)?;
        Ok(self.failed == 0)
    }
}
