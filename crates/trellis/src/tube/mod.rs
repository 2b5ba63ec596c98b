//! `trellis tube`: a client of any beanstalk server. One file a command, and what they share.

mod argument;
mod bury;
mod delete;
mod drain;
mod failure;
mod hold;
mod job;
mod kick;
mod list;
mod pause;
mod peek;
mod put;
mod release;
mod reserve;
mod screen;
mod statistics;
mod stats;
mod survey;
mod watch;

use std::time::Duration;

use clap::{Args, Subcommand};
use trellis_tube_client::{Address, Settings, blocking::Client};

use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::limits::REPLY_TIMEOUT_DEFAULT;
use crate::output::Output;

/// Arguments of `trellis tube`.
#[derive(Args)]
#[command(after_long_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct TubeArgs {
    #[arg(
        help = "The server: host:port, host (port 11300), [ipv6]:port or unix:/path",
        long,
        global = true,
        help_heading = "Common options",
        value_name = "ADDR",
        env = "TRELLIS_TUBE_SERVER",
        hide_env_values = true,
        default_value = "127.0.0.1:11300",
        value_parser = argument::server
    )]
    server: Address,

    /// The longest wait for a connection or a reply [default: 10]; in reserve, for a job [default: no limit]
    #[arg(
        long,
        global = true,
        help_heading = "Common options",
        value_name = "SECONDS",
        value_parser = argument::timeout,
        allow_negative_numbers = true
    )]
    timeout: Option<u32>,

    /// Print JSON
    #[arg(long, global = true, help_heading = "Common options")]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the tubes and what is in them
    ///
    /// The columns are numbers of jobs (ready, reserved, delayed, buried, and urgent: ready with a priority below
    /// 1024), of connections (waiting in a reserve, watching, using), and the seconds that a pause still lasts.
    /// The tube "default" counts the connection of this command, too.
    ///
    /// On a terminal that is too narrow, names are cut, then columns are left out from the right.
    List,

    /// Show statistics of the server, of a tube or of a job
    Stats(stats::StatsArgs),

    /// Put a job and print its id
    ///
    /// With --lines, many jobs. Lines that are there at once travel together; a line that the server refuses is
    /// named, the others are put all the same, and the exit code is 4.
    Put(put::PutArgs),

    /// Reserve a job and print its body
    ///
    /// Waits until there is one; with --timeout at most so long, and with --timeout 0 not at all. The exit code
    /// is 1 if none came in time.
    ///
    /// A job belongs to the connection that reserved it, and this command's connection ends with it. So the job is
    /// given back after its body was printed, unless --then says otherwise. Nothing is deleted or buried if the
    /// body could not be printed.
    Reserve(reserve::ReserveArgs),

    /// Delete jobs
    ///
    /// A job can be deleted if it is ready, delayed or buried, but not while another client holds it.
    Delete(delete::DeleteArgs),

    /// Make one job ready, or delay it
    ///
    /// Only the holder of a job may release it, so this reserves the job first (which counts as a reserve in its
    /// statistics). It works for a ready, delayed or buried job, but not while another client holds it.
    Release(release::ReleaseArgs),

    /// Set one job aside until it is kicked
    ///
    /// Only the holder of a job may bury it, so this reserves the job first (which counts as a reserve in its
    /// statistics). It works for a ready, delayed or buried job, but not while another client holds it.
    Bury(bury::BuryArgs),

    /// Make buried or delayed jobs ready
    ///
    /// A tube's buried jobs are kicked, in the order in which they were buried; if it has none, its delayed jobs.
    Kick(kick::KickArgs),

    /// Print a job's body without reserving it
    Peek(peek::PeekArgs),

    /// Hand out no jobs of a tube for a while
    Pause(pause::PauseArgs),

    /// Make a server on this machine refuse new jobs, so that it runs empty
    ///
    /// The protocol has no command for this: it sends SIGUSR1 to the server's process, which must run on this
    /// machine and under this user. It is undone by restarting the server.
    Drain,

    /// Show the tubes as a live table
    ///
    /// On a terminal the table is drawn in place and q or Ctrl-C ends it; otherwise one table follows the other.
    /// The columns put/s and delete/s are the rates since the table before. If the server restarts, this goes on
    /// with it.
    ///
    /// On a terminal that is too narrow, names are cut, then columns are left out from the right.
    Watch(watch::WatchArgs),
}

/// Connects and runs the command.
pub(crate) fn run(args: TubeArgs) -> Result<(), Failure> {
    let timeout = match (&args.command, args.timeout) {
        // Its time-out is for the job, not for the connection.
        (Command::Reserve(_), _) | (_, None) => REPLY_TIMEOUT_DEFAULT,
        (_, Some(0)) => {
            return Err(Failure::new(
                Exit::Usage,
                "--timeout 0 leaves no time for a reply; only reserve takes it",
            ));
        }
        (_, Some(seconds)) => Duration::from_secs(seconds.into()),
    };
    let client = &mut Client::with(vec![args.server], &settings(timeout));
    client.connect()?;
    let output = &mut Output::new(args.json);
    let outcome = match args.command {
        Command::List => list::run(client, output),
        Command::Stats(command) => stats::run(&command, client, output),
        Command::Put(command) => put::run(&command, client, output),
        Command::Reserve(command) => reserve::run(&command, args.timeout, client, output),
        Command::Delete(command) => delete::run(&command, client, output),
        Command::Release(command) => release::run(&command, client, output),
        Command::Bury(command) => bury::run(&command, client, output),
        Command::Kick(command) => kick::run(&command, client, output),
        Command::Peek(command) => peek::run(&command, client, output),
        Command::Pause(command) => pause::run(&command, client, output),
        Command::Drain => drain::run(client, timeout, output),
        Command::Watch(command) => watch::run(&command, client, output),
    };
    // What was printed before a failure is true, so it is shown, and before the failure is.
    output.flush()?;
    outcome
}

/// A command that fails says so at once; only a person, or `watch`, tries again.
fn settings(timeout: Duration) -> Settings {
    Settings {
        connect_timeout: timeout,
        reply_timeout: timeout,
        patience: Duration::ZERO,
        // The live table asks again at its own pace.
        backoff_min: Duration::ZERO,
        ..Settings::default()
    }
}
