//! A small process beside the supervisor that lives a moment longer: when the supervisor is gone, however that happened,
//! it kills whatever is left of the programs. It starts nothing and decides nothing else.
//!
//! It finds them in two ways: by their sessions, since each process leads one of its own and the guardian is told of it,
//! and by a variable that they all have in their environment, which finds those that began a session of their own.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, kill_process, kill_process_group, pidfd_open, setsid,
};
use rustix::stdio::{dup2_stdin, dup2_stdout};
use trellis_unix::process::{Child, Fork, ForkError, fork};
use trellis_unix::signals::Signals;
use trellis_unix::wait_readable;

use crate::limits::GUARDIAN_SWEEP_MAX;

/// The variable by which all processes of a supervisor are known: its own mark, a dot, and the number of the start.
pub(super) const MARK: &str = "TRELLIS_SUPERVISOR";

/// The signals that people send to whole groups; they are not meant for the guardian.
const NOT_MEANT: [Signal; 6] =
    [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP, Signal::USR1, Signal::USR2];

/// How long to wait for what was killed before looking again.
const SWEEP_PAUSE: Duration = Duration::from_millis(5);

/// Bytes of one message: a sign and a pid.
const MESSAGE_BYTES: usize = 5;

/// The supervisor's side.
#[derive(Debug)]
pub(super) struct Guardian {
    pipe: PipeWriter,
    /// What the pipe had no room for.
    unsent: Vec<u8>,
    child: Child,
}

impl Guardian {
    /// Begins one. The process must have no other threads yet.
    pub(super) fn start(mark: &str) -> Result<Guardian, ForkError> {
        let (reader, writer) = io::pipe()?;
        let supervisor = getpid();
        match fork()? {
            Fork::Child => {
                drop(writer);
                let code = guard(reader, supervisor, mark).map_or(1, |()| 0);
                std::process::exit(code)
            }
            Fork::Parent(child) => {
                rustix::io::ioctl_fionbio(&writer, true).map_err(io::Error::from)?;
                Ok(Guardian { pipe: writer, unsent: Vec::new(), child })
            }
        }
    }

    /// The guardian's process.
    pub(super) fn pid(&self) -> Pid {
        self.child.pid()
    }

    /// Tells it of a process that has been started.
    pub(super) fn watch(&mut self, pid: Pid) {
        self.send(b'+', pid);
    }

    /// Tells it of a process whose whole group is gone.
    pub(super) fn forget(&mut self, pid: Pid) {
        self.send(b'-', pid);
    }

    fn send(&mut self, sign: u8, pid: Pid) {
        self.unsent.push(sign);
        self.unsent.extend_from_slice(&pid.as_raw_nonzero().get().to_be_bytes());
        while !self.unsent.is_empty() {
            match self.pipe.write(&self.unsent) {
                Ok(bytes) => drop(self.unsent.drain(..bytes)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It is told with the next message: it has 64 KiB to read before.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // It is gone, which its end tells elsewhere.
                Err(_) => return self.unsent.clear(),
            }
        }
    }
}

/// The guardian's life.
fn guard(mut pipe: PipeReader, supervisor: Pid, mark: &str) -> io::Result<()> {
    setsid()?;
    // So that what ends all programs of the supervisor's name leaves it.
    rustix::thread::set_name(c"guardian")?;
    let signals = Signals::open(&NOT_MEANT)?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    let sessions = listen(&mut pipe, supervisor)?;
    drop(signals);
    sweep_all(&sessions, &format!("{MARK}={mark}."));
    Ok(())
}

/// Takes messages until the supervisor is gone; returns the sessions that are left.
fn listen(pipe: &mut PipeReader, supervisor: Pid) -> io::Result<HashSet<Pid>> {
    let mut sessions = HashSet::new();
    let mut bytes = Vec::new();
    // A child between its fork and its program holds the pipe, too, so the pipe's end is not enough to go by.
    let handle = match pidfd_open(supervisor, PidfdFlags::empty()) {
        Ok(handle) => Some(handle),
        Err(Errno::SRCH) => None,
        Err(error) => return Err(error.into()),
    };
    let mut buffer = [0; 4096];
    loop {
        let ready = match &handle {
            Some(handle) => wait_readable(&[pipe.as_fd(), handle.as_fd()], None)?,
            None => wait_readable(&[pipe.as_fd()], Some(Duration::ZERO))?,
        };
        if !ready[0] {
            return Ok(sessions);
        }
        match pipe.read(&mut buffer)? {
            0 => return Ok(sessions),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
        let whole = bytes.len() - bytes.len() % MESSAGE_BYTES;
        for message in bytes.drain(..whole).as_slice().chunks_exact(MESSAGE_BYTES) {
            let number = message[1..].try_into().map(i32::from_be_bytes);
            let Some(pid) = number.ok().and_then(Pid::from_raw) else { continue };
            match message[0] {
                b'+' => sessions.insert(pid),
                _ => sessions.remove(&pid),
            };
        }
    }
}

/// Kills until nothing is left, or for as long as that may take.
fn sweep_all(sessions: &HashSet<Pid>, variable: &str) {
    let deadline = Instant::now() + GUARDIAN_SWEEP_MAX;
    for session in sessions {
        // Most are gone with this; what is not there needs nothing.
        let _ = kill_process_group(*session, Signal::KILL);
    }
    while sweep(sessions, variable) > 0 && Instant::now() < deadline {
        std::thread::sleep(SWEEP_PAUSE);
    }
}

/// Kills all processes that belong to the sessions or have a variable that begins so; returns how many there were.
fn sweep(sessions: &HashSet<Pid>, variable: &str) -> usize {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let ours =
        pids.filter_map(Pid::from_raw).filter(|pid| *pid != getpid() && belongs(*pid, sessions, variable));
    let mut count = 0;
    for pid in ours {
        // One that has ended since needs nothing.
        let _ = kill_process(pid, Signal::KILL);
        count += 1;
    }
    count
}

fn belongs(pid: Pid, sessions: &HashSet<Pid>, variable: &str) -> bool {
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
        environment.split(|byte| *byte == 0).any(|one| one.starts_with(variable.as_bytes()))
    };
    session.is_some_and(|session| sessions.contains(&session)) || marked()
}
