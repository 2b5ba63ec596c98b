//! Starting and ending the servers that are measured, and reading what the kernel knows of them.

mod greeting;
mod programs;

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

pub(crate) use programs::{Durability, Kind, Programs, Setup, Speech};

/// How long a server may take until it answers; it may have to read all that it has written before.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How often a server that starts is tried.
const START_PAUSE: Duration = Duration::from_millis(5);
/// How often a start is tried, as somebody else may take the port that was free a moment ago.
const START_ATTEMPTS: usize = 3;

/// A running server. It ends, and its data are deleted, when this is dropped.
pub(crate) struct Server {
    child: Child,
    setup: Setup,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    data: TempDir,
}

impl Server {
    /// Starts a server with an empty folder of its own, and waits until it answers.
    pub(crate) fn start(programs: &Programs, setup: Setup) -> Result<Server> {
        // What earlier servers wrote must not slow down this one.
        rustix::fs::sync();
        let mut attempt = 1;
        loop {
            match Server::attempt(programs, setup) {
                Err(error) if attempt == START_ATTEMPTS => return Err(error),
                Err(_) => attempt += 1,
                Ok(server) => return Ok(server),
            }
        }
    }

    fn attempt(programs: &Programs, setup: Setup) -> Result<Server> {
        let data = TempDir::with_prefix_in("server-", &programs.work_dir)?;
        let (child, address) = launch(programs, setup, &data)?;
        let mut server = Server { child, setup, address, data };
        server.await_answer()?;
        Ok(server)
    }

    /// Kills the server and starts it again with what it has written. How long it took until it answered.
    pub(crate) fn restart(&mut self, programs: &Programs) -> Result<Duration> {
        self.end();
        let began = Instant::now();
        (self.child, self.address) = launch(programs, self.setup, &self.data)?;
        self.await_answer()?;
        Ok(began.elapsed())
    }

    fn await_answer(&mut self) -> Result<()> {
        let limit = Instant::now() + START_LIMIT;
        while let Err(error) = greeting::greet(self.address, self.setup.speech) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once ({status}); it said:\n{}", self.log());
            }
            if Instant::now() > limit {
                bail!("no answer after {START_LIMIT:?} ({error}); the server said:\n{}", self.log());
            }
            thread::sleep(START_PAUSE);
        }
        Ok(())
    }

    /// Which it is.
    pub(crate) fn kind(&self) -> Kind {
        self.setup.kind
    }

    /// One of its statistics about jobs.
    pub(crate) fn statistic(&self, key: &str) -> Result<u64> {
        greeting::statistic(self.address, key)
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

    /// Kills it. What it has acknowledged has to be there all the same.
    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}; has the server ended?"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a server's program. What it says is added to what an earlier one has said.
fn launch(programs: &Programs, setup: Setup, data: &TempDir) -> Result<(Child, SocketAddr)> {
    let address = free_address()?;
    let mut command = programs.command(setup, address, data.path())?;
    let log = File::options().create(true).append(true).open(data.path().join("log"))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    Ok((child, address))
}

/// An address that is free at the moment.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?)
}
