//! The command line's definition, from which parser, help, completions and man pages come.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};

use crate::cmd::{completions, man, serve, version};
use crate::exit::{EXIT_CODES, Exit};
use crate::output::report;

#[derive(Parser)]
#[command(
    name = "trellis",
    version,
    about = "Coordination and work queue of a distributed application in one server",
    long_about = "Coordination and work queue of a distributed application in one server, one binary: it speaks \
                  ZooKeeper's protocol and beanstalkd's, so every client of either works.\n\n\
                  Start with `trellis serve` in one terminal, and `trellis tube put hello` and `trellis zk ls /` in \
                  another.",
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

    /// Run programs: services, workers for the jobs of tubes, schedules
    ///
    /// One file says what runs, how many of each, and when; docs/workers.md explains it. Without a command, this runs it
    /// until SIGTERM or Ctrl-C. The commands talk to a supervisor that runs.
    ///
    /// SIGHUP applies a changed file with the least disturbance, SIGTERM and SIGINT stop everything in order, a second one
    /// at once; SIGUSR1 and SIGUSR2 are passed on to all processes. It can be the first process of a container; with --serve,
    /// it is the server, too.
    Run(crate::run::RunArgs),

    /// Show in a quarter of a minute what all this is for
    ///
    /// A server starts, with four workers: they do jobs and elect a leader; one is killed in the middle of a job, and then the
    /// leader. All of it is real, in a temporary directory, on ports that the system chooses, and gone at the end. What
    /// is said has been seen to happen; the exit code is 0 if all of it has.
    Demo(crate::demo::DemoArgs),

    /// Look at tubes and jobs, and act on them
    Tube(crate::tube::TubeArgs),

    /// Look at a ZooKeeper server's nodes, and change them
    ///
    /// The commands are zkCli's, with tree and watch added, and work with any ZooKeeper server. zkCli's own flags
    /// (-server, -timeout, -r) are understood, too.
    ///
    /// Without a command, a shell begins: with history, completion of commands and paths, and events as they come. If
    /// standard input is no terminal, it is read line by line; the exit code is that of the last command.
    Zk(crate::zk::ZkArgs),

    /// Look at shared memory, message queues and semaphores of this machine, and use them
    ///
    /// These are System V objects, which processes share by a number, the key. Their contents are laid out as by PHP, so
    /// a script's functions and these commands mean the same.
    Ipc(crate::ipc::IpcArgs),

    /// Write extensions for PHP in Rust
    Php(crate::php::PhpArgs),

    /// Print the version and how this binary was built
    Version(version::VersionArgs),

    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),

    /// Write the man pages into a directory
    Man(man::ManArgs),
}

/// Parses the command line, runs the command, and reports how it went.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse_from(crate::zk::in_our_words(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return parse_failed(error),
    };
    let outcome = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Run(args) => crate::run::run(args),
        Command::Demo(args) => crate::demo::run(&args),
        Command::Tube(args) => crate::tube::run(args),
        Command::Zk(args) => crate::zk::run(&args),
        Command::Ipc(args) => crate::ipc::run(args),
        Command::Php(args) => crate::php::run(&args),
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
fn parse_failed(mut error: clap::Error) -> ExitCode {
    let command = std::env::args_os().nth(1).unwrap_or_default();
    if let Some(tip) = command.to_str().and_then(|command| tip(&error, command)) {
        // What looks alike is not meant if this is.
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    // The reader of our output may have gone, as in `trellis help | head -1`.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}

/// Flags of beanstalkd and what stands for them; the page of documentation says how they differ.
const BEANSTALKD_FLAGS: &[(&str, &str)] = &[
    ("-b", "--data-dir DIR --durability interval"),
    ("-f", "--durability interval --fsync-interval-ms MS"),
    ("-F", "--durability interval --fsync-interval-ms never"),
    ("-l", "--beanstalk HOST:PORT"),
    ("-p", "--beanstalk HOST:PORT"),
    ("-s", "--log-segment-bytes BYTES"),
    ("-u", "--user USER"),
    ("-V", "--log-level debug"),
    ("-z", "--max-job-size BYTES"),
];

/// What the user may have meant who writes as for beanstalkd, or leaves out `tube` or `zk`.
fn tip(error: &clap::Error, command: &str) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if command == "serve" {
        let given = text(ContextKind::InvalidArg)?;
        let (flag, ours) = BEANSTALKD_FLAGS.iter().find(|(flag, _)| *flag == given)?;
        return Some(format!("beanstalkd's {flag} is {ours}; see docs/beanstalkd-flags.md"));
    }
    if command == "zk" {
        let given = text(ContextKind::InvalidSubcommand)?;
        let in_shell = crate::zk::is_for_shell(given);
        return in_shell.then(|| format!("{given} is a command of the shell, which `trellis zk` begins"));
    }
    if command == "run" {
        let given = text(ContextKind::InvalidSubcommand)?;
        let is_file = given.ends_with(".toml") || std::path::Path::new(given).is_file();
        return is_file.then(|| format!("`trellis run --config {given}`"));
    }
    let given = text(ContextKind::InvalidSubcommand).filter(|given| *given == command)?;
    let definition = definition();
    let knows = |group: &&str| {
        definition.find_subcommand(group).is_some_and(|group| group.find_subcommand(given).is_some())
    };
    let groups = ["tube", "zk", "ipc"].into_iter().filter(knows);
    let meant: Vec<String> = groups.map(|group| format!("`trellis {group} {given}`")).collect();
    if meant.is_empty() { None } else { Some(meant.join(" or ")) }
}
