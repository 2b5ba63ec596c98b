//! Starts and ends the two servers. Knows their command lines and nothing of their protocol.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::connection::{Connection, Event};

/// Starts a server as systemd does: its listening socket, which comes as the standard input, becomes descriptor
/// 3. So the port is the system's choice, nobody can take it in between, and a client may connect at once.
const ACTIVATE: &str = r#"LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&0 </dev/null"#;
/// A command that changes nothing, not even a counter.
const IS_THERE: &[u8] = b"kick-job 0\r\n";

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
    /// Starts a server on a port chosen by the system and waits until it answers. Returns the connection on which
    /// it did, too.
    pub(crate) fn start(program: &Program, settings: Settings) -> Result<(Server, Connection)> {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot choose a port")?;
        let address = listener.local_addr()?;
        let log_path = directory.path().join("log");
        let log = File::create(&log_path)?;

        let mut command = Command::new("sh");
        command.args(["-c", ACTIVATE, "sh"]);
        add_command_line(&mut command, program, settings, directory.path());
        command.stdin(OwnedFd::from(listener)).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        // The command still holds the listener; only the server may, or a client could wait for a dead one.
        command.stdin(Stdio::null());
        let server = Server { child, address, _directory: directory };

        let answer = Connection::open(address).and_then(|mut connection| {
            connection.send(IS_THERE)?;
            Ok((connection.next()?, connection))
        });
        let instead = match answer {
            Ok((Event::Reply { .. }, connection)) => return Ok((server, connection)),
            Ok((event, _)) => event.to_string(),
            Err(error) => format!("{error:#}"),
        };
        let log = std::fs::read_to_string(&log_path).unwrap_or_default();
        bail!("{program:?} does not answer: {instead}; it has written: {log}")
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

fn add_command_line(command: &mut Command, program: &Program, settings: Settings, directory: &Path) {
    let data = directory.join("data");
    match program {
        Program::Beanstalkd => {
            command.arg("beanstalkd");
            if settings.durability == Durability::Strict {
                // beanstalkd does not make its directory. Should that fail here, its own message will say so.
                let _ = std::fs::create_dir(&data);
                command.arg("-b").arg(&data).arg("-f0");
            }
            if let Some(bytes) = settings.job_bytes_max {
                command.args(["-z", &bytes.to_string()]);
            }
        }
        Program::Trellis(path) => {
            command.arg(path).args(["serve", "--zookeeper", "off", "--http", "off", "--data-dir"]).arg(&data);
            command.args(["--durability", settings.durability.name()]);
            if let Some(bytes) = settings.job_bytes_max {
                command.args(["--max-job-size", &bytes.to_string()]);
            }
        }
    }
}
