//! Everything the program prints: data on standard output, all else on standard error.
//!
//! A reader that has gone (`trellis tube list | head -1`) is not an error: the program then ends quietly with
//! code 0, unless its work counts for more than what it prints (`trellis tube put --lines`). Styles are used on terminals only, and never when `NO_COLOR` is set.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// The program's output.
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    json: bool,
    outlives_reader: bool,
    reader_gone: bool,
}

impl Output {
    /// An output for people, or with `json` for programs.
    pub(crate) fn new(json: bool) -> Self {
        Output { stdout: BufWriter::new(io::stdout()), json, outlives_reader: false, reader_gone: false }
    }

    /// Whether `--json` was given.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// From now on, a reader that has gone does not end the command: what it would have read is dropped.
    ///
    /// For commands whose work counts for more than what they print.
    pub(crate) fn outlive_reader(&mut self) {
        self.outlives_reader = true;
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// How many columns the terminal has; none if standard output is no terminal, and lines may be of any length.
    pub(crate) fn columns(&self) -> Option<usize> {
        let (columns, _) = self.is_terminal().then(crossterm::terminal::size)?.ok()?;
        Some(columns.into())
    }

    /// Writes text or bytes as they are.
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        if self.reader_gone {
            return Ok(());
        }
        let outcome = self.stdout.write_all(bytes.as_ref());
        self.written(outcome)
    }

    /// Writes one line.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.write(text.as_ref())?;
        self.write("\n")
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn value(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        if self.reader_gone {
            return Ok(());
        }
        let outcome = serde_json::to_writer(&mut self.stdout, value).map_err(io::Error::from);
        self.written(outcome)?;
        self.write("\n")
    }

    /// Writes the lines of a table, the first of which is its heading.
    pub(crate) fn table(&mut self, lines: &[String]) -> Result<(), Failure> {
        let Some((heading, rows)) = lines.split_first() else { return Ok(()) };
        self.line(self.heading(heading))?;
        rows.iter().try_for_each(|row| self.line(row))
    }

    /// A heading in bold, where that can be shown.
    pub(crate) fn heading(&self, text: &str) -> String {
        styled(text, BOLD, self.is_terminal())
    }

    /// Makes everything written so far visible. Whatever must not be lost is only known to be out after this.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if self.reader_gone {
            return Ok(());
        }
        let outcome = self.stdout.flush();
        self.written(outcome)
    }

    fn written(&mut self, outcome: io::Result<()>) -> Result<(), Failure> {
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.outlives_reader => {
                self.reader_gone = true;
                Ok(())
            }
            outcome => outcome.map_err(write_failed),
        }
    }
}

/// Tells the user something that is not data.
pub(crate) fn note(text: &str) {
    // A standard error that cannot be written to leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Reports why a command ended without success.
pub(crate) fn report(failure: &Failure) {
    if failure.message.is_empty() {
        return;
    }
    let terminal = io::stderr().is_terminal();
    note(&format!("{} {}", styled("error:", RED_BOLD, terminal), failure.message));
    if let Some(hint) = &failure.hint {
        note(&format!("{} {hint}", styled("hint:", BOLD, terminal)));
    }
}

const BOLD: &str = "\x1b[1m";
const RED_BOLD: &str = "\x1b[1;31m";

fn styled(text: &str, style: &str, terminal: bool) -> String {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if terminal && !refused { format!("{style}{text}\x1b[0m") } else { text.to_owned() }
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn write_failed(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::silent(Exit::Ok),
        _ => Failure::new(Exit::Internal, format!("standard output cannot be written: {error}")),
    }
}
