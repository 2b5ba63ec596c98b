//! The command line's definition, from which parser, help, completions and man pages come.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cmd::{completions, man, serve, version};
use crate::exit::{EXIT_CODES, Exit};
use crate::output::report;

#[derive(Parser)]
#[command(
    name = "trellis",
    version,
    about = "A durable work queue that speaks beanstalkd's protocol",
    long_about = "A durable work queue that speaks beanstalkd's protocol: one server, one binary.\n\n\
                  Start with `trellis serve` in one terminal and `trellis tube put hello` in another.",
    after_long_help = EXIT_CODES,
    arg_required_else_help = true,
    max_term_width = 100,
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    ///
    /// Each setting can be given as a flag, as an environment variable, or as a key of the file that --config
    /// names; the flag wins over the environment, the environment over the file.
    ///
    /// SIGTERM and SIGINT end the server cleanly, SIGUSR1 makes it refuse new jobs so that it runs empty.
    Serve(serve::ServeArgs),

    /// Look at tubes and jobs, and act on them
    Tube(crate::tube::TubeArgs),

    /// Print the version and how this binary was built
    Version(version::VersionArgs),

    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),

    /// Write the man pages into a directory
    Man(man::ManArgs),
}

/// Parses the command line, runs the command, and reports how it went.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return parse_failed(&error),
    };
    let outcome = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Tube(args) => crate::tube::run(args),
        Command::Version(args) => version::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    match outcome {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            report(&failure);
            failure.exit.into()
        }
    }
}

/// The definition as data, for what is generated from it.
pub(crate) fn definition() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Prints clap's message: help and version are no errors, everything else is a wrong command line.
fn parse_failed(error: &clap::Error) -> ExitCode {
    // The reader of our output may have gone, as in `trellis help | head -1`.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}
