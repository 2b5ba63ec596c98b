//! Carrying out what the fleet orders: starting processes and signalling them. When, is the fleet's business.

use std::io;

use rustix::process::{Signal as Number, kill_process, kill_process_group};
use trellis_unix::Pid;

use super::spawn::Extra;
use super::tube::{Happening, Worker};
use super::{Event, Owner, Supervisor, notify, tubes};
use crate::config::{Mode, Program, ReadyWhen, Signal};
use crate::dispatch::{Event as TubeEvent, WorkerId};
use crate::fleet::{Member, Name, Order};
use crate::limits::STARTS_AT_ONCE_MAX;
use crate::process::{Event as ProcessEvent, State};

impl Supervisor {
    /// Carries out orders; returns whether there may be more. After some starts, others have their turn.
    pub(super) fn carry_out_some(&mut self) -> bool {
        let mut starts = 0;
        while starts < STARTS_AT_ONCE_MAX {
            let now = self.now();
            let Some(order) = self.fleet.next(now) else { return false };
            match order {
                Order::Spawn { name, program } => {
                    starts += 1;
                    let event = match self.spawn(&name, &program) {
                        Ok(()) => ProcessEvent::Spawned,
                        Err(error) => {
                            tracing::error!(process = %name, "cannot be started: {error}");
                            let record = self.records.entry(name.clone()).or_default();
                            record.last_end = Some(format!("not started: {error}"));
                            if self.cluster.is_forbidden(&program.name) {
                                ProcessEvent::Forbidden
                            } else {
                                ProcessEvent::NotSpawned
                            }
                        }
                    };
                    self.fleet.on(now, &name, event);
                }
                // One that gets jobs may finish the one that it has.
                Order::Signal { name, .. } if self.is_worker(&name) => {
                    let state = self.fleet.member(&name).map(Member::state);
                    let returns = matches!(state, Some(State::Restarting | State::Failing));
                    let event = if returns { TubeEvent::Replace } else { TubeEvent::Retire };
                    self.tube(&name.program, Mode::Stream, event, WorkerId(name.index));
                }
                Order::Signal { name, signal } => self.signal(&name, number(signal)),
                // One that gets jobs has the same time by its dispatcher, which gives back what it has in hand.
                Order::Kill { name } if self.is_worker(&name) => {}
                Order::Kill { name } if self.records.get(&name).is_some_and(|record| record.is_killed) => {}
                Order::Kill { name } => {
                    tracing::warn!(process = %name, "killed, since it took too long");
                    self.signal(&name, Number::KILL);
                }
                Order::GaveUp { name } => {
                    tracing::error!(process = %name, "failed too often, and is tried no more");
                }
                Order::Forget { .. } => {}
            }
        }
        true
    }

    fn spawn(&mut self, name: &Name, program: &Program) -> io::Result<()> {
        let mut extra = Extra::default();
        let mut notifications = None;
        let start = self.records.get(name).map_or(0, |record| record.starts) + 1;
        if program.ready.when == ReadyWhen::Notified {
            let (sender, told) = (self.sender.clone(), name.clone());
            // The loop is there as long as its sockets.
            let tell = move |notice| drop(sender.send(Event::Notice(told.clone(), start, notice)));
            let (variable, socket) = notify::listen(fastrand::u128(..), tell)?;
            extra.variables.push(("NOTIFY_SOCKET", variable));
            notifications = Some(socket);
        }
        let mut worker = None;
        if tubes::is_stream(program) {
            let (sender, told, id) = (self.sender.clone(), program.name.clone(), WorkerId(name.index));
            let tell = move |said| {
                // The loop is there as long as its sockets.
                let _ = sender.send(Event::Tube(told.clone(), Happening::Worker(id, start, said)));
            };
            let (ours, theirs) = Worker::new(start, tell)?;
            extra.descriptors.push(theirs);
            worker = Some(ours);
        }
        self.pass_sockets(program, &mut extra)?;
        let started = self.start_process(name, program, extra)?;
        self.owners.insert(started.pid, Owner::Member(name.clone()));
        let now = self.now();
        let record = self.records.entry(name.clone()).or_default();
        record.pid = Some(started.pid);
        record.since = now;
        record.starts = start;
        record.is_killed = false;
        record.notifications = notifications;
        tracing::info!(process = %name, pid = started.pid.as_raw_nonzero(), "started");
        if let Err(error) = self.logs.capture(name, started.pid, started.output, program) {
            tracing::error!(process = %name, %error, "its output cannot be read");
        }
        if let Some(worker) = worker {
            self.tube_join(&name.program, Mode::Stream, WorkerId(name.index), Some(worker));
        }
        Ok(())
    }

    /// Whether it gets its jobs in frames, and still can.
    fn is_worker(&self, name: &Name) -> bool {
        let entry = self.tubes.entries.get(&*name.program);
        entry.is_some_and(|entry| entry.has_worker(Mode::Stream, WorkerId(name.index)))
    }

    /// Sends a signal to a process and all that it has started.
    pub(super) fn signal(&self, name: &Name, signal: Number) {
        if let Some(pid) = self.records.get(name).and_then(|record| record.pid) {
            signal_group(pid, signal);
        }
    }

    /// Sends a signal to all processes, but not to what these have started.
    pub(super) fn pass_on(&self, signal: Number) {
        for pid in self.owners.keys() {
            signal_leader(*pid, signal);
        }
    }
}

/// A process that has ended gets nothing; until it was waited for, nobody else has its number.
pub(super) fn signal_group(pid: Pid, signal: Number) {
    let _ = kill_process_group(pid, signal);
}

/// The same for one process alone.
pub(super) fn signal_leader(pid: Pid, signal: Number) {
    let _ = kill_process(pid, signal);
}

/// The system's number of a signal.
pub(super) fn number(signal: Signal) -> Number {
    match signal {
        Signal::Term => Number::TERM,
        Signal::Int => Number::INT,
        Signal::Quit => Number::QUIT,
        Signal::Hup => Number::HUP,
        Signal::Usr1 => Number::USR1,
        Signal::Usr2 => Number::USR2,
        Signal::Winch => Number::WINCH,
        Signal::Kill => Number::KILL,
    }
}
