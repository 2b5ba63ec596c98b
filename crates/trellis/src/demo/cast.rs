//! The processes of the demonstration: `trellis run --serve` with its workers, in a directory that is removed at the end,
//! unless that is SIGKILL. What they say is handed on; nothing is made of it here.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, test_kill_process};
use tempfile::TempDir;
use trellis_unix::process::{Conditions, start};

use super::story::WORKERS;
use super::{PATIENCE, TICK_MS, TUBE};
use crate::exit::{Exit, Failure};

/// How many of the supervisor's newest messages are kept, for the case that something goes wrong.
const MESSAGES_MAX: usize = 5;

/// The supervisor with everything below it.
pub(super) struct Cast {
    child: Child,
    lines: Receiver<String>,
    messages: Arc<Mutex<VecDeque<String>>>,
    /// Removed last.
    folder: TempDir,
}

impl Cast {
    /// Starts it, in a session of its own: Ctrl-C is for the demonstration, which ends it in order. It must be called by the
    /// main thread, as it dies with the thread that has started it.
    pub(super) fn start() -> Result<Cast, Failure> {
        let folder = tempfile::Builder::new().prefix("trellis-demo-").tempdir();
        let folder = folder.map_err(|error| failed("make a directory", &error))?;
        let program = std::env::current_exe().map_err(|error| failed("find itself", &error))?;
        write(folder.path(), &program).map_err(|error| failed("write its files", &error))?;
        let mut command = Command::new(program);
        command
            .args(["run", "--config", "workers.toml", "--serve", "trellis.toml"])
            .current_dir(folder.path());
        // What the user has set for other servers and supervisors would win over the files.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("TRELLIS_") || text.starts_with("LISTEN_") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let conditions = Conditions {
            own_session: true,
            signal_without_parent: Some(Signal::KILL),
            ..Conditions::default()
        };
        let mut child =
            start(&mut command, conditions).map_err(|error| failed("start a supervisor", &error))?;
        let (sender, lines) = channel();
        let messages = Arc::new(Mutex::new(VecDeque::new()));
        if let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) {
            let kept = Arc::clone(&messages);
            std::thread::spawn(move || hand_on(output, &sender));
            std::thread::spawn(move || keep(errors, &kept));
        }
        Ok(Cast { child, lines, messages, folder })
    }

    /// The supervisor's process, which is the server's, too.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line of the workers, if one comes in time.
    pub(super) fn line(&self, patience: Duration) -> Result<Option<String>, Failure> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Failure::new(Exit::Internal, "the supervisor has ended, which it should not"))
            }
        }
    }

    /// What the supervisor has said last.
    pub(super) fn messages(&self) -> String {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.iter().cloned().collect::<Vec<_>>().join("\n")
    }

    /// Ends everything in order, and makes sure that nothing is left, these processes included.
    pub(super) fn end(mut self, workers: &[i32]) -> Result<(), Failure> {
        let status = self.stop().map_err(|error| failed("end the supervisor", &error))?;
        if !status.is_some_and(|status| status.success()) {
            let how = status.map_or("not at all".to_owned(), |status| status.to_string());
            return Err(Failure::new(
                Exit::Internal,
                format!("the supervisor should have ended in order: {how}"),
            ));
        }
        let is_left = |pid: &&i32| Pid::from_raw(**pid).is_some_and(|pid| test_kill_process(pid).is_ok());
        if let Some(pid) = workers.iter().find(is_left) {
            return Err(Failure::new(Exit::Internal, format!("worker process {pid} is left")));
        }
        let path = self.folder.path().to_owned();
        fs::remove_dir_all(&path).map_err(|error| failed("remove its directory", &error))
    }

    /// Asks the supervisor to end, and waits for it.
    fn stop(&mut self) -> std::io::Result<Option<std::process::ExitStatus>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(status));
        }
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM)?;
        let handle = pidfd_open(pid, PidfdFlags::empty())?;
        trellis_unix::readable(std::os::fd::AsFd::as_fd(&handle), Some(PATIENCE))?;
        self.child.try_wait()
    }
}

impl Drop for Cast {
    fn drop(&mut self) {
        // If it does not end when asked, its guardian ends what it leaves.
        if !matches!(self.stop(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Writes what the server and the supervisor are told.
fn write(folder: &Path, program: &Path) -> std::io::Result<()> {
    let server = format!(
        "data-dir = \"data\"\nbeanstalk = \"127.0.0.1:0\"\nzookeeper = \"127.0.0.1:0\"\nzookeeper-tick-ms = {TICK_MS}\n"
    );
    fs::write(folder.join("trellis.toml"), server)?;
    let program = toml::Value::from(program.to_string_lossy().into_owned());
    // The shell hands it the socket, which is descriptor 3, as its standard input.
    let workers = format!(
        "[program.worker]\ncommand = [\"sh\", \"-c\", 'exec \"$0\" demo --worker <&3', {program}]\n\
         processes = {WORKERS}\ntube = \"{TUBE}\"\nmode = \"stream\"\nbackoff = {{ first = \"1s\", max = \"1s\" }}\n\
         retry = {{ first = \"0s\", max = \"0s\" }}\n"
    );
    fs::write(folder.join("workers.toml"), workers)
}

/// Hands lines on; when nobody wants them any more, it reads on, so that nobody waits for that.
fn hand_on(output: impl Read, sender: &Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let _ = sender.send(line);
    }
}

fn keep(errors: impl Read, kept: &Mutex<VecDeque<String>>) {
    for line in BufReader::new(errors).lines().map_while(Result::ok) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MESSAGES_MAX {
            kept.pop_front();
        }
        kept.push_back(line);
    }
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Internal, format!("the demonstration cannot {what}: {error}"))
}
