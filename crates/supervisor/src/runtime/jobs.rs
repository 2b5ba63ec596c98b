//! Carrying out what a program's dispatcher demands of processes: one for a job, and the moves and ends of those that live on.
//! Which, is decided elsewhere.

use std::io::{self, PipeReader, Write};
use std::sync::Arc;

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Sender;
use trellis_unix::Pid;
use trellis_unix::process::Status;

use super::places::JobProcess;
use super::spawn::Extra;
use super::tube::{Demand, Worker};
use super::tubes::Tubes;
use super::{Owner, Supervisor, orders};
use crate::JobId;
use crate::config::Mode;
use crate::dispatch::{Event as TubeEvent, Exit, WorkerId};
use crate::fleet::Name;
use crate::process::{Event as ProcessEvent, State};

impl Supervisor {
    /// Does what a tube of this mode demands.
    pub(super) fn meet(&mut self, program: &str, mode: Mode, demands: Vec<Demand>) {
        let mut place_is_free = false;
        for demand in demands {
            match demand {
                Demand::Run(worker, job, body) => {
                    let name = Name::new(program, worker.0);
                    if let Err(error) = self.run_job(&name, job, body) {
                        tracing::error!(process = %name, %job, "cannot be started, so no jobs are taken for a while: {error}");
                        if let Some(entry) = self.tubes.entries.get_mut(program) {
                            entry.counts.not_started(&error);
                        }
                        self.tube(program, mode, TubeEvent::NotStarted, worker);
                    }
                }
                Demand::Retired(worker, socket) => match mode {
                    Mode::Exec => place_is_free = true,
                    Mode::Stream => self.retired(&Name::new(program, worker.0), socket),
                },
                Demand::Closed(worker) => {
                    let name = Name::new(program, worker.0);
                    self.fleet.on(self.now(), &name, ProcessEvent::Closed);
                }
                Demand::Kill(worker, reason) => {
                    let name = Name::new(program, worker.0);
                    tracing::warn!(process = %name, "killed: {reason}");
                    match mode {
                        Mode::Exec => {
                            let process = self.job_processes.get(&name);
                            process
                                .into_iter()
                                .for_each(|process| orders::signal_group(process.pid, Signal::KILL));
                        }
                        Mode::Stream => {
                            self.records.entry(name.clone()).or_default().is_killed = true;
                            self.signal(&name, Signal::KILL);
                        }
                    }
                }
            }
        }
        if place_is_free {
            self.keep_places(program);
        }
        self.close_finished_tubes(program);
        self.tell_ends(program);
    }

    /// A process that lives on for jobs has ended. That is told when all that it has said before is heard.
    pub(super) fn worker_ended(&mut self, name: Name, success: bool) {
        let entry = self.tubes.entries.get_mut(&*name.program);
        let tube = entry.and_then(|entry| entry.tube_with(Mode::Stream, WorkerId(name.index)));
        if let Some(tube) = tube {
            tube.process_ended(WorkerId(name.index));
        }
        let program = name.program.clone();
        self.tubes.ends.insert(name, success);
        self.tell_ends(&program);
    }

    /// Tells of the ends of this program's processes that are no worker of a tube any more.
    fn tell_ends(&mut self, program: &str) {
        let Tubes { entries, ends, .. } = &mut self.tubes;
        let is_worker =
            |index| entries.get(program).is_some_and(|entry| entry.has_worker(Mode::Stream, WorkerId(index)));
        let is_told = |name: &Name| *name.program == *program && !is_worker(name.index);
        let told: Vec<(Name, bool)> = ends.extract_if(.., |name, _| is_told(name)).collect();
        // The guardian may have killed it, or somebody else did just then.
        let is_forbidden = self.cluster.is_forbidden(program);
        for (name, success) in told {
            let event = if is_forbidden { ProcessEvent::Forbidden } else { ProcessEvent::Exited { success } };
            self.fleet.on(self.now(), &name, event);
        }
    }

    /// A process that lives on has no jobs and gets none from where it had them: it is to end, or to get others.
    fn retired(&mut self, name: &Name, socket: Option<Worker>) {
        let Some(member) = self.fleet.member(name) else { return };
        let leaves = matches!(member.state(), State::Stopping | State::Restarting | State::Failing);
        match socket {
            Some(socket) if !leaves => {
                self.tube_join(&name.program, Mode::Stream, WorkerId(name.index), Some(socket));
            }
            _ => self.dismiss(name),
        }
    }

    /// Asks a process to end that gets no jobs. In mode `exec`, nothing runs without a job.
    pub(super) fn dismiss(&self, name: &Name) {
        if let Some(stop) = self.fleet.member(name).map(|member| member.program().stop) {
            self.signal(name, orders::number(stop.signal));
        }
    }

    /// The process of one job has ended.
    pub(super) fn job_ended(&mut self, name: &Name, pid: Pid, status: Status) {
        if self.job_processes.get(name).is_some_and(|process| process.pid == pid) {
            self.job_processes.remove(name);
        }
        let worker = WorkerId(name.index);
        let Some(entry) = self.tubes.entries.get_mut(&*name.program) else { return };
        entry.counts.ended(status);
        if entry.has_worker(Mode::Exec, worker) {
            let exit = status.code().map_or(Exit::Signal, Exit::Status);
            self.tube(&name.program, Mode::Exec, |worker| TubeEvent::Exited(worker, exit), worker);
        } else {
            // It was killed, and only now its place is free.
            self.keep_places(&name.program);
        }
    }

    fn run_job(&mut self, name: &Name, job: JobId, body: Vec<u8>) -> io::Result<()> {
        let Some(entry) = self.tubes.entries.get(&*name.program) else { return Ok(()) };
        let program = Arc::clone(&entry.program);
        let variables = vec![("TRELLIS_JOB", job.to_string())];
        let extra = Extra { variables, input: Some(input(body)?.into()), ..Extra::default() };
        let started = self.start_process(name, &program, extra)?;
        self.owners.insert(started.pid, Owner::Job(name.clone()));
        let process = JobProcess { pid: started.pid, since: self.now(), job };
        self.job_processes.insert(name.clone(), process);
        tracing::debug!(process = %name, %job, pid = started.pid.as_raw_nonzero(), "started");
        if let Err(error) = self.logs.capture(name, started.pid, started.output, &program) {
            tracing::error!(process = %name, %error, "its output cannot be read");
        }
        Ok(())
    }
}

/// A pipe with a job's body in it. What it has no room for follows as it is read.
fn input(body: Vec<u8>) -> io::Result<PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    rustix::io::ioctl_fionbio(&writer, true)?;
    let mut written = 0;
    while written < body.len() {
        match writer.write(&body[written..]) {
            Ok(bytes) => written += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut writer = Sender::from_owned_fd(writer.into())?;
                tokio::spawn(async move {
                    // A process that has not read it all may be right.
                    let _ = writer.write_all(&body[written..]).await;
                });
                return Ok(reader);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(reader)
}
