//! What programs leave behind: children that this process has adopted, as their own parents have ended. Whose they are is
//! known by the number of the start in their environment. Processes that were started here are none of these.

use std::fs;
use std::time::Instant;

use rustix::process::{Pid, Signal, getpid, kill_process};
use trellis_unix::process::reap;

use super::Supervisor;
use super::guardian::MARK;
use crate::limits::{ORPHANS_END_MAX, ORPHANS_END_PAUSE};

impl Supervisor {
    /// Kills what processes have left behind that have ended. What is killed may leave something behind, too, which is found
    /// when its own end is.
    pub(super) fn kill_left_behind(&self) {
        for pid in self.orphans() {
            let start = start_of(pid, self.spawner.mark());
            if start.is_some_and(|start| !self.spawner.lives(start)) {
                tracing::info!(
                    pid = pid.as_raw_nonzero(),
                    "killed, since the process that has started it has ended"
                );
                // It may have ended since.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }

    /// Kills all that is left when no program runs any more, also what has cleared its environment.
    pub(super) async fn kill_orphans(&self) {
        let begin = Instant::now();
        loop {
            // Those that have ended are looked at no more.
            while let Ok(Some(_)) = reap() {}
            let orphans = self.orphans();
            if orphans.is_empty() || begin.elapsed() > ORPHANS_END_MAX {
                return;
            }
            for pid in orphans {
                let _ = kill_process(pid, Signal::KILL);
            }
            tokio::time::sleep(ORPHANS_END_PAUSE).await;
        }
    }

    /// The children that nobody has started here. The main thread has all children, as it starts and adopts them.
    fn orphans(&self) -> Vec<Pid> {
        let own = getpid().as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default();
        let pids = children.split_ascii_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
        pids.filter(|pid| Some(*pid) != self.guardian.pid() && !self.owners.contains_key(pid)).collect()
    }
}

/// The number of the start that a process comes from, by its environment.
fn start_of(pid: Pid, mark: &str) -> Option<u64> {
    let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).ok()?;
    environment.split(|byte| *byte == 0).find_map(|variable| {
        let value = std::str::from_utf8(variable).ok()?.strip_prefix(MARK)?.strip_prefix('=')?;
        value.strip_prefix(mark)?.strip_prefix('.')?.parse().ok()
    })
}
