//! Finding and killing what belongs to programs: by their sessions, since each process leads one of its own, and by a
//! variable that they all have in their environment, which finds those that began a session of their own.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process, kill_process_group};

use crate::limits::GUARDIAN_SWEEP_MAX;

/// How long to wait for what was killed before looking again.
const SWEEP_PAUSE: Duration = Duration::from_millis(5);

/// Kills until nothing is left, or for as long as that may take.
pub(super) fn sweep_all(sessions: &HashSet<Pid>, is_ours: impl Fn(&[u8]) -> bool) {
    let deadline = Instant::now() + GUARDIAN_SWEEP_MAX;
    for session in sessions {
        // Most are gone with this; what is not there needs nothing.
        let _ = kill_process_group(*session, Signal::KILL);
    }
    while sweep(sessions, &is_ours) > 0 && Instant::now() < deadline {
        std::thread::sleep(SWEEP_PAUSE);
    }
}

/// Kills all processes that belong to the sessions or have such a variable; returns how many there were.
pub(super) fn sweep(sessions: &HashSet<Pid>, is_ours: impl Fn(&[u8]) -> bool) -> usize {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let ours =
        pids.filter_map(Pid::from_raw).filter(|pid| *pid != getpid() && belongs(*pid, sessions, &is_ours));
    let mut count = 0;
    for pid in ours {
        // One that has ended since needs nothing.
        let _ = kill_process(pid, Signal::KILL);
        count += 1;
    }
    count
}

fn belongs(pid: Pid, sessions: &HashSet<Pid>, is_ours: impl Fn(&[u8]) -> bool) -> bool {
    let folder = format!("/proc/{}", pid.as_raw_nonzero());
    let Ok(stat) = fs::read_to_string(format!("{folder}/stat")) else { return false };
    // Behind the name, which may contain anything: state, parent, group, session.
    let mut fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_ascii_whitespace();
    if matches!(fields.next(), Some("Z" | "X") | None) {
        return false;
    }
    let session = fields.nth(2).and_then(|session| session.parse().ok()).and_then(Pid::from_raw);
    let marked = || {
        let environment = fs::read(format!("{folder}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(&is_ours)
    };
    session.is_some_and(|session| sessions.contains(&session)) || marked()
}
