//! Editing a line at a terminal, with history and completion. Only this file knows the library that does it.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, ExternalPrinter, Helper};

use super::Session;
use super::complete::complete;
use crate::exit::{Exit, Failure};
use crate::limits::ZK_HISTORY_LINES_MAX;
use crate::output::note;

/// What a user has given.
pub(super) enum Input {
    /// A line.
    Line(String),
    /// A line that was thrown away, by Ctrl-C.
    Cancelled,
    /// The end, by Ctrl-D.
    End,
}

/// The editor of the terminal.
pub(super) struct Editor {
    editor: rustyline::Editor<Nodes, DefaultHistory>,
    /// Where the history is kept; `None` if it can't be.
    file: Option<PathBuf>,
}

impl Editor {
    /// Takes the terminal, and the history of earlier times.
    pub(super) fn open(session: Rc<Session>) -> Result<Editor, Failure> {
        let config = Config::builder()
            .max_history_size(ZK_HISTORY_LINES_MAX)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(|error| failed(&error))?
            .auto_add_history(false)
            .completion_type(CompletionType::List)
            .build();
        let mut editor = rustyline::Editor::with_config(config).map_err(|error| failed(&error))?;
        editor.set_helper(Some(Nodes(session)));
        let file = history_file();
        if let Some(file) = &file {
            // It need not be there.
            let _ = editor.load_history(file);
        }
        Ok(Editor { editor, file })
    }

    /// Shows what it is sent above the line that is being typed. A thread of its own does it, since the editor may let
    /// it wait.
    pub(super) fn printer(&mut self) -> Result<Sender<String>, Failure> {
        let mut printer = self.editor.create_external_printer().map_err(|error| failed(&error))?;
        let (sender, texts) = channel();
        std::thread::spawn(move || texts.iter().try_for_each(|text| printer.print(text)));
        Ok(sender)
    }

    /// Lets the user type a line.
    pub(super) fn read(&mut self, prompt: &str) -> Result<Input, Failure> {
        match self.editor.readline(prompt) {
            Ok(line) => Ok(Input::Line(line)),
            Err(ReadlineError::Interrupted) => Ok(Input::Cancelled),
            Err(ReadlineError::Eof) => Ok(Input::End),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Keeps a line for later, also for the next time; but not what may hold a password.
    pub(super) fn remember(&mut self, line: &str) {
        if line.trim().is_empty() || line.trim_start().starts_with("addauth") {
            return;
        }
        let added = self.editor.add_history_entry(line).unwrap_or(false);
        let Some(file) = self.file.as_ref().filter(|_| added) else { return };
        let made = file.parent().map_or(Ok(()), fs::create_dir_all).map_err(ReadlineError::from);
        if let Err(error) = made.and_then(|()| self.editor.append_history(file)) {
            note(&format!("the history cannot be kept in {}: {error}", file.display()));
            self.file = None;
        }
    }
}

/// The file of the history, where programs keep such things.
fn history_file() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("trellis/zk-history"))
}

fn failed(error: &ReadlineError) -> Failure {
    Failure::new(Exit::Internal, format!("the terminal cannot be used: {error}"))
        .hint("commands can also be given on standard input, one a line: `trellis zk < FILE`")
}

/// Completes with the nodes of the session.
struct Nodes(Rc<Session>);

impl Completer for Nodes {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, candidates) = complete(&line[..position], |path| self.0.children(path));
        let pairs = candidates
            .into_iter()
            .map(|candidate| Pair { display: candidate.shown, replacement: candidate.replacement });
        Ok((start, pairs.collect()))
    }
}

impl Hinter for Nodes {
    type Hint = String;
}

impl Highlighter for Nodes {}

impl Validator for Nodes {}

impl Helper for Nodes {}
