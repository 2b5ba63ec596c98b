//! Starts and ends the two servers. Knows their command lines and nothing of their protocol.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tempfile::TempDir;

use super::connection::Connection;

/// Where Debian's package has the real server. It is this version that the checks are about.
const JAR: &str = "/usr/share/java/zookeeper-3.8.0.jar";
/// Starts fast, and is as fast as it gets within a minute.
const JAVA_OPTIONS: &[&str] = &[
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Dzookeeper.forceSync=no",
    "-Dzookeeper.nio.numWorkerThreads=0",
];
/// How long a server may take to begin, how often it is tried, and how long it may be silent: what is said too early is
/// never answered.
const START_DEADLINE: Duration = Duration::from_secs(60);
const START_PATIENCE: Duration = Duration::from_millis(500);
const START_INTERVAL: Duration = Duration::from_millis(10);

/// Scheme and credentials of the super user.
pub(super) const SUPER_USER: (&str, &str) = ("digest", "super:secret");
/// What both servers are told. A container or a node with a time to live must not go while a sequence runs.
const SETTINGS: &str = "\
    admin.enableServer=false\n\
    4lw.commands.whitelist=*\n\
    extendedTypesEnabled=true\n\
    enforceQuota=true\n\
    DigestAuthenticationProvider.superDigest=super:lK75jTNcA+U9vtVEw5vB51mj/w4=\n";

/// Which server to run.
#[derive(Clone, Debug)]
pub(super) enum Program {
    /// Debian's ZooKeeper.
    ZooKeeper,
    /// The binary of trellis at this path.
    Trellis(PathBuf),
}

/// How fast time passes for a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The unit of session time-outs.
    pub(super) tick_ms: u32,
    /// How often containers and nodes with a time to live are looked at.
    pub(super) container_check_ms: u32,
}

impl Pace {
    /// Nothing falls due while a sequence runs.
    pub(super) const SLOW: Pace = Pace { tick_ms: 2000, container_check_ms: 3_600_000 };
}

/// A running server; it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Server {
    /// Starts a server on a free port and waits until it serves.
    pub(super) fn start(program: &Program, pace: Pace) -> Result<Server> {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        // Free now, and the system gives out others first, so it still is when the server asks for it.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let log_path = directory.path().join("log");
        let log = File::create(&log_path)?;
        let mut command = command(program, pace, address, directory.path())?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let mut server = Server { child, address, _directory: directory };
        server.wait_until_it_serves().with_context(|| {
            let log = fs::read_to_string(&log_path).unwrap_or_default();
            format!("{program:?} does not start; it has written: {log}")
        })?;
        Ok(server)
    }

    /// Where it listens for ZooKeeper's protocol.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks until it answers. In between, its end is what is waited for.
    fn wait_until_it_serves(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        let process = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty())?;
        let interval = Timespec { tv_sec: 0, tv_nsec: START_INTERVAL.as_nanos().try_into()? };
        // Until it serves, it refuses connections, or takes them and forgets what they say.
        while !Connection::open(self.address).is_ok_and(|connection| serves(connection).unwrap_or(false)) {
            if poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&interval))? > 0 {
                bail!("it has ended with {}", self.child.wait()?);
            }
            if Instant::now() > deadline {
                bail!("it does not serve after {START_DEADLINE:?}");
            }
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the check has noticed by its closed connections.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a server says that it does.
fn serves(mut connection: Connection) -> Result<bool> {
    connection.send(b"srvr")?;
    Ok(String::from_utf8_lossy(&connection.read_to_end(START_PATIENCE)?).contains("Mode: "))
}

fn command(program: &Program, pace: Pace, address: SocketAddr, directory: &Path) -> Result<Command> {
    let data = directory.join("data");
    let configuration = directory.join("zoo.cfg");
    let text = format!(
        "tickTime={}\ndataDir={}\nclientPort={}\nclientPortAddress={}\n{SETTINGS}",
        pace.tick_ms,
        data.display(),
        address.port(),
        address.ip(),
    );
    fs::write(&configuration, text)?;
    Ok(match program {
        Program::ZooKeeper => {
            if !Path::new(JAR).is_file() {
                bail!("{JAR} is missing; install the package zookeeper of Debian 12");
            }
            let mut command = Command::new("java");
            command.args(JAVA_OPTIONS).args(["-cp", JAR]);
            command.arg(format!("-Dznode.container.checkIntervalMs={}", pace.container_check_ms));
            command.arg("org.apache.zookeeper.server.ZooKeeperServerMain").arg(configuration);
            command
        }
        Program::Trellis(path) => {
            let mut command = Command::new(path);
            command.args(["serve", "--durability", "memory", "--zoo-cfg"]).arg(configuration);
            command
        }
    })
}
