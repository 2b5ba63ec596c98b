//! `trellis run logs`: the newest output of programs, from the supervisor's memory.

use std::path::Path;

use clap::Args;
use trellis_supervisor::runtime::control::{Reply, Request};

use super::{ask, refused, unanswered};
use crate::exit::Failure;
use crate::output::Output;

/// Arguments of `trellis run logs`.
#[derive(Args)]
pub(super) struct LogsArgs {
    /// Programs; without any, all
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// How many lines of each program; the supervisor keeps the newest 32 KiB
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 20)]
    lines: usize,

    /// Go on with what comes, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
}

/// Prints it.
pub(super) fn run(args: LogsArgs, socket: &Path, output: &mut Output) -> Result<(), Failure> {
    let LogsArgs { names, lines, follow } = args;
    let mut client = ask(socket, &Request::Logs { names, lines, follow })?;
    while let Some(reply) = client.reply().map_err(unanswered)? {
        match reply {
            Reply::Output { text } if output.json() => {
                text.lines().try_for_each(|line| output.value(&line))?;
            }
            Reply::Output { text } => output.write(text)?,
            other => return Err(refused(other)),
        }
        output.flush()?;
    }
    Ok(())
}
