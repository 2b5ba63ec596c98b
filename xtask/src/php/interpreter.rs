//! The PHP that the modules are built for and tested with: the machine's own, or another one that somebody names. Its
//! `php-config` says where everything is.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::capture;
use crate::tools;

/// What names the parts of a version that a module must have been built for.
const VARIANT: &str = "echo PHP_VERSION, PHP_ZTS ? '-zts' : '-nts', PHP_DEBUG ? '-debug' : '';";

/// A PHP with its headers.
pub(super) struct Interpreter {
    config: PathBuf,
    program: PathBuf,
    variant: String,
}

impl Interpreter {
    /// The PHP whose `php-config` is named, or the machine's own, which is installed if it is missing.
    pub(super) fn find(named: Option<&Path>) -> Result<Interpreter> {
        let config = match named {
            Some(named) => {
                named.canonicalize().with_context(|| format!("there is no {}", named.display()))?
            }
            None => tools::php_config()?,
        };
        tools::php_builders()?;
        let program = PathBuf::from(ask(&config, "--php-binary")?);
        if !program.is_file() {
            bail!("{} names {} as its PHP, which is not there", config.display(), program.display());
        }
        let variant = capture(Command::new(&program).args(["-n", "-r", VARIANT]))?;
        Ok(Interpreter { config, program, variant })
    }

    /// PHP itself.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// What sets it apart from others: `8.4.1-zts-debug`.
    pub(super) fn variant(&self) -> &str {
        &self.variant
    }

    /// Whether it can be run in several threads.
    pub(super) fn has_threads(&self) -> bool {
        self.variant.contains("-zts")
    }

    /// What its `php-config` says.
    pub(super) fn ask(&self, question: &str) -> Result<String> {
        ask(&self.config, question)
    }

    /// Has a command build for this PHP and no other.
    pub(super) fn name_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("PHP_CONFIG", &self.config).env("PHP", &self.program)
    }

    /// PHP's own test program, which comes with the headers.
    pub(super) fn test_program(&self) -> Result<PathBuf> {
        let candidates = [
            Path::new(&self.ask("--extension-dir")?).join("build/run-tests.php"),
            Path::new(&self.ask("--prefix")?).join("lib/php/build/run-tests.php"),
        ];
        candidates
            .into_iter()
            .find(|path| path.is_file())
            .context("PHP's headers are there without run-tests.php")
    }
}

fn ask(config: &Path, question: &str) -> Result<String> {
    Ok(capture(Command::new(config).arg(question))?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_must_be_there() {
        let error =
            Interpreter::find(Some(Path::new("/no/such/php-config"))).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("there is no /no/such/php-config"));
    }
}
