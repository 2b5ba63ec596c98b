//! One lane to the servers: it waits for a job when asked to, and then holds that job until it is told what becomes of it.
//! What that is, is decided elsewhere.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use trellis_tube_client::tokio::{Aside, Lane};
use trellis_tube_client::{Address, Error, Settings};

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

/// Starts a lane; it ends when nobody can tell it anything.
pub(super) fn start(
    servers: Vec<Address>,
    tube: &str,
    tell: impl Fn(Told) + Send + Sync + 'static,
) -> Result<(UnboundedSender<Command>, JoinHandle<()>), Error> {
    let lane = Lane::new(servers, &[tube], &Settings::default())?;
    let (sender, commands) = unbounded_channel();
    let task = tokio::spawn(Runner { lane, commands, job: None, is_disconnected: false }.run(tell));
    Ok((sender, task))
}

struct Runner {
    lane: Lane,
    commands: UnboundedReceiver<Command>,
    /// The job that it holds: the server's place and the server's number.
    job: Option<(usize, u64)>,
    /// Whether it was told that the job's connection is gone.
    is_disconnected: bool,
}

impl Runner {
    async fn run(mut self, tell: impl Fn(Told)) {
        while let Some(command) = self.next_command(&tell).await {
            match (command, self.job) {
                (Command::Ask, _) => match self.reserve(&tell).await {
                    Ok(Some((server, job))) => {
                        self.job = Some((server, job.id));
                        self.is_disconnected = false;
                        tell(Told::Reserved(job_id(server, job.id), job.body));
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
                (Command::Forget, Some(_)) => self.job = None,
                (Command::Delete, Some((server, id))) => {
                    self.job = None;
                    // It travels with the next reserve, if that comes at once.
                    self.lane.done(server, id);
                }
                (command, Some((server, id))) => self.about(command, server, id, &tell).await,
            }
        }
    }

    /// The next command. If there is none at once, nothing has to wait for it, nor does it wait for a delete, which a server
    /// that is silent may leave unanswered for long. Meanwhile it may turn out that the job is lost.
    async fn next_command(&mut self, tell: &impl Fn(Told)) -> Option<Command> {
        tokio::task::yield_now().await;
        if let Ok(command) = self.commands.try_recv() {
            return Some(command);
        }
        let command = tokio::select! {
            biased;
            command = self.commands.recv() => Some(command),
            () = finish(&mut self.lane, tell) => None,
        };
        if let Some(command) = command {
            if command.is_none() {
                finish(&mut self.lane, tell).await;
            }
            return command;
        }
        if let Some((server, id)) = self.job.filter(|_| !self.is_disconnected) {
            tokio::select! {
                biased;
                command = self.commands.recv() => return command,
                () = self.lane.lost(server, id, |aside| note(aside, tell)) => {
                    self.is_disconnected = true;
                    tell(Told::Disconnected);
                }
            }
        }
        self.commands.recv().await
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
        match self.lane.next_until(cancelled, |aside| note(aside, tell)).await {
            Err(Error::DeadlineSoon) => Ok(None),
            found => found,
        }
    }

    async fn about(&mut self, command: Command, server: usize, id: u64, tell: &impl Fn(Told)) {
        let Some(client) = self.lane.client(server) else { return };
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let outcome = match command {
            Command::Inspect => match client.stats_job(id).await {
                Ok(Some(statistics)) => {
                    let number = |key| statistics.number(key).unwrap_or(0);
                    let small = |key| u32::try_from(number(key)).unwrap_or(u32::MAX);
                    tell(Told::Inspected(Statistics {
                        time_to_run: Duration::from_secs(number("ttr")),
                        time_left: Duration::from_secs(number("time-left")),
                        priority: small("pri"),
                        reserves: small("reserves"),
                    }));
                    Ok(())
                }
                Ok(None) => Err(Error::NotFound),
                Err(error) => Err(error),
            },
            Command::Touch => client.touch(id).await,
            Command::Release { priority, delay_seconds } => {
                self.job = None;
                client.release(id, priority, seconds(delay_seconds)).await
            }
            Command::Bury { priority } => {
                self.job = None;
                client.bury(id, priority).await
            }
            Command::Ask | Command::Cancel | Command::Delete | Command::Forget => Ok(()),
        };
        if let Err(error) = outcome {
            tracing::warn!(job = id, "the job is lost, and will be done again: {error}");
            if self.job.take().is_some() {
                tell(Told::Lost);
            }
        }
    }
}

/// Waits until all jobs are deleted that are done.
async fn finish(lane: &mut Lane, tell: &impl Fn(Told)) {
    while let Err(error) = lane.finish().await {
        note(Aside::NotDeleted(error), tell);
    }
}

/// Tells what a lane has noticed by the way.
fn note(aside: Aside, tell: &impl Fn(Told)) {
    match aside {
        Aside::TooLate { server, id } => tell(Told::TooLate(job_id(server, id))),
        Aside::NotDeleted(error) => {
            tracing::warn!("a job that was done could not be deleted, and may be done again: {error}");
        }
    }
}

fn job_id(server: usize, id: u64) -> JobId {
    JobId { server: u16::try_from(server).unwrap_or(u16::MAX), id }
}
