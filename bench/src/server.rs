//! Starting and ending the servers that are measured, and reading what the kernel knows of them.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tempfile::TempDir;

/// How long a server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How often a start is tried, as somebody else may take the port that was free a moment ago.
const START_ATTEMPTS: usize = 3;

/// When a reply may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing is written.
    Memory,
    /// Written before the reply, on disk within 50 ms.
    Interval,
    /// On disk before the reply.
    Fsync,
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The peer.
    Beanstalkd,
    /// Ours.
    Trellis,
}

/// Where the servers' programs are, and where they may write.
pub(crate) struct Programs {
    /// The peer's program.
    pub(crate) beanstalkd: PathBuf,
    /// Our program; without it, only the peer is measured.
    pub(crate) trellis: Option<PathBuf>,
    /// A folder on a real disk.
    pub(crate) work_dir: PathBuf,
}

/// A running server. It ends, and its data are deleted, when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Which it is.
    pub(crate) kind: Kind,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    data: TempDir,
}

impl Server {
    /// Starts a server with an empty folder of its own, and waits until it accepts connections.
    pub(crate) fn start(programs: &Programs, kind: Kind, durability: Durability) -> Result<Server> {
        // What earlier servers wrote must not slow down this one.
        rustix::fs::sync();
        let mut attempt = 1;
        loop {
            match Server::attempt(programs, kind, durability) {
                Err(error) if attempt == START_ATTEMPTS => return Err(error),
                Err(_) => attempt += 1,
                Ok(server) => return Ok(server),
            }
        }
    }

    fn attempt(programs: &Programs, kind: Kind, durability: Durability) -> Result<Server> {
        let data = TempDir::with_prefix_in("server-", &programs.work_dir)?;
        let address = free_address()?;
        let mut command = command(programs, kind, durability, address, data.path())?;
        let log = File::create(data.path().join("log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let mut server = Server { child, kind, address, data };
        server.await_start()?;
        Ok(server)
    }

    fn await_start(&mut self) -> Result<()> {
        let limit = Instant::now() + START_LIMIT;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once ({status}); it said:\n{}", self.log());
            }
            if Instant::now() > limit {
                bail!("the server does not listen after {START_LIMIT:?}; it said:\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// What the server has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data.path().join("log")).unwrap_or_default()
    }

    /// The processor time that the server and its ended children have used.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        // The program's name, in parentheses, may contain anything; the numbers begin after it.
        let numbers = stat.rsplit_once(')').context("/proc/PID/stat has an unknown form")?.1;
        let times = numbers.split_whitespace().skip(11).take(4);
        let ticks = times.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// The bytes of memory that the server has in use.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kibibytes = kibibytes.context("/proc/PID/status has an unknown form")?;
        Ok(kibibytes.parse::<u64>()? * 1024)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}; has the server ended?"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data are about to be deleted, so there is nothing to end gracefully for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line with which both servers do the same.
fn command(
    programs: &Programs,
    kind: Kind,
    durability: Durability,
    address: SocketAddr,
    data: &Path,
) -> Result<Command> {
    if kind == Kind::Beanstalkd {
        let mut command = Command::new(&programs.beanstalkd);
        command.args(["-l", &address.ip().to_string(), "-p", &address.port().to_string()]);
        if durability != Durability::Memory {
            command.arg("-b").arg(data);
        }
        if durability == Durability::Fsync {
            command.arg("-f0");
        }
        return Ok(command);
    }
    let mut command = Command::new(programs.trellis.as_ref().context("there is no trellis to start")?);
    command.arg("serve").arg("--data-dir").arg(data.join("data"));
    command.args(["--beanstalk", &address.to_string(), "--zookeeper", "off", "--http", "off"]);
    command.args(["--durability", durability.trellis()]);
    Ok(command)
}

impl Durability {
    /// The name of trellis's setting.
    fn trellis(self) -> &'static str {
        match self {
            Durability::Memory => "memory",
            Durability::Interval => "interval",
            Durability::Fsync => "strict",
        }
    }
}

/// An address that is free at the moment.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?)
}
