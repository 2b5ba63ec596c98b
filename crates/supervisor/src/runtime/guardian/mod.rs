//! A small process beside the supervisor that goes on when this one cannot: when the supervisor is gone, however that
//! happened, it kills whatever is left of the programs; and when the supervisor is stopped or starved for so long that
//! another machine may run a singleton soon, it kills that. It starts nothing and decides nothing else.
//!
//! This is the supervisor's side; the guardian's own life is in `life`, what both know of processes in `wards`.

mod life;
mod sweep;
mod wards;

use std::io::{self, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};
use trellis_unix::BootTime;
use trellis_unix::process::{Conditions, Status, start};

pub use self::life::Guard;
use self::wards::{Message, Wards};
use super::Supervisor;
use crate::limits::{GUARDIAN_PAUSE, GUARDIAN_UNSENT_BYTES_MAX};

/// The variable by which all processes of a supervisor are known: its own mark, a dot, and the number of the start.
pub(super) const MARK: &str = "TRELLIS_SUPERVISOR";

/// The supervisor's side.
#[derive(Debug)]
pub(super) struct Guardian {
    mark: String,
    json: bool,
    /// What a guardian has to know.
    wards: Wards,
    /// `None` if it is gone.
    process: Option<Process>,
    /// When the last was started.
    begun: Instant,
}

#[derive(Debug)]
struct Process {
    pid: Pid,
    pipe: PipeWriter,
    /// What the pipe had no room for.
    unsent: Vec<u8>,
}

impl Guardian {
    /// Begins one. Its messages are JSON or text.
    pub(super) fn start(mark: &str, json: bool) -> io::Result<Guardian> {
        let process = Some(Process::start(mark, json)?);
        Ok(Guardian { mark: mark.to_owned(), json, wards: Wards::default(), process, begun: Instant::now() })
    }

    /// The guardian's process, if it is not gone.
    pub(super) fn pid(&self) -> Option<Pid> {
        self.process.as_ref().map(|process| process.pid)
    }

    /// When to start another one, if it is gone.
    pub(super) fn due(&self) -> Option<Instant> {
        self.process.is_none().then(|| self.begun + GUARDIAN_PAUSE)
    }

    /// Starts another one in the place of one that is gone.
    fn start_again(&mut self) -> io::Result<()> {
        self.begun = Instant::now();
        let process = self.process.insert(Process::start(&self.mark, self.json)?);
        self.wards.messages().for_each(|message| process.send(message));
        Ok(())
    }

    /// Tells it of the start with this number: until when its process may live, if not for ever. The first word of a
    /// start comes before the process is there.
    pub(super) fn lease(&mut self, start: u64, until: Option<BootTime>) {
        self.tell(Message::Lease(start, until.map(BootTime::since_boot)));
    }

    /// Tells it of a process that has been started.
    pub(super) fn watch(&mut self, start: u64, pid: Pid) {
        self.tell(Message::Runs(start, pid));
    }

    /// Tells it of a process that is not there after all, or whose whole group is gone.
    pub(super) fn forget(&mut self, start: u64) {
        self.tell(Message::Gone(start));
    }

    fn tell(&mut self, message: Message) {
        self.wards.take(message);
        if let Some(process) = &mut self.process {
            process.send(message);
        }
    }
}

impl Process {
    fn start(mark: &str, json: bool) -> io::Result<Process> {
        let (reader, pipe) = io::pipe()?;
        // This very program, also if its file was replaced meanwhile.
        let mut command = Command::new("/proc/self/exe");
        command.arg0(life::NAME).arg(mark).arg(getpid().to_string()).arg(json.to_string());
        command.stdin(Stdio::from(reader)).stdout(Stdio::null());
        let child = start(&mut command, Conditions { own_session: true, ..Conditions::default() })?;
        rustix::io::ioctl_fionbio(&pipe, true)?;
        Ok(Process { pid: Pid::from_child(&child), pipe, unsent: Vec::new() })
    }

    fn send(&mut self, message: Message) {
        message.encode(&mut self.unsent);
        while !self.unsent.is_empty() {
            match self.pipe.write(&self.unsent) {
                Ok(bytes) => drop(self.unsent.drain(..bytes)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It is told with the next message: it has 64 KiB to read before.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // It is gone, which its end tells elsewhere.
                Err(_) => self.unsent.clear(),
            }
        }
        if self.unsent.len() > GUARDIAN_UNSENT_BYTES_MAX {
            // One that is stopped guards nobody; another one follows when its end is seen.
            let _ = kill_process(self.pid, Signal::KILL);
            self.unsent = Vec::new();
        }
    }
}

impl Supervisor {
    /// The guardian has ended, and this program has not.
    pub(super) fn guardian_ended(&mut self, status: Status) {
        tracing::warn!(%status, "the guardian is gone; another one takes its place");
        self.guardian.process = None;
    }

    /// Kills the guardian if somebody has stopped it, since it guards nobody; another one follows when its end is seen.
    pub(super) fn end_stopped_guardian(&self) {
        let Some(pid) = self.guardian.pid() else { return };
        // Its end is not taken by this.
        let stops = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        if matches!(waitid(WaitId::Pid(pid), stops), Ok(Some(_))) {
            tracing::warn!("the guardian was stopped, and is killed for it");
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// Starts another guardian if there is none. As long as that fails, what programs leave behind may outlive this
    /// supervisor.
    pub(super) fn keep_guardian(&mut self) {
        if self.guardian.due().is_some_and(|due| due <= Instant::now()) {
            match self.guardian.start_again() {
                Ok(()) => tracing::info!("there is a guardian again"),
                Err(error) => tracing::error!("the guardian cannot be started again: {error}"),
            }
        }
    }
}
