//! `Trellis\Daemon`: a script that goes into the background, with a pid file that tells whether it runs.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use ext_php_rs::error::Result as Registered;
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::zend::ce;
use trellis_php_host::function::{nullable, optional, required};
use trellis_php_host::{Call, Exception, Throw, function, is_path_allowed, process, register_exception};
use trellis_unix::daemon::{self, DaemonError, Running, Started};
use trellis_unix::process::ForkError;
use trellis_unix::{Pid, Signal};

use crate::timer;
use crate::wait::patience;

trellis_php_host::exceptions! {
    /// A daemon can't be started or stopped.
    pub(crate) struct DaemonFailure = "Trellis\\DaemonException" extends ce::exception;
}

/// How long a daemon may take to end, in seconds.
const STOP_TIMEOUT: f64 = 10.0;

#[derive(Default)]
struct Daemon(RefCell<State>);

#[derive(Default)]
struct State {
    pid_file: PathBuf,
    directory: Option<PathBuf>,
    output: Option<PathBuf>,
    /// In the daemon itself; its end gives the pid file up.
    running: Option<Running>,
}

trellis_php_host::native!(Daemon = "Trellis\\Daemon");

/// Registers the classes.
pub(crate) fn register() -> Registered<()> {
    register_exception::<DaemonFailure>(Ok)?;
    trellis_php_host::register::<Daemon>(|builder| {
        let construct = function("__construct", construct)
            .arg(required("pidFile", DataType::String))
            .not_required()
            .arg(nullable("output", DataType::String))
            .arg(nullable("directory", DataType::String));
        let stop = function("stop", stop)
            .not_required()
            .arg(optional("timeout", DataType::Double, "10.0"))
            .arg(optional("signal", DataType::Long, "SIGTERM"));
        Ok(builder
            .method(construct, MethodFlags::Public)
            .method(function("start", start), MethodFlags::Public)
            .method(function("status", status), MethodFlags::Public)
            .method(stop, MethodFlags::Public))
    })
}

fn construct(call: &mut Call<'_>) -> Result<(), Throw> {
    let path = |text: &str| PathBuf::from(text);
    let pid_file = path(call.argument(0)?);
    let (output, directory) =
        (call.argument::<Option<&str>>(1)?.map(path), call.argument::<Option<&str>>(2)?.map(path));
    *call.this::<Daemon>()?.0.borrow_mut() = State { pid_file, directory, output, running: None };
    Ok(())
}

/// `start(): int`: as of a fork, 0 in the daemon, and its pid in the process that started it.
fn start(call: &mut Call<'_>) -> Result<i64, Throw> {
    let daemon: &Daemon = call.this()?;
    let mut state = daemon.0.borrow_mut();
    allow([&state.pid_file].into_iter().chain(&state.output).chain(&state.directory))?;
    let mut settings = daemon::Daemon::new(&state.pid_file);
    if let Some(directory) = &state.directory {
        settings = settings.directory(directory);
    }
    if let Some(output) = &state.output {
        settings = settings.output(output);
    }
    timer::rest();
    match settings.start().map_err(|error| failure(&error))? {
        Started::Launcher(pid) => Ok(raw(pid)),
        Started::Daemon(mut running) => {
            process::begin();
            running.ready();
            state.running = Some(running);
            drop(state);
            process::forget_output();
            Ok(0)
        }
    }
}

/// `status(): ?int`: its pid, or null.
fn status(call: &mut Call<'_>) -> Result<Option<i64>, Throw> {
    let state = call.this::<Daemon>()?.0.borrow();
    allow([&state.pid_file])?;
    daemon::status(&state.pid_file).map(|pid| pid.map(raw)).map_err(|error| failure(&error))
}

/// `stop(): ?int`: ends it, and gives the pid that it had; null if it didn't run.
fn stop(call: &mut Call<'_>) -> Result<Option<i64>, Throw> {
    let timeout = call.argument::<Option<f64>>(0)?.unwrap_or(STOP_TIMEOUT);
    let signal = match call.argument::<Option<i64>>(1)? {
        None => Signal::TERM,
        Some(number) => i32::try_from(number)
            .ok()
            .and_then(Signal::from_named_raw)
            .ok_or_else(|| call.value_error(1, "must be the number of a signal"))?,
    };
    let pid_file = call.this::<Daemon>()?.0.borrow().pid_file.clone();
    allow([&pid_file])?;
    let timeout = patience(Some(timeout)).unwrap_or(Duration::MAX);
    daemon::stop(&pid_file, signal, timeout).map(|pid| pid.map(raw)).map_err(|error| failure(&error))
}

/// Refuses what `open_basedir` does.
fn allow<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), Throw> {
    let refused = |path: &&PathBuf| !path.to_str().is_some_and(is_path_allowed);
    paths.into_iter().find(refused).map_or(Ok(()), |path| {
        Err(DaemonFailure::with(&format!("open_basedir does not allow {}", path.display()), 0))
    })
}

fn failure(error: &DaemonError) -> Throw {
    let message = match error {
        // These are all that a script can have threads for.
        DaemonError::Fork(ForkError::Threads { .. }) => {
            "there are timers or sessions, which a daemon can't take with it: start it before them".to_owned()
        }
        other => other.to_string(),
    };
    DaemonFailure::with(&message, 0)
}

fn raw(pid: Pid) -> i64 {
    pid.as_raw_nonzero().get().into()
}
