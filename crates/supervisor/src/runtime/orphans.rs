//! What programs leave behind: children that this process has adopted, as their own parents have ended. Whose they are is
//! known by the number of the start in their environment. Processes that were started here are none of these.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::time::Instant;

use rustix::process::{Pid, Signal, getpgid, getpid, kill_process, kill_process_group};
use trellis_unix::process::reap;

use super::Supervisor;
use super::guardian::MARK;
use super::orders::number;
use crate::config::Program;
use crate::limits::{ORPHAN_PATIENCE, ORPHANS_END_MAX, ORPHANS_END_PAUSE};

/// What becomes of orphans whose programs' processes have ended.
#[derive(Default)]
pub(super) struct Orphans {
    /// Those that were asked to end, and until when they may take; nothing if they were killed then.
    asked: HashMap<Pid, Option<Instant>>,
    /// The groups that were killed, as long as somebody is left in them.
    killed: HashSet<Pid>,
    /// How programs want their processes to be asked.
    manners: HashMap<String, Manner>,
}

#[derive(Clone, Copy)]
struct Manner {
    signal: Signal,
    /// What is left of a singleton gets no time, as another machine may run it at once.
    singleton: bool,
}

impl Orphans {
    /// Takes note of a program of which a process is started.
    pub(super) fn remember(&mut self, program: &Program) {
        let manner = Manner { signal: number(program.stop.signal), singleton: program.singleton };
        match self.manners.get_mut(&program.name) {
            Some(known) => *known = manner,
            None => drop(self.manners.insert(program.name.clone(), manner)),
        }
    }

    /// When to look for those that were asked.
    pub(super) fn due(&self) -> Option<Instant> {
        self.asked.values().flatten().min().copied()
    }

    /// Takes note that the group that this process has led was killed with its end.
    pub(super) fn group_killed(&mut self, leader: Pid) {
        self.killed.insert(leader);
    }

    /// Those of them who are not about to be gone anyway. As long as somebody is in a group, its number means no other one.
    fn without_killed(&mut self, orphans: Vec<Pid>) -> Vec<Pid> {
        let group = |pid: Pid| getpgid(Some(pid)).unwrap_or(pid);
        let (killed, others): (Vec<Pid>, Vec<Pid>) =
            orphans.into_iter().partition(|pid| self.killed.contains(&group(*pid)));
        self.killed = killed.into_iter().map(group).collect();
        others
    }

    fn manner(&self, program: &str) -> Manner {
        self.manners.get(program).copied().unwrap_or(Manner { signal: Signal::TERM, singleton: false })
    }
}

/// Where an orphan comes from, by its environment.
struct Origin {
    start: u64,
    program: String,
}

impl Supervisor {
    /// Ends what processes have left behind that have ended: it is asked first, and killed a moment later. It may leave
    /// something behind, too, which is found when its own end is.
    pub(super) fn end_left_behind(&mut self) {
        let (orphans, now) = (self.orphans(), Instant::now());
        self.orphans.asked.retain(|pid, _| orphans.contains(pid));
        for pid in self.orphans.without_killed(orphans) {
            let asked = self.orphans.asked.get(&pid).copied();
            if asked.is_some_and(|until| until.is_none_or(|until| until > now)) {
                continue;
            }
            let Some(origin) = origin_of(pid, self.spawner.mark()) else { continue };
            if self.spawner.lives(origin.start) {
                continue;
            }
            let (program, manner) = (&origin.program, self.orphans.manner(&origin.program));
            if asked.is_some() || manner.singleton {
                tracing::info!(
                    program,
                    pid = pid.as_raw_nonzero(),
                    "killed, since what has started it has ended"
                );
                signal_all(pid, Signal::KILL);
                self.orphans.asked.insert(pid, None);
            } else {
                tracing::info!(
                    program,
                    pid = pid.as_raw_nonzero(),
                    "asked to end, since what has started it has ended"
                );
                signal_all(pid, manner.signal);
                self.orphans.asked.insert(pid, Some(now + ORPHAN_PATIENCE));
            }
        }
    }

    /// Ends all that is left when no program runs any more, also what has cleared its environment.
    pub(super) async fn end_orphans(&mut self) {
        let begin = Instant::now();
        loop {
            // Those that have ended are looked at no more.
            while let Ok(Some(_)) = reap() {}
            let orphans = self.orphans();
            if orphans.is_empty() || begin.elapsed() > ORPHANS_END_MAX {
                return;
            }
            for pid in orphans {
                if begin.elapsed() > ORPHAN_PATIENCE {
                    signal_all(pid, Signal::KILL);
                } else if !self.orphans.asked.contains_key(&pid) {
                    let origin = origin_of(pid, self.spawner.mark());
                    let manner = self.orphans.manner(origin.as_ref().map_or("", |origin| &origin.program));
                    signal_all(pid, manner.signal);
                    self.orphans.asked.insert(pid, None);
                }
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

/// Sends a signal to a process, and to its group if it leads one. It may have ended since.
fn signal_all(pid: Pid, signal: Signal) {
    if kill_process_group(pid, signal).is_err() {
        let _ = kill_process(pid, signal);
    }
}

/// Where a process comes from, if it is one of this supervisor's.
fn origin_of(pid: Pid, mark: &str) -> Option<Origin> {
    let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).ok()?;
    let value = |name: &str| {
        let mut variables = environment.split(|byte| *byte == 0);
        variables
            .find_map(|variable| std::str::from_utf8(variable).ok()?.strip_prefix(name)?.strip_prefix('='))
    };
    let start = value(MARK)?.strip_prefix(mark)?.strip_prefix('.')?.parse().ok()?;
    Some(Origin { start, program: value("TRELLIS_PROGRAM").unwrap_or_default().to_owned() })
}
