//! Becoming a daemon: two forks, and what a daemon has to leave behind.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::{Pid, getpid, setsid, umask};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::DaemonError;
use super::pid_file::{PidFile, holder_of};
use crate::frame::{read_frame, write_frame};
use crate::limits::DAEMON_WORD_BYTES_MAX;
use crate::process::{Fork, fork};
use crate::sys::fork::exit_now;

/// How to become a daemon.
///
/// # Example
///
/// ```no_run
/// use trellis_unix::daemon::{Daemon, Started};
///
/// match Daemon::new("/run/example.pid").output("/var/log/example.log").start()? {
///     Started::Launcher(pid) => println!("running as process {pid}"),
///     Started::Daemon(mut running) => {
///         // Whatever may fail at the beginning comes first, so that the launcher can tell.
///         running.ready();
///         // The work comes here. The pid file goes with `running`.
///     }
/// }
/// # Ok::<(), trellis_unix::daemon::DaemonError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Daemon {
    pid_file: PathBuf,
    directory: PathBuf,
    output: PathBuf,
    umask: u32,
}

/// On which side of the start one is.
#[must_use = "what follows runs in both processes unless one looks at it"]
#[derive(Debug)]
pub enum Started {
    /// This is the process that was started by hand. The daemon is ready, and this is its pid.
    Launcher(Pid),
    /// This is the daemon.
    Daemon(Running),
}

/// A daemon from inside. Dropping it gives up the pid file.
#[derive(Debug)]
pub struct Running {
    /// It is kept for its lock.
    _pid_file: PidFile,
    /// To the launcher, until it was told.
    launcher: Option<PipeWriter>,
}

impl Daemon {
    /// A daemon with this pid file, in the directory `/`, with output to `/dev/null` and the umask 027.
    pub fn new(pid_file: impl Into<PathBuf>) -> Daemon {
        let (directory, output) = ("/".into(), "/dev/null".into());
        Daemon { pid_file: pid_file.into(), directory, output, umask: 0o027 }
    }

    /// Its working directory.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Daemon {
        self.directory = directory.into();
        self
    }

    /// The file to which its standard output and standard error are appended; it is made if need be.
    #[must_use]
    pub fn output(mut self, output: impl Into<PathBuf>) -> Daemon {
        self.output = output.into();
        self
    }

    /// The permissions that the files which it makes don't have.
    #[must_use]
    pub fn umask(mut self, umask: u32) -> Daemon {
        self.umask = umask;
        self
    }

    /// Forks twice, with a new session between the forks. In the launcher it returns when the daemon has said that it is
    /// ready, or with its error if it has ended before.
    ///
    /// The daemon has no controlling terminal and can't get one by accident. It keeps the descriptors that were open, apart
    /// from the standard ones.
    ///
    /// # Errors
    ///
    /// In the launcher: it is running already, or why the daemon could not start. In the daemon: none, since nobody would
    /// see it there.
    pub fn start(&self) -> Result<Started, DaemonError> {
        // Paths are the launcher's, wherever the daemon goes.
        let pid_file = absolute(&self.pid_file)?;
        let output = absolute(&self.output)?;
        if let Some(pid) = holder_of(&pid_file)? {
            return Err(DaemonError::AlreadyRunning { pid, path: pid_file });
        }
        let (news, launcher) =
            io::pipe().map_err(|source| DaemonError::System { what: "make a pipe to the daemon", source })?;
        match fork()? {
            Fork::Parent(mut middle) => {
                drop(launcher);
                // It has nothing to do but to fork; the daemon's own end is not waited for.
                let _ = middle.wait();
                launched(news, &pid_file)
            }
            Fork::Child => {
                drop(news);
                let outcome = self.detach(&pid_file, &output);
                match outcome {
                    Ok(pid_file) => {
                        Ok(Started::Daemon(Running { _pid_file: pid_file, launcher: Some(launcher) }))
                    }
                    Err(error) => fail(&launcher, &error),
                }
            }
        }
    }

    /// The way from the first child to the daemon; the first child ends here.
    fn detach(&self, pid_file: &Path, output: &Path) -> Result<PidFile, DaemonError> {
        let failed =
            |what| move |error: rustix::io::Errno| DaemonError::System { what, source: error.into() };
        setsid().map_err(failed("begin a session"))?;
        if let Fork::Parent(daemon) = fork()? {
            drop(daemon);
            exit_now(0);
        }
        umask(Mode::from_bits_truncate(self.umask));
        std::env::set_current_dir(&self.directory).map_err(|source| DaemonError::File {
            what: "go to the directory",
            path: self.directory.clone(),
            source,
        })?;
        let pid_file = PidFile::take(pid_file)?;
        let null = open(Path::new("/dev/null"), OpenOptions::new().read(true))?;
        let output = open(output, OpenOptions::new().append(true).create(true).mode(0o640))?;
        dup2_stdin(&null).map_err(failed("close the standard input"))?;
        dup2_stdout(&output).map_err(failed("change the standard output"))?;
        dup2_stderr(&output).map_err(failed("change the standard error"))?;
        Ok(pid_file)
    }
}

impl Running {
    /// Tells the launcher that the daemon is ready. Later calls do nothing.
    pub fn ready(&mut self) {
        if let Some(launcher) = self.launcher.take() {
            tell(&launcher, &format!("{READY}{}", getpid().as_raw_nonzero()));
        }
    }

    /// Tells the launcher why the daemon is going to end before it was ready.
    pub fn failed(&mut self, why: &str) {
        if let Some(launcher) = self.launcher.take() {
            tell_failure(&launcher, why);
        }
    }
}

/// How the daemon's word to its launcher begins.
const READY: char = '+';
const RUNNING: char = '=';
const FAILED: char = '-';

/// What the launcher makes of the daemon's word.
fn launched(mut news: PipeReader, pid_file: &Path) -> Result<Started, DaemonError> {
    let word = read_frame(&mut news, DAEMON_WORD_BYTES_MAX).ok().flatten().unwrap_or_default();
    let word = String::from_utf8_lossy(&word);
    let mut rest = word.chars();
    let kind = rest.next();
    let pid = || rest.as_str().parse().ok().and_then(Pid::from_raw);
    match kind {
        Some(READY) => {
            let pid = pid().ok_or_else(|| DaemonError::NotReady { why: String::new() })?;
            Ok(Started::Launcher(pid))
        }
        Some(RUNNING) => {
            let pid = pid().ok_or_else(|| DaemonError::NotReady { why: String::new() })?;
            Err(DaemonError::AlreadyRunning { pid, path: pid_file.to_owned() })
        }
        _ => Err(DaemonError::NotReady { why: rest.as_str().to_owned() }),
    }
}

/// The end of a daemon that could not start.
fn fail(launcher: &PipeWriter, error: &DaemonError) -> ! {
    match error {
        DaemonError::AlreadyRunning { pid, .. } => {
            tell(launcher, &format!("{RUNNING}{}", pid.as_raw_nonzero()));
        }
        other => tell_failure(launcher, &other.to_string()),
    }
    exit_now(1)
}

fn tell_failure(launcher: &PipeWriter, why: &str) {
    let why: String = why.chars().take(WHY_CHARACTERS_MAX).collect();
    tell(launcher, &format!("{FAILED}{why}"));
}

/// So many characters fit into a word whatever they are.
const WHY_CHARACTERS_MAX: usize = (DAEMON_WORD_BYTES_MAX as usize - 1) / 4;

fn tell(mut launcher: &PipeWriter, word: &str) {
    // Nobody is there to hear it if this fails.
    let _ = write_frame(&mut launcher, word.as_bytes(), DAEMON_WORD_BYTES_MAX);
}

fn open(path: &Path, options: &OpenOptions) -> Result<File, DaemonError> {
    options.open(path).map_err(|source| DaemonError::File { what: "open", path: path.to_owned(), source })
}

fn absolute(path: &Path) -> Result<PathBuf, DaemonError> {
    let failed = |source| DaemonError::File { what: "find", path: path.to_owned(), source };
    std::path::absolute(path).map_err(failed)
}
