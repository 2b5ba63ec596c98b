//! How the program ends: the exit codes, and the failure that carries one to `main`.

use std::fmt;
use std::process::ExitCode;

/// The exit codes, as the help promises them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It worked.
    Ok = 0,
    /// What was asked for does not exist, or nothing came in time.
    NotFound = 1,
    /// The command line or a setting is wrong.
    Usage = 2,
    /// The server cannot be reached: no connection, a lost one, or no reply in time.
    Unreachable = 3,
    /// The server answered with an error.
    Refused = 4,
    /// Anything else: reading, writing, or a reply that makes no sense.
    Internal = 5,
}

/// The exit codes as every help page and man page lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  1  not found, or nothing came in time
  2  the command line or a setting is wrong
  3  the server cannot be reached, or does not answer
  4  the server refused the command
  5  anything else, such as a failure to read or write";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command ended without success.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What went wrong; empty if there is nothing to say, as when the reader of our output has gone.
    pub(crate) message: String,
    /// What the user can do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, message: message.into(), hint: None }
    }

    /// The same with a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A failure that has already been reported, or needs no words.
    pub(crate) fn silent(exit: Exit) -> Self {
        Failure::new(exit, "")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
