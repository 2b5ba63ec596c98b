//! `trellis run` without a command: the supervisor itself, here or in the background.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use trellis_supervisor::config::Config;
use trellis_supervisor::runtime::{Options, RunError, run as run_supervisor};
use trellis_unix::daemon::{Daemon, DaemonError, Started};

use crate::exit::{Exit, Failure};
use crate::messages;
use crate::output::{Output, note};
use crate::settings::{LogFormat, LogLevel};

/// How the supervisor is started.
#[derive(Args)]
pub(super) struct SuperviseArgs {
    /// Run in the background, once everything is known to begin
    #[arg(long)]
    daemon: bool,

    /// With --daemon: the file with its pid [default: beside the file, with the ending .pid]
    #[arg(long, value_name = "FILE", requires = "daemon", value_hint = ValueHint::FilePath)]
    pid_file: Option<PathBuf>,

    /// With --daemon: the file for messages and for output that goes nowhere else [default: with the ending .log]
    #[arg(long, value_name = "FILE", requires = "daemon", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Only say whether the file is right
    #[arg(long, conflicts_with = "daemon")]
    check: bool,
}

/// Runs the supervisor until it is told to stop.
pub(super) fn run(args: SuperviseArgs, config: &Path, socket: &Path) -> Result<(), Failure> {
    if args.check {
        let checked = Config::load(config).map_err(|error| failed(RunError::Config(error)))?;
        let mut output = Output::new(false);
        output.line(format!("{} is right: {} programs", config.display(), checked.programs.len()))?;
        return output.flush();
    }
    let absolute = |path: &Path| {
        let failed = |error| Failure::new(Exit::Usage, format!("{}: {error}", path.display()));
        std::path::absolute(path).map_err(failed)
    };
    let options = Options { config: absolute(config)?, socket: absolute(socket)? };
    if !args.daemon {
        messages::start(LogLevel::Info, LogFormat::Text);
        return run_supervisor(&options, || ()).map_err(failed);
    }
    // What is wrong with the file is told here, where somebody reads it.
    Config::load(config).map_err(|error| failed(RunError::Config(error)))?;
    let pid_file = absolute(&args.pid_file.unwrap_or_else(|| config.with_extension("pid")))?;
    let output = absolute(&args.output.unwrap_or_else(|| config.with_extension("log")))?;
    let here = std::env::current_dir()
        .map_err(|error| Failure::new(Exit::Internal, format!("the working directory is gone: {error}")))?;
    let daemon = Daemon::new(pid_file).directory(here).output(&output).umask(0o022);
    match daemon.start().map_err(not_in_background)? {
        Started::Launcher(pid) => {
            note(&format!(
                "running as process {}; messages are in {}",
                pid.as_raw_nonzero(),
                output.display()
            ));
            Ok(())
        }
        Started::Daemon(mut running) => {
            messages::start(LogLevel::Info, LogFormat::Text);
            run_supervisor(&options, || running.ready()).map_err(failed)
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn failed(error: RunError) -> Failure {
    let failure = |exit| Failure::new(exit, error.to_string());
    match &error {
        RunError::Config(_) => failure(Exit::Usage),
        RunError::AlreadyRunning { .. } => failure(Exit::Refused).hint("ask it with `trellis run status`"),
        RunError::Socket { .. } => failure(Exit::Internal).hint("--socket names another place for it"),
        RunError::Guardian(_) | RunError::System { .. } => failure(Exit::Internal),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn not_in_background(error: DaemonError) -> Failure {
    let exit = match error {
        DaemonError::AlreadyRunning { .. } => Exit::Refused,
        _ => Exit::Internal,
    };
    Failure::new(exit, error.to_string())
}
