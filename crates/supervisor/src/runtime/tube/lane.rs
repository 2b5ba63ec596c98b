//! One lane to the servers: it waits for a job when asked to, and then holds that job until it is told what becomes of it.
//! What that is, is decided elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use trellis_tube_client::codec::Request;
use trellis_tube_client::tokio::{Aside, Lane};
use trellis_tube_client::{Address, Answer, Error, Settings};

use crate::JobId;
use crate::dispatch::Statistics;
use crate::limits::RESERVE_PAUSE;

/// What a lane is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    /// Wait for a job.
    Ask,
    /// Don't wait any more.
    Cancel,
    /// Ask the server about the job.
    Inspect,
    /// Nothing more can be done about the job.
    Forget,
    /// Let the job's time begin anew.
    Touch,
    /// The job is done.
    Delete,
    /// Somebody else may have the job.
    Release {
        /// Its priority.
        priority: u32,
        /// In so many seconds.
        delay_seconds: u32,
    },
    /// Nobody may have it.
    Bury {
        /// Its priority.
        priority: u32,
    },
}

/// What a lane tells.
#[derive(Debug)]
pub(in crate::runtime) enum Told {
    /// A job has come, and the lane holds it.
    Reserved(JobId, Vec<u8>),
    /// No job has come, or nobody waits any more.
    NotReserved,
    /// A job came when nobody waited any more, and went back.
    TooLate(JobId),
    /// The connection that has reserved the job is gone.
    Disconnected,
    /// What the server says about the job.
    Inspected(Statistics),
    /// The server doesn't know the job as ours any more.
    Lost,
}

/// Starts a lane; it ends when nobody can tell it anything and its servers have answered. In `deleting` it counts the deletes
/// that they have not.
pub(super) fn start(
    servers: Vec<Address>,
    tube: &str,
    deleting: Arc<AtomicUsize>,
    tell: impl Fn(Told) + Send + Sync + 'static,
) -> Result<(UnboundedSender<Command>, JoinHandle<()>), Error> {
    let lane = Lane::new(servers, &[tube], &Settings::default())?;
    let (sender, commands) = unbounded_channel();
    let notes = Notes { job: None, deleting };
    let runner = Runner { lane, commands, notes, is_disconnected: false };
    let task = tokio::spawn(runner.run(tell));
    Ok((sender, task))
}

/// What a lane has to know when it notices something by the way.
struct Notes {
    /// The job that it holds.
    job: Option<JobId>,
    /// How many deletes are not answered.
    deleting: Arc<AtomicUsize>,
}

struct Runner {
    lane: Lane,
    commands: UnboundedReceiver<Command>,
    notes: Notes,
    /// Whether it was told that the job's connection is gone.
    is_disconnected: bool,
}

impl Runner {
    async fn run(mut self, tell: impl Fn(Told)) {
        while let Some(command) = self.next_command(&tell).await {
            match (command, self.notes.job) {
                (Command::Ask, _) => match self.reserve(&tell).await {
                    Ok(Some((server, job))) => {
                        let id = job_id(server, job.id);
                        self.notes.job = Some(id);
                        self.is_disconnected = false;
                        tell(Told::Reserved(id, job.body));
                    }
                    Ok(None) => tell(Told::NotReserved),
                    Err(error) => {
                        // That servers are silent is told once for all lanes.
                        if error.is_disconnect() {
                            tracing::debug!("no jobs can be had: {error}");
                        } else {
                            tracing::warn!("no jobs can be had: {error}");
                        }
                        tokio::time::sleep(RESERVE_PAUSE).await;
                        tell(Told::NotReserved);
                    }
                },
                // It has come too late: the job is there already, and that was told.
                (Command::Cancel, _) | (_, None) => {}
                (Command::Forget, Some(_)) => self.notes.job = None,
                (command, Some(job)) => self.about(command, job),
            }
        }
        self.lane.rest(None, |aside| self.notes.note(aside, &tell)).await;
    }

    /// The next command. It waits for nothing that a server has to say, since one that is silent may say it late or never, but
    /// what comes meanwhile is told. If there is a command at once, even that can wait.
    async fn next_command(&mut self, tell: &impl Fn(Told)) -> Option<Command> {
        tokio::task::yield_now().await;
        if let Ok(command) = self.commands.try_recv() {
            return Some(command);
        }
        loop {
            let held = self.notes.job.filter(|_| !self.is_disconnected);
            let watched = held.map(|job| (usize::from(job.server), job.id));
            tokio::select! {
                biased;
                command = self.commands.recv() => return command,
                () = self.lane.rest(watched, |aside| self.notes.note(aside, tell)) => {}
            }
            if held.is_none() {
                return self.commands.recv().await;
            }
            self.is_disconnected = true;
            if self.notes.job.is_some() {
                tell(Told::Disconnected);
            }
        }
    }

    /// Waits for a job, until it is told not to.
    async fn reserve(
        &mut self,
        tell: &impl Fn(Told),
    ) -> Result<Option<(usize, trellis_tube_client::Job)>, Error> {
        let commands = &mut self.commands;
        let cancelled = async {
            commands.recv().await;
        };
        match self.lane.next_until(cancelled, |aside| self.notes.note(aside, tell)).await {
            Err(Error::DeadlineSoon) => Ok(None),
            found => found,
        }
    }

    /// Tells the server what it was told. That travels with the next reserve, if that comes at once.
    fn about(&mut self, command: Command, JobId { server, id }: JobId) {
        let (request, is_last) = match command {
            Command::Ask | Command::Cancel | Command::Forget => return,
            Command::Inspect => (Request::StatsJob { id }, false),
            Command::Touch => (Request::Touch { id }, false),
            Command::Delete => (Request::Delete { id }, true),
            Command::Release { priority, delay_seconds: delay } => {
                (Request::Release { id, priority, delay }, true)
            }
            Command::Bury { priority } => (Request::Bury { id, priority }, true),
        };
        if matches!(command, Command::Delete) {
            self.notes.deleting.fetch_add(1, Ordering::Relaxed);
        }
        self.lane.request(server.into(), request);
        self.notes.job = self.notes.job.filter(|_| !is_last);
    }
}

impl Notes {
    /// Tells what the lane has noticed.
    fn note(&mut self, aside: Aside, tell: &impl Fn(Told)) {
        let (server, request, answer) = match aside {
            Aside::TooLate { server, id } => return tell(Told::TooLate(job_id(server, id))),
            Aside::Answered { server, request, answer } => (server, request, answer),
        };
        let is_held = |id| self.job == Some(job_id(server, id));
        match (request, answer) {
            (Request::Delete { .. }, answer) => {
                self.deleting.fetch_sub(1, Ordering::Relaxed);
                if let Err(error) = answer {
                    tracing::warn!(
                        "a job that was done could not be deleted, and may be done again: {error}"
                    );
                }
            }
            (Request::StatsJob { id }, Ok(Answer::Text(text))) if is_held(id) => {
                tell(Told::Inspected(statistics(&text)));
            }
            (Request::StatsJob { id } | Request::Touch { id }, Err(error)) if is_held(id) => {
                tell_lost(id, &error);
                self.job = None;
                tell(Told::Lost);
            }
            (Request::Release { id, .. } | Request::Bury { id, .. }, Err(error)) => tell_lost(id, &error),
            _ => {}
        }
    }
}

fn tell_lost(job: u64, error: &Error) {
    tracing::warn!(job, "the job is lost, and will be done again: {error}");
}

/// What a server has said about a job.
fn statistics(text: &[u8]) -> Statistics {
    let statistics = trellis_tube_client::Statistics::parse(text);
    let number = |key| statistics.number(key).unwrap_or(0);
    let small = |key| u32::try_from(number(key)).unwrap_or(u32::MAX);
    Statistics {
        time_to_run: Duration::from_secs(number("ttr")),
        time_left: Duration::from_secs(number("time-left")),
        priority: small("pri"),
        reserves: small("reserves"),
    }
}

fn job_id(server: usize, id: u64) -> JobId {
    JobId { server: u16::try_from(server).unwrap_or(u16::MAX), id }
}
