//! `trellis run`: the supervisor, and the commands that talk to one that runs. One file a command where they differ.

mod act;
mod guard;
mod logs;
mod own_server;
mod status;
mod supervise;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use trellis_supervisor::runtime::control::{Client, ControlError, Reply, Request};

pub(crate) use self::guard::guard;
use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::output::Output;

/// Arguments of `trellis run`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = false, after_long_help = EXIT_CODES)]
pub(crate) struct RunArgs {
    /// The file that says what to run
    #[arg(
        long,
        global = true,
        help_heading = "Common options",
        value_name = "FILE",
        env = "TRELLIS_RUN_CONFIG",
        hide_env_values = true,
        default_value = "workers.toml",
        value_hint = ValueHint::FilePath
    )]
    config: PathBuf,

    /// The socket on which the supervisor is asked [default: beside the file, with the ending .sock]
    #[arg(
        long,
        global = true,
        help_heading = "Common options",
        value_name = "PATH",
        env = "TRELLIS_RUN_SOCKET",
        hide_env_values = true,
        value_hint = ValueHint::FilePath
    )]
    socket: Option<PathBuf>,

    /// Print JSON
    #[arg(long, global = true, help_heading = "Common options")]
    json: bool,

    #[command(flatten)]
    supervise: supervise::SuperviseArgs,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Show the processes and how they are
    Status(Names),

    /// Start what does not run, and wait until it is ready
    ///
    /// A program with a schedule is run at its next time.
    Start(Names),

    /// Stop programs or processes, and wait until they have ended; without names, the supervisor, too
    ///
    /// What was stopped by name stays so until it is started, also when the file is read again. Jobs that are worked on
    /// may be finished, and a run is ended, within the time that the program has for its end.
    Stop(Names),

    /// Start programs or processes anew, and wait until they are ready
    ///
    /// A program's processes are replaced one after the other, each when the one before is ready. One that has a process
    /// for each job goes on when the jobs that are worked on are finished. Of a program with a schedule, a run that is
    /// under way is ended and started anew for the same time; then the schedule goes on.
    Restart(Names),

    /// Read the file again and apply what has changed in it
    ///
    /// Only what cannot be told to a running process makes it start again, one process of a program after the other. Jobs
    /// that are worked on are finished by the old rules. A file that is of no use changes nothing.
    Reload,

    /// Show the newest output of programs
    Logs(logs::LogsArgs),

    /// Send a signal to processes
    Signal(SignalArgs),
}

/// Programs or processes.
#[derive(Args)]
struct Names {
    /// Programs, as in mail, or single processes, as in mail.0; without any, all
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Arguments of `trellis run signal`.
#[derive(Args)]
struct SignalArgs {
    /// The signal: its name, as in USR1, or its number
    signal: String,

    /// Programs, as in mail, or single processes, as in mail.0
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

/// Runs the supervisor, or asks the one that runs.
pub(crate) fn run(args: RunArgs) -> Result<(), Failure> {
    let socket = args.socket.unwrap_or_else(|| args.config.with_extension("sock"));
    let Some(command) = args.command else { return supervise::run(args.supervise, &args.config, &socket) };
    let output = &mut Output::new(args.json);
    match command {
        Command::Status(Names { names }) => status::run(names, &socket, output),
        Command::Start(Names { names }) => act::run(&Request::Start { names }, &socket, output),
        Command::Stop(Names { names }) if names.is_empty() => act::run(&Request::End, &socket, output),
        Command::Stop(Names { names }) => act::run(&Request::Stop { names }, &socket, output),
        Command::Restart(Names { names }) => act::run(&Request::Restart { names }, &socket, output),
        Command::Reload => act::run(&Request::Reload, &socket, output),
        Command::Logs(args) => logs::run(args, &socket, output),
        Command::Signal(SignalArgs { signal, names }) => {
            act::run(&Request::Signal { signal, names }, &socket, output)
        }
    }?;
    output.flush()
}

/// Connects and sends a request.
fn ask(socket: &Path, request: &Request) -> Result<Client, Failure> {
    let mut client = Client::connect(socket).map_err(unanswered)?;
    client.ask(request).map_err(unanswered)?;
    Ok(client)
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn unanswered(error: ControlError) -> Failure {
    let failure = Failure::new(Exit::Unreachable, error.to_string());
    match error {
        ControlError::NotRunning { .. } => {
            failure.hint("start one with `trellis run`, or name its file with --config")
        }
        ControlError::Silent { .. } => failure.hint("one that was stopped by SIGSTOP goes on by SIGCONT"),
        _ => failure,
    }
}

/// What a reply that is no answer means.
fn refused(reply: Reply) -> Failure {
    match reply {
        Reply::Unknown { message } => Failure::new(Exit::NotFound, message),
        Reply::Failed { message } => Failure::new(Exit::Refused, message),
        other => Failure::new(Exit::Internal, format!("the supervisor answers something else: {other:?}")),
    }
}
