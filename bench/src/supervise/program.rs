//! Starting and ending a supervisor, and what it says, with the time at which it said it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::Kind;

/// How long anything that must happen may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How often the end of a supervisor is looked for.
const PAUSE: Duration = Duration::from_millis(10);

/// Where the supervisors' programs are.
pub(crate) struct Supervisors {
    /// Our program.
    pub(crate) trellis: Option<PathBuf>,
    /// The peer's; without it, ours is measured alone.
    pub(crate) supervisord: Option<PathBuf>,
}

/// A running supervisor. It ends, with all that it has started, when this is dropped.
pub(super) struct Supervisor {
    child: Child,
    lines: Receiver<(Instant, String)>,
    _folder: TempDir,
}

impl Supervisor {
    /// Starts one of this kind with what its file says.
    pub(super) fn start(
        kind: Kind,
        file: &str,
        supervisors: &Supervisors,
        work_dir: &Path,
    ) -> Result<Supervisor> {
        let folder = TempDir::with_prefix_in("supervisor-", work_dir)?;
        let path = folder.path().join("file");
        fs::write(&path, file)?;
        let mut command = match kind {
            Kind::Trellis => {
                let program = supervisors.trellis.as_ref().context("there is no trellis to start")?;
                let mut command = Command::new(program);
                command.arg("run").arg("--config").arg(&path);
                command
            }
            Kind::Supervisord => {
                let program = supervisors.supervisord.as_ref().context("there is no supervisord to start")?;
                let mut command = Command::new(program);
                command.arg("--nodaemon").arg("--configuration").arg(&path);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let (sender, lines) = channel();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        follow(stdout.context("there is no pipe")?, sender.clone());
        follow(stderr.context("there is no pipe")?, sender);
        Ok(Supervisor { child, lines, _folder: folder })
    }

    /// Waits until it says a line with this in it: when, and what.
    pub(super) fn wait_for(&self, text: &str) -> Result<(Instant, String)> {
        let deadline = Instant::now() + LIMIT;
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok((at, line)) if line.contains(text) => return Ok((at, line)),
                Ok((_, line)) => said.push(line),
                Err(_) => bail!("the supervisor never said `{text}`, but:\n{}", said.join("\n")),
            }
        }
    }

    /// The processor time that the supervisor and its helpers have used, without the programs.
    pub(super) fn cpu(&self) -> Result<Duration> {
        let mut ticks = 0;
        for pid in self.own_processes()? {
            let stat = read(pid, "stat")?;
            // The program's name, in parentheses, may contain anything; the numbers begin after it.
            let numbers = stat.rsplit_once(')').context("/proc/PID/stat has an unknown form")?.1;
            let times = numbers.split_whitespace().skip(11).take(2);
            ticks += times.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        }
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// The bytes of memory that they have in use. What they share is counted for each, so it is less than this.
    pub(super) fn resident_bytes(&self) -> Result<f64> {
        let mut kibibytes = 0;
        for pid in self.own_processes()? {
            let status = read(pid, "status")?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let value = line.and_then(|line| line.trim().strip_suffix(" kB"));
            kibibytes += value.context("/proc/PID/status has an unknown form")?.parse::<u64>()?;
        }
        Ok(kibibytes as f64 * 1024.0)
    }

    /// The supervisor, and those of its children that are no programs: ours has a guardian.
    fn own_processes(&self) -> Result<Vec<u32>> {
        let own = self.child.id();
        let children = read(own, &format!("task/{own}/children"))?;
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        let is_helper = |pid: &u32| read(*pid, "comm").is_ok_and(|name| name.trim() == "guardian");
        Ok([own].into_iter().chain(children.filter(is_helper)).collect())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}; has the supervisor ended?"))
}

fn follow(stream: impl Read + Send + 'static, sender: Sender<(Instant, String)>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send((Instant::now(), line)).is_err() {
                return;
            }
        }
    });
}
