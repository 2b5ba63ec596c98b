//! The guardian's own process, from its first to its last moment.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, getppid, kill_process_group, pidfd_open};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use trellis_unix::signals::Signals;
use trellis_unix::{BootTime, wait_readable};

use super::MARK;
use super::sweep::{sweep, sweep_all};
use super::wards::Wards;

/// What the guardian is called, by which it knows what it is.
pub(super) const NAME: &str = "trellis-guardian";

/// The signals that people send to whole groups; they are not meant for the guardian.
const NOT_MEANT: [Signal; 6] =
    [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP, Signal::USR1, Signal::USR2];

/// The life of a guardian, which a supervisor starts as another process of the same program. So a program that has
/// supervisors looks first of all, in `main`, whether it is one:
///
/// ```no_run
/// use trellis_supervisor::runtime::Guard;
///
/// if let Some(guard) = Guard::asked(std::env::args_os()) {
///     guard.run(|| Ok(()))?;
///     return Ok(());
/// }
/// // Whatever the program does otherwise.
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Guard {
    mark: String,
    supervisor: Pid,
    json: bool,
}

impl Guard {
    /// The life that is demanded by the arguments of this process, if it is one.
    pub fn asked(arguments: impl IntoIterator<Item = OsString>) -> Option<Guard> {
        let mut arguments = arguments.into_iter();
        arguments.next().filter(|name| name == NAME)?;
        let mut next = || arguments.next()?.into_string().ok();
        let (mark, supervisor, json) = (next()?, next()?, next()?);
        Some(Guard { mark, supervisor: Pid::from_raw(supervisor.parse().ok()?)?, json: json == "true" })
    }

    /// Whether the supervisor's messages are JSON. The guardian has some, too, by `tracing`.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Guards, until the supervisor is gone and everything that it has left behind is killed. `threads` is called first;
    /// threads that were there before would get signals that are not meant for the guardian.
    ///
    /// # Errors
    ///
    /// The system refuses what is needed for it.
    pub fn run(self, threads: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        // So that what ends all programs of the supervisor's name leaves it.
        rustix::thread::set_name(c"guardian")?;
        let signals = Signals::open(&NOT_MEANT)?;
        threads()?;
        let wards = self.listen()?;
        drop(signals);
        let sessions: HashSet<Pid> = wards.sessions().collect();
        let mark = format!("{MARK}={}.", self.mark);
        sweep_all(&sessions, |variable| variable.starts_with(mark.as_bytes()));
        Ok(())
    }

    /// Takes messages until the supervisor is gone, and kills what has no right to live any longer.
    fn listen(&self) -> io::Result<Wards> {
        let mut wards = Wards::default();
        let mut pipe = std::fs::File::from(rustix::stdio::stdin().try_clone_to_owned()?);
        // A child between its fork and its program holds the pipe, too, so the pipe's end is not enough to go by.
        let Some(supervisor) = self.supervisor()? else {
            receive_all(&mut pipe, &mut wards)?;
            return Ok(wards);
        };
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        // It runs while the machine is suspended: what is overdue then is killed before anything else goes on.
        let alarm = timerfd_create(TimerfdClockId::Boottime, flags)?;
        let mut buffer = [0; 4096];
        loop {
            set(&alarm, &wards)?;
            let ready = wait_readable(&[pipe.as_fd(), supervisor.as_fd(), alarm.as_fd()], None)?;
            match ready[..] {
                // Whoever is overdue may have got more time by these.
                [true, ..] => match pipe.read(&mut buffer)? {
                    0 => return Ok(wards),
                    count => wards.receive(&buffer[..count]),
                },
                [_, true, ..] => return Ok(wards),
                _ => self.fence(&mut wards),
            }
        }
    }

    /// The supervisor, which was the parent of this process; nothing if it is gone already.
    fn supervisor(&self) -> io::Result<Option<OwnedFd>> {
        match pidfd_open(self.supervisor, PidfdFlags::empty()) {
            // As long as this is so, the pid has not come to mean another process.
            Ok(handle) if getppid() == Some(self.supervisor) => Ok(Some(handle)),
            Ok(_) | Err(Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Kills what is overdue.
    fn fence(&self, wards: &mut Wards) {
        let overdue = wards.overdue(BootTime::now().since_boot());
        for (_, pid, _) in &overdue {
            // Most are gone with this.
            let _ = pid.map(|pid| kill_process_group(pid, Signal::KILL));
        }
        for (start, pid, is_first) in overdue {
            let mark = format!("{MARK}={}.{start}", self.mark);
            let found = sweep(&pid.into_iter().collect(), |variable| variable == mark.as_bytes());
            if let Some(pid) = pid
                && is_first
            {
                tracing::warn!(
                    pid = pid.as_raw_nonzero(),
                    "killed by the guardian, since nothing says any more that no other machine runs it: the supervisor is \
                     stopped or too slow, or no server answers it"
                );
            }
            wards.killed(start, found, BootTime::now().since_boot());
        }
    }
}

/// Takes what has come before the other side was gone.
fn receive_all(pipe: &mut impl Read, wards: &mut Wards) -> io::Result<()> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes)?;
    wards.receive(&bytes);
    Ok(())
}

/// Has the alarm go off when something is to be killed.
fn set(alarm: &OwnedFd, wards: &Wards) -> io::Result<()> {
    // Zero would be no alarm at all, and what is farther away than the system's clock can say comes never.
    let at = wards.due().map(|at| at.max(std::time::Duration::from_nanos(1)));
    let none = Timespec { tv_sec: 0, tv_nsec: 0 };
    let at = at.and_then(|at| Timespec::try_from(at).ok()).unwrap_or(none);
    timerfd_settime(alarm, TimerfdTimerFlags::ABSTIME, &Itimerspec { it_value: at, it_interval: none })?;
    Ok(())
}
