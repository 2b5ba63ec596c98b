//! The programs with a tube: which there are, and how their processes are started and ended for the dispatcher. What
//! becomes of a job is the dispatcher's business.

use std::io::{self, PipeReader, Write};
use std::sync::Arc;

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Sender;
use trellis_tube_client::Address;
use trellis_unix::Pid;
use trellis_unix::process::Status;

use super::places::{Counts, JobProcess};
use super::spawn::Extra;
use super::tube::{Demand, Tube};
use super::{Event, Owner, Supervisor, orders};
use crate::JobId;
use crate::config::{Config, Jobs, Mode, Program, Work};
use crate::dispatch::{Event as TubeEvent, Exit, WorkerId};
use crate::fleet::Name;
use crate::limits::FLUSH_MAX;

/// A program with a tube.
pub(super) struct Entry {
    program: Arc<Program>,
    /// In mode `exec`: how many processes may run at a time.
    pub(super) places: u32,
    /// In mode `exec`: what became of jobs.
    pub(super) counts: Counts,
    tube: Tube,
}

impl Supervisor {
    /// Takes what the file says now. What works on a job may finish it.
    pub(super) fn apply_tubes(&mut self, config: &Config) {
        let now = self.now();
        let servers = servers(config);
        let gone = |name: &String| config.program(name).is_none_or(|program| jobs(program).is_none());
        let gone: Vec<String> = self.tubes.keys().filter(|name| gone(name)).cloned().collect();
        for name in gone {
            self.tube(&name, TubeEvent::Stop);
            if let Some(entry) = self.tubes.get_mut(&name) {
                entry.places = 0;
            }
        }
        for program in &config.programs {
            let Some(settings) = jobs(program) else { continue };
            if !self.tubes.contains_key(&program.name) {
                let (sender, name) = (self.sender.clone(), program.name.clone());
                // The loop is there as long as its lanes.
                let tell = move |happening| drop(sender.send(Event::Tube(name.clone(), happening)));
                let tube = Tube::new(settings, program.stop.timeout, servers.clone(), tell);
                let entry =
                    Entry { program: Arc::new(program.clone()), places: 0, counts: Counts::default(), tube };
                self.tubes.insert(program.name.clone(), entry);
            }
            let Some(entry) = self.tubes.get_mut(&program.name) else { continue };
            entry.tube.change(settings, program.stop.timeout);
            entry.program = Arc::new(program.clone());
            let places = if settings.mode == Mode::Exec { program.processes.max } else { 0 };
            let before = std::mem::replace(&mut entry.places, places);
            for place in before..places {
                self.tube(&program.name, TubeEvent::Joined(WorkerId(place)));
            }
            for place in places..before {
                self.tube(&program.name, TubeEvent::Retire(WorkerId(place)));
            }
        }
        self.tubes_time(now);
    }

    /// No more jobs; those that are worked on may be finished.
    pub(super) fn end_tubes(&mut self) {
        let names: Vec<String> = self.tubes.keys().cloned().collect();
        names.iter().for_each(|name| self.tube(name, TubeEvent::Stop));
    }

    /// Whether no job is in hand.
    pub(super) fn tubes_are_finished(&self) -> bool {
        self.tubes.values().all(|entry| entry.tube.is_finished())
    }

    /// Waits until the servers know what became of the last jobs.
    pub(super) async fn flush_tubes(&mut self) {
        let lanes = self.tubes.drain().flat_map(|(_, entry)| entry.tube.into_lanes());
        let lanes: Vec<_> = lanes.collect();
        let flush = async {
            for lane in lanes {
                // It ends by itself.
                let _ = lane.await;
            }
        };
        if tokio::time::timeout(FLUSH_MAX, flush).await.is_err() {
            tracing::warn!("a server does not answer: some jobs that were done may be done again");
        }
    }

    /// Time has passed.
    pub(super) fn tubes_time(&mut self, now: crate::Moment) {
        let due = |entry: &Entry| entry.tube.due().is_some_and(|due| due <= now);
        let names = self.tubes.iter().filter(|(_, entry)| due(entry)).map(|(name, _)| name.clone());
        for name in names.collect::<Vec<String>>() {
            self.tube(&name, TubeEvent::Time);
        }
    }

    /// When that matters.
    pub(super) fn tubes_due(&self) -> Option<crate::Moment> {
        self.tubes.values().filter_map(|entry| entry.tube.due()).min()
    }

    /// Something has happened to a program's jobs or workers.
    pub(super) fn tube(&mut self, program: &str, event: TubeEvent) {
        let now = self.now();
        let Some(entry) = self.tubes.get_mut(program) else { return };
        let demands = entry.tube.on(now, event);
        self.meet(program, demands);
    }

    /// A lane or a worker has told something.
    pub(super) fn tube_happened(&mut self, program: &str, happening: super::tube::Happening) {
        let now = self.now();
        let Some(entry) = self.tubes.get_mut(program) else { return };
        let demands = entry.tube.happened(now, happening);
        self.meet(program, demands);
    }

    /// A process that gets its jobs in frames is there.
    pub(super) fn tube_joined(&mut self, name: &Name, worker: super::tube::Worker) {
        let now = self.now();
        let Some(entry) = self.tubes.get_mut(&*name.program) else { return };
        let demands = entry.tube.join(now, WorkerId(name.index), worker);
        self.meet(&name.program, demands);
    }

    /// The process of one job has ended.
    pub(super) fn job_ended(&mut self, name: &Name, status: Status) {
        if let Some(entry) = self.tubes.get_mut(&*name.program) {
            entry.counts.ended(status);
        }
        let exit = status.code().map_or(Exit::Signal, Exit::Status);
        self.tube(&name.program, TubeEvent::Exited(WorkerId(name.index), exit));
    }

    fn meet(&mut self, program: &str, demands: Vec<Demand>) {
        for demand in demands {
            match demand {
                Demand::Run(worker, job, body) => {
                    let name = Name::new(program, worker.0);
                    if let Err(error) = self.run_job(&name, job, body) {
                        tracing::error!(process = %name, %job, "cannot be started: {error}");
                        self.tube(program, TubeEvent::NotStarted(worker));
                    }
                }
                Demand::End(worker) => {
                    // In mode exec, nothing runs without a job.
                    let name = Name::new(program, worker.0);
                    if let Some(stop) = self.fleet.member(&name).map(|member| member.program().stop) {
                        self.signal(&name, orders::number(stop.signal));
                    }
                }
                Demand::Kill(worker, reason) => {
                    let name = Name::new(program, worker.0);
                    tracing::warn!(process = %name, ?reason, "killed");
                    let pid = self.job_processes.get(&name).map(|process| process.pid);
                    match pid {
                        Some(pid) => orders::signal_group(pid, Signal::KILL),
                        None => self.signal(&name, Signal::KILL),
                    }
                }
            }
        }
    }

    fn run_job(&mut self, name: &Name, job: JobId, body: Vec<u8>) -> io::Result<()> {
        let Some(entry) = self.tubes.get(&*name.program) else { return Ok(()) };
        let program = Arc::clone(&entry.program);
        let variables = vec![("TRELLIS_JOB", job.to_string())];
        let extra = Extra { variables, input: Some(input(body)?.into()), ..Extra::default() };
        let started = self.spawner.start(name, &program, extra)?;
        self.guardian.watch(started.pid);
        self.owners.insert(started.pid, Owner::Job(name.clone()));
        let process = JobProcess { pid: started.pid, since: self.now(), job };
        self.job_processes.insert(name.clone(), process);
        tracing::debug!(process = %name, %job, pid = started.pid.as_raw_nonzero(), "started");
        self.logs.capture(name, started.pid, started.output, &program)
    }
}

/// Whether a program's processes get their jobs in frames.
pub(super) fn is_stream(program: &Program) -> bool {
    jobs(program).is_some_and(|jobs| jobs.mode == Mode::Stream)
}

/// The servers that jobs come from.
pub(super) fn servers(config: &Config) -> Vec<Address> {
    config.server.beanstalk.iter().filter_map(|address| address.parse().ok()).collect()
}

/// The jobs that a program is for.
pub(super) fn jobs(program: &Program) -> Option<&Jobs> {
    match &program.work {
        Work::Jobs(jobs) => Some(jobs),
        Work::Service { .. } | Work::Timetable(_) => None,
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

/// Whose process a pid is, forgotten with its end.
pub(super) fn forget(supervisor: &mut Supervisor, name: &Name, pid: Pid) {
    if supervisor.job_processes.get(name).is_some_and(|process| process.pid == pid) {
        supervisor.job_processes.remove(name);
    }
}
