//! Starts and ends the two servers. Knows their command lines and nothing of their protocol.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How often a port is chosen anew, because somebody else took it between choosing and starting.
const START_ATTEMPTS_MAX: u32 = 10;
/// How long a server may take to accept its first connection.
const START_DEADLINE: Duration = Duration::from_secs(10);
/// The pause between two attempts to connect to a starting server.
const CONNECT_PAUSE: Duration = Duration::from_millis(2);

/// Which server to run.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    /// Debian's beanstalkd.
    Beanstalkd,
    /// The binary of trellis at this path.
    Trellis(PathBuf),
}

/// What a server promises about acknowledged writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing is written to a disk.
    Memory,
    /// Everything is on the disk before it is acknowledged.
    Strict,
}

impl Durability {
    /// Its name in trellis' command line and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Durability::Memory => "memory",
            Durability::Strict => "strict",
        }
    }
}

/// The settings that matter to the checks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) durability: Durability,
    /// The largest body in bytes, or the server's own default.
    pub(crate) job_bytes_max: Option<u32>,
}

/// A running server; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Server {
    /// Starts a server on a port chosen by the system and waits until it accepts a connection.
    pub(crate) fn start(program: &Program, settings: Settings) -> Result<Server> {
        let mut last_error = None;
        for _ in 0..START_ATTEMPTS_MAX {
            match Self::attempt(program, settings) {
                Ok(server) => return Ok(server),
                Err(error) => last_error = Some(error),
            }
        }
        Err(last_error.context("no attempt to start was made")?)
    }

    fn attempt(program: &Program, settings: Settings) -> Result<Server> {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot choose a port")?;
        let address = listener.local_addr()?;
        drop(listener);

        let log_path = directory.path().join("log");
        let log = File::create(&log_path)?;
        let mut command = command_line(program, settings, address, directory.path());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let mut server = Server { child, address, _directory: directory };

        let deadline = Instant::now() + START_DEADLINE;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                let log = std::fs::read_to_string(&log_path).unwrap_or_default();
                bail!("{command:?} ended at once ({status}): {log}");
            }
            if Instant::now() > deadline {
                bail!("{command:?} does not accept connections after {START_DEADLINE:?}");
            }
            thread::sleep(CONNECT_PAUSE);
        }
        Ok(server)
    }

    /// Where it listens for beanstalkd's protocol.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Turns on its drain mode.
    pub(crate) fn drain(&self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::USR1).context("cannot send SIGUSR1")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the check has noticed by its closed connections.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command_line(program: &Program, settings: Settings, address: SocketAddr, directory: &Path) -> Command {
    let data = directory.join("data");
    match program {
        Program::Beanstalkd => {
            let mut command = Command::new("beanstalkd");
            command.args(["-l", &address.ip().to_string(), "-p", &address.port().to_string()]);
            if settings.durability == Durability::Strict {
                // beanstalkd does not make its directory. Should that fail here, its own message will say so.
                let _ = std::fs::create_dir(&data);
                command.arg("-b").arg(&data).arg("-f0");
            }
            if let Some(bytes) = settings.job_bytes_max {
                command.args(["-z", &bytes.to_string()]);
            }
            command
        }
        Program::Trellis(path) => {
            let mut command = Command::new(path);
            command.arg("serve").arg("--data-dir").arg(&data);
            command.args(["--beanstalk", &address.to_string(), "--zookeeper", "off", "--http", "off"]);
            command.args(["--durability", settings.durability.name()]);
            if let Some(bytes) = settings.job_bytes_max {
                command.args(["--max-job-size", &bytes.to_string()]);
            }
            command
        }
    }
}
