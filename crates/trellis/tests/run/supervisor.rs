//! A running `trellis run`, for tests: in a folder of its own, killed with all that it has started when it is dropped.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use serde_json::Value;

/// How long anything that must happen may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A supervisor and what it and its programs say.
pub(crate) struct Supervisor {
    /// There unless somebody else has taken it.
    folder: Option<tempfile::TempDir>,
    child: Child,
    /// What it waits for; closing it is not needed by anybody.
    _input: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Supervisor {
    /// Starts one on this file, in which `HELPER` is the command of the helper.
    pub(crate) fn start(file: &str) -> Supervisor {
        let folder = tempfile::tempdir().expect("a folder");
        write_file(folder.path(), file);
        Self::start_in(folder, &[])
    }

    /// Starts one in a folder that has a file.
    pub(crate) fn start_in(folder: tempfile::TempDir, arguments: &[&str]) -> Supervisor {
        let command = trellis(folder.path(), arguments);
        Self::start_as(folder, command)
    }

    /// Starts one by a command that ends with it.
    pub(crate) fn start_as(folder: tempfile::TempDir, mut command: Command) -> Supervisor {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let (sender, lines) = channel();
        follow(child.stdout.take().expect("a pipe"), sender.clone());
        follow(child.stderr.take().expect("a pipe"), sender);
        let _input = child.stdin.take();
        let mut supervisor = Supervisor { folder: Some(folder), child, _input, lines, seen: Vec::new() };
        supervisor.wait_for("INFO started file=");
        supervisor
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_ref().expect("it was not taken").path()
    }

    /// Its folder, for another one. It has ended.
    pub(crate) fn into_folder(mut self) -> tempfile::TempDir {
        self.folder.take().expect("it was not taken")
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Changes its file.
    pub(crate) fn write(&self, file: &str) {
        write_file(self.folder(), file);
    }

    /// Waits for a line with this text, of its messages or of its programs' output, and returns the line. Each line is found
    /// once.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        if let Some(place) = self.seen.iter().position(|line| line.contains(text)) {
            return self.seen.remove(place);
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => self.seen.push(line),
                Err(error) => panic!("no line has {text:?} ({error}); there are {:#?}", self.seen),
            }
        }
    }

    /// All that it has said and nobody has waited for; it has ended.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        let mut rest = std::mem::take(&mut self.seen);
        rest.extend(self.lines.iter());
        rest
    }

    /// Looks no more at what it has said.
    pub(crate) fn discard(&mut self) {
        self.seen.clear();
        self.lines.try_iter().for_each(drop);
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it is there");
    }

    /// Runs one of the commands that talk to it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        trellis(self.folder(), arguments).output().expect("it runs")
    }

    /// The same for one that has to succeed; what it prints.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{error}; there were {:#?}", self.seen);
        out
    }

    /// What it says of a process.
    pub(crate) fn status(&self, process: &str) -> Value {
        let status: Value = serde_json::from_str(&self.ask(&["status", "--json", process])).expect("JSON");
        status["processes"][0].clone()
    }

    /// Waits until a process, or a program that has none, is in this state.
    pub(crate) fn wait_for_state(&self, process: &str, state: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let status = self.status(process);
            if status["state"] == state {
                return;
            }
            assert!(Instant::now() < deadline, "{status}");
        }
    }

    /// The pid of one of its processes that runs.
    pub(crate) fn pid_of(&self, process: &str) -> Pid {
        let pid = self.status(process)["pid"].as_i64().expect("it runs");
        Pid::from_raw(pid.try_into().expect("a pid")).expect("a pid")
    }

    /// Its guardian.
    pub(crate) fn guardian(&self) -> Pid {
        let path = format!("/proc/{0}/task/{0}/children", self.pid().as_raw_nonzero());
        let named = |pid: &&str| {
            std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "guardian\n")
        };
        let deadline = Instant::now() + DEADLINE;
        loop {
            let children = std::fs::read_to_string(&path).expect("it runs");
            // One that has just begun has no name yet.
            if let Some(guardian) = children.split_ascii_whitespace().find(named) {
                return Pid::from_raw(guardian.parse().expect("a pid")).expect("a pid");
            }
            assert!(Instant::now() < deadline, "none of its children is the guardian: {children}");
        }
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        wait_until_gone(self.pid());
        self.child.wait().expect("it is ours")
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Its guardian does the rest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line in a folder, with nothing of this environment but the way to programs.
pub(crate) fn trellis(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder).stdin(Stdio::null());
    command.arg("run").args(arguments);
    command
}

/// Writes the file as a whole, so that nobody reads half of it.
pub(crate) fn write_file(folder: &Path, file: &str) {
    let helper: PathBuf = std::env::current_exe().expect("this program has a path");
    let helper = format!("{:?}, \"--exact\", \"helper::helper\", \"--nocapture\"", helper.to_string_lossy());
    let part = folder.join("workers.toml.part");
    std::fs::write(&part, file.replace("HELPER", &helper)).expect("it can be written");
    std::fs::rename(part, folder.join("workers.toml")).expect("it can be renamed");
}

/// Waits until a process that may be anybody's is gone.
pub(crate) fn wait_until_gone(pid: Pid) {
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let gone = trellis_unix::readable(std::os::fd::AsFd::as_fd(&handle), Some(DEADLINE));
    assert!(gone.expect("it can be waited for"), "process {pid:?} is still there");
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn follow(stream: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}
