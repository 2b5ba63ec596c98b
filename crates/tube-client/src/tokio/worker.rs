//! A worker that does several jobs at once, each in a lane of its own.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ::tokio::sync::watch;
use ::tokio::task::JoinSet;
use ::tokio::time::sleep;

use super::lane::Lane;
use crate::address::Address;
use crate::error::Error;
use crate::job::Job;
use crate::limits::WORKER_WAIT_SECONDS_MAX;
use crate::settings::Settings;
use crate::verdict::{Retry, Verdict};

/// Takes jobs from some tubes of one or more servers and does several at once.
///
/// The time to run of a job is kept alive while its handler works. A handler that panics has failed; one that is
/// dropped together with the worker gives its job back.
///
/// ```no_run
/// use trellis_tube_client::{Settings, Verdict, tokio::Worker};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let servers = vec!["queue-1".parse()?, "queue-2".parse()?];
/// let mut worker = Worker::new(servers, &["mail"], &Settings::default())?;
/// worker.lanes = 16;
/// let handler = |job: trellis_tube_client::Job| async move {
///     println!("{} bytes", job.body.len());
///     Verdict::Done
/// };
/// let stop = async { std::future::pending().await };
/// worker.run(handler, stop, |error| eprintln!("{error}")).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Worker {
    servers: Vec<Address>,
    tubes: Vec<String>,
    settings: Settings,
    /// How many jobs are done at once. 1.
    pub lanes: usize,
    /// What becomes of jobs that fail.
    pub retry: Retry,
}

impl Worker {
    /// A worker for these tubes; without any, for `default`. Nothing is connected yet.
    ///
    /// # Errors
    /// If a tube's name is none, or there is no server.
    pub fn new(servers: Vec<Address>, tubes: &[impl AsRef<str>], settings: &Settings) -> Result<Self, Error> {
        // Checks both.
        Lane::new(servers.clone(), tubes, settings)?;
        let tubes = tubes.iter().map(|tube| tube.as_ref().to_owned()).collect();
        Ok(Self { servers, tubes, settings: settings.clone(), lanes: 1, retry: Retry::default() })
    }

    /// Does jobs until `stop` is ready; jobs that are under way are finished first. What goes wrong with a server
    /// is told to `trouble`, and the worker goes on. Dropping the future ends it at once, and gives all jobs back.
    pub async fn run<H, F>(
        self,
        handler: H,
        stop: impl Future<Output = ()>,
        trouble: impl Fn(&Error) + Send + Sync + 'static,
    ) where
        H: Fn(Job) -> F + Send + Sync + 'static,
        F: Future<Output = Verdict> + Send + 'static,
    {
        let (stopper, stopped) = watch::channel(false);
        let (handler, trouble) = (Arc::new(handler), Arc::new(trouble));
        let mut lanes = JoinSet::new();
        for _ in 0..self.lanes {
            let Ok(lane) = Lane::new(self.servers.clone(), &self.tubes, &self.settings) else { return };
            let pause = self.settings.backoff_min;
            let runner = Runner { lane, retry: self.retry, pause, stopped: stopped.clone() };
            lanes.spawn(runner.run(Arc::clone(&handler), Arc::clone(&trouble)));
        }
        let mut stop = pin!(stop);
        let mut is_stopping = false;
        poll_fn(|context| {
            if !is_stopping && stop.as_mut().poll(context).is_ready() {
                is_stopping = true;
                // It fails only if every lane has ended.
                let _ = stopper.send(true);
            }
            loop {
                match lanes.poll_join_next(context) {
                    Poll::Ready(Some(_)) => {}
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
    }
}

/// One lane's loop.
struct Runner {
    lane: Lane,
    retry: Retry,
    pause: Duration,
    stopped: watch::Receiver<bool>,
}

impl Runner {
    async fn run<H, F, T>(mut self, handler: Arc<H>, trouble: Arc<T>)
    where
        H: Fn(Job) -> F + Send + Sync,
        F: Future<Output = Verdict> + Send,
        T: Fn(&Error) + Send + Sync,
    {
        let mut stopped = self.stopped.clone();
        while !*stopped.borrow() {
            let next = ::tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => break,
                next = self.lane.next(Some(WORKER_WAIT_SECONDS_MAX)) => next,
            };
            let outcome = match next {
                Ok(Some((server, job))) => self.work(server, job, handler.as_ref()).await,
                Ok(None) => Ok(()),
                Err(error) => {
                    trouble(&error);
                    // A server that refuses at once is not asked again at once.
                    ::tokio::select! {
                        _ = stopped.wait_for(|stopped| *stopped) => {}
                        () = sleep(self.pause) => {}
                    }
                    Ok(())
                }
            };
            if let Err(error) = outcome {
                trouble(&error);
            }
        }
        if let Err(error) = self.lane.finish().await {
            trouble(&error);
        }
    }

    async fn work<H, F>(&mut self, server: usize, job: Job, handler: &H) -> Result<(), Error>
    where
        H: Fn(Job) -> F,
        F: Future<Output = Verdict>,
    {
        let id = job.id;
        let verdict = self.lane.keep_alive(server, id, judged(handler, job)).await;
        if verdict == Verdict::Done {
            self.lane.done(server, id);
            return Ok(());
        }
        self.lane.carry_out(server, id, verdict, &self.retry).await
    }
}

/// The handler's verdict; if it panics, it has failed.
async fn judged<F: Future<Output = Verdict>>(handler: impl Fn(Job) -> F, job: Job) -> Verdict {
    // What a panic leaves half done is the handler's own; ours is only the job, which goes back.
    let work = catch_unwind(AssertUnwindSafe(|| handler(job)));
    let Ok(work) = work else { return Verdict::Failed };
    let mut work = pin!(work);
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))).unwrap_or(Poll::Ready(Verdict::Failed))
    })
    .await
}
