//! `trellis run` without a command: the supervisor itself, here or in the background, alone or with a server.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use trellis_supervisor::config::{Config, OwnServer};
use trellis_supervisor::runtime::{Options, Prepared, RunError, doubts, look_for_another};
use trellis_unix::daemon::{Daemon, DaemonError, Started};

use super::own_server::{self, ServerThread};
use crate::exit::{Exit, Failure};
use crate::messages;
use crate::output::{Output, note};
use crate::serve::{no_thread, told};
use crate::settings::{LogFormat, LogLevel, ServeSettings};

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

    /// Run a server, too, in the same process, with the settings of FILE or the defaults
    ///
    /// FILE is what `trellis serve --config` takes, and variables such as `TRELLIS_DATA_DIR` win over it. Programs are
    /// started once it serves, and it is stopped when they have ended. They find it by the variables
    /// `TRELLIS_TUBE_SERVER` and `TRELLIS_ZK_SERVER`; the workers' file must name no other server.
    #[arg(long, value_name = "FILE", num_args = 0..=1, value_hint = ValueHint::FilePath)]
    serve: Option<Option<PathBuf>>,

    /// Only say whether the file is right, and what programs need that is not on this machine; nothing is started
    #[arg(long)]
    check: bool,
}

/// Runs the supervisor until it is told to stop.
pub(super) fn run(args: SuperviseArgs, config: &Path, socket: &Path) -> Result<(), Failure> {
    let server = args.serve.map(|file| own_server::settings(file.as_deref())).transpose()?;
    let format = server.as_ref().map_or(LogFormat::Text, |(settings, _)| settings.log_format);
    let addresses = server.as_ref().map(|(settings, _)| own_server::addresses(settings));
    if args.check {
        let checked = load(config, addresses.as_ref())?;
        let mut output = Output::new(false);
        let programs = match checked.programs.len() {
            1 => "1 program".to_owned(),
            count => format!("{count} programs"),
        };
        output.line(format!("{} is right: {programs}", config.display()))?;
        output.flush()?;
        tell_doubts(&checked);
        return Ok(());
    }
    let options = Options {
        config: absolute(config)?,
        socket: absolute(socket)?,
        own_server: addresses.clone(),
        json: format == LogFormat::Json,
    };
    let mut files = vec![("the configuration", &options.config), ("the socket", &options.socket)];
    if !args.daemon {
        distinct(&files)?;
        return supervise(&options, server, || ()).map_err(|failure| told(failure, format));
    }
    // What is wrong with the file is told here, where somebody reads it.
    tell_doubts(&load(config, addresses.as_ref())?);
    let pid_file = absolute(&args.pid_file.unwrap_or_else(|| config.with_extension("pid")))?;
    let output = absolute(&args.output.unwrap_or_else(|| config.with_extension("log")))?;
    files.extend([("the pid file", &pid_file), ("the output", &output)]);
    distinct(&files)?;
    let here = std::env::current_dir()
        .map_err(|error| Failure::new(Exit::Internal, format!("the working directory is gone: {error}")))?;
    look_for_another(&options.socket).map_err(failed)?;
    let daemon = Daemon::new(&pid_file).directory(here).output(&output).umask(0o022);
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
            let outcome = supervise(&options, server, || running.ready());
            // Unless it was ready, the launcher waits for a word.
            let outcome = outcome.inspect_err(|failure| running.failed(&failure.message));
            outcome.map_err(|failure| told(failure, format))
        }
    }
}

/// Runs it in this process, with the server of these settings, if there are any. Programs are stopped before the server.
fn supervise(
    options: &Options,
    server: Option<(ServeSettings, Vec<String>)>,
    ready: impl FnOnce(),
) -> Result<(), Failure> {
    let (level, format) = match &server {
        Some((settings, _)) => (settings.log_level, settings.log_format),
        None => (LogLevel::Info, LogFormat::Text),
    };
    messages::start(level, format);
    // Before there are other threads.
    let prepared = Prepared::new(options).map_err(failed)?;
    messages::write_by_thread().map_err(|error| no_thread(&error))?;
    match server {
        None => prepared.run(None, ready).map_err(failed)?,
        Some((settings, warnings)) => {
            warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            let (server, beside) = ServerThread::begin(settings)?;
            let supervised = prepared.run(Some(beside), ready).map_err(failed);
            server.outcome().and(supervised)?;
        }
    }
    messages::flush();
    Ok(())
}

/// Refuses what would overwrite one file with another, by whatever name.
fn distinct(files: &[(&str, &PathBuf)]) -> Result<(), Failure> {
    for (index, (what, path)) in files.iter().enumerate() {
        let Some((other, _)) = files[..index].iter().find(|(_, before)| is_same(before, path)) else {
            continue;
        };
        let message = format!("{} would be {other} and {what} at once", path.display());
        return Err(Failure::new(Exit::Usage, message)
            .hint("name others with --config, --socket, --pid-file and --output"));
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path| std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    one == other || identity(one).is_some_and(|one| Some(one) == identity(other))
}

fn load(config: &Path, addresses: Option<&OwnServer>) -> Result<Config, Failure> {
    Config::load_with(config, addresses).map_err(|error| failed(RunError::Config(error)))
}

/// Says what programs need that is not on this machine.
fn tell_doubts(config: &Config) {
    for program in &config.programs {
        let doubts = doubts(program, config.server.beanstalk.len());
        doubts.iter().for_each(|doubt| note(&format!("warning: program.{}.{doubt}", program.name)));
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn failed(error: RunError) -> Failure {
    let failure = |exit| Failure::new(exit, error.to_string());
    match &error {
        RunError::Config(_) => failure(Exit::Usage),
        RunError::AlreadyRunning { .. } => failure(Exit::Refused).hint("ask it with `trellis run status`"),
        RunError::Hidden { .. } => {
            failure(Exit::Refused).hint("end it with a signal, TERM, to its process named trellis")
        }
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
