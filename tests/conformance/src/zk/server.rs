//! Starts and ends the two servers. Knows their command lines and nothing of their protocol.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
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

/// The ports below those that the system gives to clients, and how many of them are tried.
const PORTS: Range<u16> = 10_000..32_768;
const PORT_TRIES_MAX: u32 = 1000;

/// Scheme and credentials of the super user.
pub(super) const SUPER_USER: (&str, &str) = ("digest", "super:secret");
/// What both servers are told. A container or a node with a time to live must not go while a sequence runs.
const SETTINGS: &str = "\
    4lw.commands.whitelist=*\n\
    extendedTypesEnabled=true\n\
    enforceQuota=true\n\
    DigestAuthenticationProvider.superDigest=super:lK75jTNcA+U9vtVEw5vB51mj/w4=\n";

/// What trellis is told about what must outlast it. The real server has no such choice.
const FLEETING: &str = "memory";
const LASTING: &str = "strict";

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
    command: Command,
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Server {
    /// Starts a server on a free port and waits until it serves.
    pub(super) fn start(program: &Program, pace: Pace) -> Result<Server> {
        let settings = format!("tickTime={}\n{SETTINGS}", pace.tick_ms);
        let check_interval = format!("-Dznode.container.checkIntervalMs={}", pace.container_check_ms);
        Server::start_with(program, &settings, &check_interval)
    }

    /// The same for one that knows after a restart what it has acknowledged before.
    pub(super) fn start_lasting(program: &Program) -> Result<Server> {
        let settings = format!("tickTime={}\n{SETTINGS}", Pace::SLOW.tick_ms);
        Server::start_for(program, &settings, "-Dnothing=else", LASTING)
    }

    /// The same with other settings: lines of a zoo.cfg, and what the real server wants to be told otherwise.
    pub(super) fn start_with(program: &Program, settings: &str, java_property: &str) -> Result<Server> {
        Server::start_for(program, settings, java_property, FLEETING)
    }

    fn start_for(
        program: &Program,
        settings: &str,
        java_property: &str,
        durability: &'static str,
    ) -> Result<Server> {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let address = free_address()?;
        let log_path = directory.path().join("log");
        let log = File::create(&log_path)?;
        let mut command = command(program, settings, java_property, (address, directory.path()), durability)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let mut server = Server { command, child, address, _directory: directory };
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

    /// Ends it without a warning.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again where it was, and waits until it serves.
    pub(super) fn start_again(&mut self) -> Result<()> {
        self.child = self.command.spawn()?;
        self.wait_until_it_serves()
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

/// One that is free now, and to which no connection of a client is bound meanwhile.
fn free_address() -> Result<SocketAddr> {
    for _ in 0..PORT_TRIES_MAX {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, fastrand::u16(PORTS)));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port of {PORTS:?} is free")
}

fn command(
    program: &Program,
    settings: &str,
    java_property: &str,
    (address, directory): (SocketAddr, &Path),
    durability: &str,
) -> Result<Command> {
    let data = directory.join("data");
    let configuration = directory.join("zoo.cfg");
    let text = format!(
        "{settings}admin.enableServer=false\ndataDir={}\nclientPort={}\nclientPortAddress={}\n",
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
            command
                .arg(java_property)
                .arg("org.apache.zookeeper.server.ZooKeeperServerMain")
                .arg(configuration);
            command
        }
        Program::Trellis(path) => {
            let mut command = Command::new(path);
            command.args(["serve", "--durability", durability, "--zoo-cfg"]).arg(configuration);
            command
        }
    })
}
