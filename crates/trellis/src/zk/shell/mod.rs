//! The shell of `trellis zk`: reads lines, from a terminal or not, and runs them in one session.

mod complete;
mod editor;
mod help;
mod line;
mod words;

use std::cell::RefCell;
use std::io::{self, BufRead, IsTerminal};
use std::ops::ControlFlow;
use std::rc::Rc;

use trellis_zk_client::{Client, Settings, State};
use trellis_zk_codec::KeeperState;

use self::editor::{Editor, Input};
use self::line::{Line, OnOff, ShellCommand};
use super::command;
use super::context::Context;
use super::events::Events;
use super::failure::{self, not_connected};
use super::nodes::Nodes;
use super::session;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::{Output, note};

/// How many lines `history` shows, as with zkCli.
const HISTORY_SHOWN: usize = 11;

/// Whether the shell has a command of this name.
pub(crate) fn is_for_shell(command: &str) -> bool {
    help::names().any(|name| name == command)
}

/// Reads and runs lines until there are no more. The exit code is that of the last command.
pub(super) fn run(settings: Settings, interrupt: Interrupt, json: bool) -> Result<(), Failure> {
    let session = Rc::new(Session { client: RefCell::new(None), interrupt });
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let mut editor = if terminal { Some(Editor::open(Rc::clone(&session))?) } else { None };
    let events = Events::new(match &mut editor {
        Some(editor) => Some(editor.printer()?),
        None => None,
    });
    if terminal {
        session.interrupt.catch_ctrl_c()?;
        note(&format!("Connecting to {}", settings.servers));
    }
    let mut shell = Shell { session, settings, events, json, history: Vec::new(), last: Exit::Ok };
    shell.connect()?;
    let outcome = match editor {
        Some(editor) => shell.converse(editor),
        None => shell.read_all(),
    };
    shell.session.close();
    outcome?;
    match shell.last {
        Exit::Ok => Ok(()),
        exit => Err(Failure::silent(exit)),
    }
}

/// What the completion of paths needs of the shell, too.
struct Session {
    client: RefCell<Option<Client>>,
    interrupt: Interrupt,
}

impl Session {
    /// The names of a node's children, if that can be known without waiting for a connection.
    fn children(&self, path: &str) -> Option<Vec<String>> {
        let client = self.client.borrow();
        let client = client.as_ref().filter(|client| client.state().is_connected())?;
        Nodes::new(client, &self.interrupt).children(path, false).ok().map(|(names, _)| names)
    }

    fn state(&self) -> State {
        self.client.borrow().as_ref().map_or(State::Closed, Client::state)
    }

    /// Ends the session; whether there was one.
    fn close(&self) -> bool {
        match self.client.borrow_mut().take() {
            Some(client) if !client.state().is_over() => {
                session::close(&client, &self.interrupt);
                true
            }
            _ => false,
        }
    }
}

struct Shell {
    session: Rc<Session>,
    settings: Settings,
    events: Events,
    json: bool,
    history: Vec<String>,
    last: Exit,
}

impl Shell {
    /// Talks with a user at a terminal.
    fn converse(&mut self, mut editor: Editor) -> Result<(), Failure> {
        note("Welcome! `help` lists the commands, Ctrl-D ends.");
        loop {
            match editor.read(&self.prompt())? {
                Input::Line(line) => {
                    editor.remember(&line);
                    if self.execute(&line)?.is_break() {
                        return Ok(());
                    }
                }
                Input::Cancelled => {}
                Input::End => return Ok(()),
            }
        }
    }

    /// Runs the lines of standard input.
    fn read_all(&mut self) -> Result<(), Failure> {
        for line in io::stdin().lock().lines() {
            let line = line.map_err(|error| {
                Failure::new(Exit::Internal, format!("standard input cannot be read: {error}"))
            })?;
            if self.execute(&line)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn prompt(&self) -> String {
        let state = match self.session.state() {
            State::Connecting | State::Overdue => "CONNECTING",
            State::Connected => "CONNECTED",
            State::ConnectedReadOnly => "CONNECTEDREADONLY",
            State::Closed | State::Expired => "CLOSED",
            State::AuthFailed => "AUTH_FAILED",
        };
        format!("[zk: {}({state}) {}] ", self.settings.servers, self.history.len())
    }

    /// Runs a line and tells what is wrong with it, if anything. An error only if nothing can be told any more.
    fn execute(&mut self, line: &str) -> Result<ControlFlow<()>, Failure> {
        if line.trim().is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        self.history.push(line.to_owned());
        self.session.interrupt.clear();
        let outcome = self.interpret(line);
        if self.session.interrupt.is_raised() {
            // The terminal has shown ^C where the next line would begin.
            note("");
        }
        let (last, flow) = match outcome {
            Ok(flow) => (Exit::Ok, flow),
            // Standard output is gone, and with it the purpose.
            Err(failure) if failure == Failure::silent(Exit::Ok) => return Err(failure),
            Err(failure) => {
                tell(&failure);
                (failure.exit, ControlFlow::Continue(()))
            }
        };
        // What ends the shell does not hide how the last command went.
        if flow.is_continue() {
            self.last = last;
        }
        Ok(flow)
    }

    fn interpret(&mut self, line: &str) -> Result<ControlFlow<()>, Failure> {
        let output = &mut Output::new(self.json);
        let outcome = match Line::parse(line)? {
            Line::Help(text) => output.write(text).map(ControlFlow::Continue),
            Line::Command { command, json } => {
                *output = Output::new(json || self.json);
                self.run(command, output)
            }
        };
        output.flush()?;
        outcome
    }

    fn run(&mut self, command: ShellCommand, output: &mut Output) -> Result<ControlFlow<()>, Failure> {
        match command {
            ShellCommand::Zk(command::Command::Version) => session::version(output)?,
            ShellCommand::Zk(command) => self.run_in_session(&command, output)?,
            ShellCommand::Close => self.close(),
            ShellCommand::Connect { servers } => {
                self.close();
                if let Some(servers) = servers {
                    self.settings.servers = servers;
                }
                self.connect()?;
                self.show_state(KeeperState::SyncConnected);
            }
            ShellCommand::Help { command } => output.write(help::of(command.as_deref())?)?,
            ShellCommand::History => {
                let first = self.history.len().saturating_sub(HISTORY_SHOWN);
                for (number, line) in self.history.iter().enumerate().skip(first) {
                    output.line(format!("{number} - {line}"))?;
                }
            }
            ShellCommand::Printwatches { wanted: None } => {
                output
                    .line(format!("printwatches is {}", if self.events.wanted() { "on" } else { "off" }))?;
            }
            ShellCommand::Printwatches { wanted: Some(wanted) } => self.events.want(wanted == OnOff::On),
            ShellCommand::Quit => return Ok(ControlFlow::Break(())),
            ShellCommand::Redo { number } => return self.redo(number),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn run_in_session(&self, command: &command::Command, output: &mut Output) -> Result<(), Failure> {
        let client = self.session.client.borrow();
        let Some(client) = client.as_ref().filter(|client| !client.state().is_over()) else {
            return Err(not_connected());
        };
        let nodes = Nodes::new(client, &self.session.interrupt);
        command::run(command, &Context { nodes, events: Some(&self.events) }, output)
    }

    /// Runs a line of the history again; it then stands there a second time.
    fn redo(&mut self, number: usize) -> Result<ControlFlow<()>, Failure> {
        let this = self.history.len().saturating_sub(1);
        let Some(line) = self.history[..this].get(number).cloned() else {
            return Err(Failure::new(Exit::Usage, "Command index out of range"));
        };
        if line.split_whitespace().next() == Some("redo") {
            return Err(Failure::new(Exit::Usage, "No redoing redos"));
        }
        self.history[this].clone_from(&line);
        self.interpret(&line)
    }

    fn connect(&self) -> Result<(), Failure> {
        let client = failure::connect(&self.settings)?;
        client.listen(self.events.listener());
        self.session.client.replace(Some(client));
        Ok(())
    }

    fn close(&self) {
        if self.session.close() {
            self.show_state(KeeperState::Closed);
        }
    }

    fn show_state(&self, state: KeeperState) {
        self.events.show_state(state);
    }
}

/// Tells what went wrong as zkCli does, without saying that it is an error.
fn tell(failure: &Failure) {
    if !failure.message.is_empty() {
        note(&failure.message);
    }
    if let Some(hint) = &failure.hint {
        note(&format!("({hint})"));
    }
}
