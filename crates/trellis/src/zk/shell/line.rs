//! What a line of the shell means: the commands that only the shell has, together with the others.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand, ValueEnum};
use trellis_zk_client::Servers;

use super::help;
use super::words::split;
use crate::exit::{Exit, Failure};
use crate::zk::command::Command;
use crate::zk::flags::reconfig_flag;

/// A line that makes sense.
pub(super) enum Line {
    /// It asks for help: the text.
    Help(String),
    /// It is a command.
    Command {
        /// The command.
        command: ShellCommand,
        /// Whether its output is to be JSON.
        json: bool,
    },
}

/// A line's definition for the parser.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_subcommand = true)]
struct Definition {
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: ShellCommand,
}

/// The commands of the shell.
#[derive(Subcommand)]
pub(super) enum ShellCommand {
    #[command(flatten)]
    Zk(Command),

    /// End the session
    Close,

    /// End the session and begin another one
    Connect {
        /// The servers, if not the same
        #[arg(value_name = "ADDR", value_parser = str::parse::<Servers>)]
        servers: Option<Servers>,
    },

    /// List the commands, or explain one
    Help {
        /// The command
        command: Option<String>,
    },

    /// List the last lines
    History,

    /// Turn the display of events on or off, or say which it is
    Printwatches {
        #[arg(value_name = "on|off", value_enum)]
        wanted: Option<OnOff>,
    },

    /// End the session and leave
    Quit,

    /// Run a line of the history again
    Redo {
        /// Its number
        #[arg(value_name = "cmdno", value_parser = number)]
        number: usize,
    },
}

/// A switch.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnOff {
    On,
    Off,
}

impl Line {
    /// Reads a line that is not empty.
    pub(super) fn parse(line: &str) -> Result<Line, Failure> {
        let words = split(line);
        if let Some(open) = words.iter().find(|word| word.quote.is_some() && !word.is_closed) {
            let quote = open.quote.unwrap_or_default();
            return Err(Failure::new(Exit::Usage, format!("the quote {quote} is not closed")));
        }
        let name = words.first().map_or("", |word| word.text);
        let words = words.iter().map(|word| match reconfig_flag(word.text) {
            Some(flag) if name == "reconfig" => flag,
            _ => word.text.to_owned(),
        });
        match Definition::try_parse_from(words) {
            Ok(Definition { json, command }) => Ok(Line::Command { command, json }),
            Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(Line::Help(error.to_string())),
            Err(error) => Err(wrong(&error, name)),
        }
    }
}

/// The definition as data, for help and completion.
pub(super) fn definition() -> clap::Command {
    <Definition as clap::CommandFactory>::command()
}

/// What is wrong with a line, in zkCli's words where it has any.
fn wrong(error: &clap::Error, name: &str) -> Failure {
    let failure = |message: String| Failure::new(Exit::Usage, message);
    let usage = help::usage(name);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let similar = match error.get(ContextKind::SuggestedSubcommand) {
                // The likeliest comes last.
                Some(ContextValue::Strings(names)) => names.last(),
                _ => None,
            };
            failure(format!("Command not found: {name}")).hint(match similar {
                Some(similar) => format!("did you mean {similar}? `help` lists the commands"),
                None => "`help` lists the commands".to_owned(),
            })
        }
        ErrorKind::MissingRequiredArgument => failure(usage.unwrap_or_else(|| error.to_string())),
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(source) => failure(source.to_string()),
            None => failure(first_line(error)),
        },
        _ => match usage {
            Some(usage) => failure(first_line(error)).hint(usage),
            None => failure(first_line(error)),
        },
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "a number is wanted, as history shows it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let found = match Line::parse(line) {
            Ok(_) => "fine".to_owned(),
            Err(failure) => {
                assert_eq!(failure.exit, Exit::Usage);
                format!("{} ({})", failure.message, failure.hint.unwrap_or_default())
            }
        };
        assert_eq!(found, expected, "{line:?}");
    }

    #[test]
    fn mistakes_are_told_as_zkcli_does() {
        check("ls", "ls [-s] [-w] [-R] path ()");
        check("set /a", "set [-s] [-v version] path data ()");
        check("create -t abc /a", "-t argument must be a long value ()");
        check("create -t 0 /a", "ttl must be positive and cannot be larger than: 1099511627775 ()");
        check("setquota -n 0 /a", "the num quota must be greater than zero ()");
        check("nosuch", "Command not found: nosuch (`help` lists the commands)");
        check("sett /a b", "Command not found: sett (did you mean set? `help` lists the commands)");
        check("set /a 'b", "the quote ' is not closed ()");
        check("set /a b c", "unexpected argument 'c' found (set [-s] [-v version] path data)");
        check("reconfig -v x -remove 3", "-v must be followed by a long (configuration version) ()");
    }

    #[test]
    fn flags_may_stand_where_zkcli_allows_them() {
        for line in [
            "ls / -R -s",
            "create /a -x",
            "create -se /a -5 world:anyone:r",
            "deleteall /a -b 5",
            "reconfig -add server.2=a:1:2;3 -s",
            "reconfig --remove 3",
            "addWatch -m persistent /a",
            "get /a --json",
            "get /a true",
            "printwatches",
            "connect",
        ] {
            check(line, "fine");
        }
    }
}
