//! A running `trellis serve`, for tests: started on ports of the system's choice, killed when it is dropped.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::Client;

/// How long anything that must happen may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// ZooKeeper's protocol alone.
pub(crate) const ZOOKEEPER: [&str; 4] = ["--beanstalk", "off", "--zookeeper", "127.0.0.1:0"];

/// Both protocols.
pub(crate) const BOTH: [&str; 4] = ["--beanstalk", "127.0.0.1:0", "--zookeeper", "127.0.0.1:0"];

/// A server that was started and may have ended.
pub(crate) struct Server {
    child: Child,
    address: Option<SocketAddr>,
    zookeeper: Option<SocketAddr>,
    lines: Receiver<String>,
    messages: Vec<String>,
}

impl Server {
    /// A server that keeps everything safe in a directory.
    pub(crate) fn start(directory: &Path) -> Server {
        Self::start_with(directory, &[])
    }

    /// A server that keeps nothing.
    pub(crate) fn in_memory(settings: &[&str]) -> Server {
        let settings = [&["--durability", "memory"], settings].concat();
        Self::start_with(Path::new("not-used"), &settings)
    }

    /// A server with more settings, that listens on a port.
    pub(crate) fn start_with(directory: &Path, settings: &[&str]) -> Server {
        let mut server = Self::spawn(serve(directory).args(["--beanstalk", "127.0.0.1:0"]).args(settings));
        server.finish_start();
        server
    }

    /// A server that speaks both protocols.
    pub(crate) fn start_both(directory: &Path, settings: &[&str]) -> Server {
        let mut server = Self::spawn(serve(directory).args(BOTH).args(settings));
        server.finish_start();
        server.finish_start_of_zookeeper();
        server
    }

    /// A server that speaks ZooKeeper's protocol only, and keeps everything safe in a directory.
    pub(crate) fn start_zookeeper(directory: &Path) -> Server {
        Self::start_zookeeper_with(directory, &[])
    }

    /// The same that keeps nothing.
    pub(crate) fn zookeeper_in_memory(settings: &[&str]) -> Server {
        let settings = [&["--durability", "memory"], settings].concat();
        Self::start_zookeeper_with(Path::new("not-used"), &settings)
    }

    /// The same with more settings.
    pub(crate) fn start_zookeeper_with(directory: &Path, settings: &[&str]) -> Server {
        let mut server = Self::spawn(serve(directory).args(ZOOKEEPER).args(settings));
        server.finish_start_of_zookeeper();
        server
    }

    /// Waits until it listens on its port.
    pub(crate) fn finish_start(&mut self) {
        self.address = Some(self.listening().parse().expect("an address is printed"));
    }

    /// The same for the port of ZooKeeper's protocol.
    pub(crate) fn finish_start_of_zookeeper(&mut self) {
        self.zookeeper = Some(self.listening_for("zookeeper").parse().expect("an address is printed"));
    }

    /// Starts a command and follows its messages.
    pub(crate) fn spawn(command: &mut Command) -> Server {
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it can be started");
        let messages = child.stderr.take().expect("the standard error is a pipe");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(messages).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Server { child, address: None, zookeeper: None, lines, messages: Vec::new() }
    }

    /// Waits until it says where it listens next, and returns that.
    pub(crate) fn listening(&mut self) -> String {
        self.listening_for("beanstalk")
    }

    fn listening_for(&mut self, protocol: &str) -> String {
        let line = self.wait_for("\"listening\"");
        let message: serde_json::Value = serde_json::from_str(&line).expect("a message is a JSON object");
        assert_eq!(message["fields"]["protocol"], protocol, "{line}");
        message["fields"]["address"].as_str().expect("an address is printed").to_owned()
    }

    /// Waits for a message with this text in it, and returns its line.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.wait_for_any(&[text])
    }

    /// Waits for a message with any of these texts in it, and returns its line.
    pub(crate) fn wait_for_any(&mut self, texts: &[&str]) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.messages.push(line.clone());
                    if texts.iter().any(|text| line.contains(text)) {
                        return line;
                    }
                }
                Err(error) => panic!("no message has {texts:?} ({error}); there are {:#?}", self.messages),
            }
        }
    }

    /// Opens a connection.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address())
    }

    /// The address of its port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address.expect("it was started with a port")
    }

    /// The address of its port for ZooKeeper's protocol.
    pub(crate) fn zookeeper(&self) -> SocketAddr {
        self.zookeeper.expect("it was started with a port for it")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).expect("it is still there");
    }

    /// Its process.
    pub(crate) fn process(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is still there");
        self.child.wait().expect("it has ended");
    }

    /// Waits for its end. Returns how it ended and all that it wrote.
    pub(crate) fn end_within(mut self, limit: Duration) -> (ExitStatus, String) {
        let deadline = Instant::now() + limit;
        loop {
            // The messages end with the process.
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.messages.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it has not ended: {:#?}", self.messages),
            }
        }
        let status = self.child.wait().expect("it has ended");
        (status, self.messages.join("\n"))
    }

    /// For looking at how busy it is, from any thread.
    pub(crate) fn meter(&self) -> Meter {
        Meter(format!("/proc/{}/schedstat", self.child.id()))
    }

    /// Its resident memory in bytes.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.memory("VmRSS:")
    }

    /// The most resident memory in bytes that it has had.
    pub(crate) fn peak_bytes(&self) -> usize {
        self.memory("VmHWM:")
    }

    fn memory(&self, what: &str) -> usize {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the process is there");
        let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("it has memory");
        let kibibytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number of kB");
        kibibytes * 1024
    }
}

/// How long a server has been busy: the time of a processor that its first thread has had, which serves everybody. It is the
/// same however many others want the processors.
#[derive(Clone)]
pub(crate) struct Meter(String);

impl Meter {
    pub(crate) fn busy(&self) -> Duration {
        let times = std::fs::read_to_string(&self.0).expect("the process is there");
        let nanoseconds = times.split(' ').next().and_then(|time| time.parse().ok()).expect("a time");
        Duration::from_nanos(nanoseconds)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A panic would otherwise go unnoticed if it has only ended the task of one connection.
        let panicked =
            self.messages.drain(..).chain(self.lines.iter()).find(|line| line.contains("panicked at"));
        if let (Some(line), false) = (panicked, thread::panicking()) {
            panic!("the server has panicked: {line}");
        }
    }
}

/// The command line that starts a server on that directory, with nothing of this environment and no port yet.
pub(crate) fn serve(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.env_clear().stdin(Stdio::null());
    // As a variable, since a flag would stand beside a test's own.
    command.env("TRELLIS_ZOOKEEPER", "off");
    command.args(["serve", "--http", "off", "--log-format", "json", "--data-dir"]);
    command.arg(directory);
    command
}

/// Starts a server that must refuse to run. Returns its exit code and what it wrote.
pub(crate) fn refusal(command: &mut Command) -> (i32, String) {
    let (status, messages) = Server::spawn(command).end_within(DEADLINE);
    (status.code().expect("it ended by itself"), messages)
}

/// Reads all files of a directory, by name.
pub(crate) fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    files_named(directory, "")
}

/// Reads the files of a directory whose names begin so, by name.
pub(crate) fn files_named(directory: &Path, beginning: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(directory)
        .expect("the directory is there")
        .map(|entry| entry.expect("the directory can be read"))
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(beginning))
        .filter(|entry| entry.file_type().expect("a file has a type").is_file())
        .map(|entry| {
            let mut bytes = Vec::new();
            let mut file = std::fs::File::open(entry.path()).expect("the file can be opened");
            file.read_to_end(&mut bytes).expect("the file can be read");
            (entry.file_name().to_string_lossy().into_owned(), bytes)
        })
        .collect();
    files.sort();
    files
}
