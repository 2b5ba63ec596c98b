//! `trellis ipc`: System V objects of this machine, with contents in PHP's layouts. One file a kind, and what they share.

mod argument;
mod failure;
mod ftok;
mod list;
mod message;
mod semaphore;
mod value;
mod variable;

use clap::{Args, Subcommand};

use crate::exit::Failure;
use crate::output::Output;

/// The exit codes as the help lists them; no server is asked here.
const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  1  not found, or nothing came in time
  2  the command line is wrong
  4  the system refused it: no permission, no room
  5  anything else, such as a failure to read or write";

/// Arguments of `trellis ipc`.
#[derive(Args)]
#[command(after_long_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct IpcArgs {
    /// Print JSON
    #[arg(long, global = true, help_heading = "Common options")]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the objects of this machine
    ///
    /// The column count has the attached processes of shared memory, the messages of a queue, the semaphores of a set.
    List,

    /// Send, get and delete variables in shared memory, as PHP's shm functions do
    ///
    /// A segment, which has a key, holds variables, which have numbers. Nothing here locks it: if several processes write,
    /// run them under `trellis ipc sem acquire`.
    #[command(arg_required_else_help = true)]
    Shm(variable::ShmArgs),

    /// Send and receive messages, as PHP's msg functions do
    #[command(arg_required_else_help = true)]
    Msg(message::MsgArgs),

    /// Acquire semaphores and look at them, as PHP's sem functions do
    #[command(arg_required_else_help = true)]
    Sem(semaphore::SemArgs),

    /// Print the key that belongs to a file and a letter
    ///
    /// It is the one that ftok of the C library and of PHP gives.
    Ftok(ftok::FtokArgs),
}

/// Runs the command.
pub(crate) fn run(args: IpcArgs) -> Result<(), Failure> {
    let output = &mut Output::new(args.json);
    let outcome = match args.command {
        Command::List => list::run(output),
        Command::Shm(command) => variable::run(command, output),
        Command::Msg(command) => message::run(command, output),
        Command::Sem(command) => semaphore::run(command, output),
        Command::Ftok(command) => ftok::run(&command, output),
    };
    // What was printed before a failure is true, so it is shown, and before the failure is.
    output.flush()?;
    outcome
}
