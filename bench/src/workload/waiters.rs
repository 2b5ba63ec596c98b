//! Many workers that wait, and a few puts at a time: each put must wake one worker and leave the others alone.
//! The latency is the one that matters here: from the put to the job's arrival at the worker.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::beanstalk::{self, BODY_BYTES, Beanstalk, Reply};
use crate::network::{Exchange, Workload};

/// How many jobs are under way at once.
const JOBS_OPEN_MAX: usize = 64;

/// The workload: connections below `workers` reserve, the others take turns in putting.
pub(crate) struct Waiters {
    workers: usize,
    next_producer: usize,
    /// When each job was put, by its number; `None` once a worker has it.
    put_at: Vec<Option<Instant>>,
    deleted: usize,
    inserted: usize,
    stopping: bool,
}

impl Waiters {
    /// The first `workers` connections are workers, and already wait.
    pub(crate) fn new(workers: usize) -> Waiters {
        Waiters {
            workers,
            next_producer: workers,
            put_at: Vec::new(),
            deleted: 0,
            inserted: 0,
            stopping: false,
        }
    }

    /// No more puts from now on; the workload is finished when all jobs are done.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// How many jobs were put.
    pub(crate) fn jobs(&self) -> usize {
        self.put_at.len()
    }

    fn put(&mut self, exchange: &mut Exchange) {
        let mut body = [b'x'; BODY_BYTES];
        body[..8].copy_from_slice(&(self.put_at.len() as u64).to_be_bytes());
        beanstalk::put(exchange.waiting_request(self.next_producer), 0, &body);
        self.put_at.push(Some(exchange.now));
        self.next_producer += 1;
        if self.next_producer == exchange.connections() {
            self.next_producer = self.workers;
        }
    }

    fn arrived(&mut self, body: &[u8], exchange: &mut Exchange) -> Result<()> {
        let number = body.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        let number = number.context("a job has come back shorter than it was")?;
        let put_at = usize::try_from(number).ok().and_then(|number| self.put_at.get_mut(number));
        let put_at = put_at.context("a job has come that nobody put")?;
        let put_at = put_at.take().context("a job was given to two workers")?;
        exchange.meter.record(exchange.now - put_at);
        Ok(())
    }
}

impl Workload for Waiters {
    type Protocol = Beanstalk;

    fn begin(&mut self, exchange: &mut Exchange) {
        for _ in 0..JOBS_OPEN_MAX {
            self.put(exchange);
        }
    }

    fn reply(&mut self, from: usize, reply: Reply<'_>, exchange: &mut Exchange) -> Result<()> {
        match reply {
            Reply::Inserted => self.inserted += 1,
            Reply::Reserved { id, body } => {
                ensure!(from < self.workers, "a job came to a connection that does not reserve");
                self.arrived(body, exchange)?;
                beanstalk::delete(exchange.waiting_request(from), id);
            }
            Reply::Deleted => {
                self.deleted += 1;
                beanstalk::reserve(exchange.waiting_request(from));
                if !self.stopping {
                    self.put(exchange);
                }
            }
            other => return other.refused(),
        }
        Ok(())
    }

    fn finished(&self) -> bool {
        self.stopping && self.deleted == self.jobs() && self.inserted == self.jobs()
    }
}

/// Asks the last connection for the statistics until they say that so many workers wait, and that no job is
/// left over.
pub(crate) struct AwaitWaiting {
    workers: usize,
    reserve: bool,
    arrived: bool,
}

impl AwaitWaiting {
    /// First sends the workers to wait.
    pub(crate) fn after_reserve(workers: usize) -> AwaitWaiting {
        AwaitWaiting { workers, reserve: true, arrived: false }
    }

    /// The workers wait already, or are about to.
    pub(crate) fn again(workers: usize) -> AwaitWaiting {
        AwaitWaiting { workers, reserve: false, arrived: false }
    }
}

impl Workload for AwaitWaiting {
    type Protocol = Beanstalk;

    fn begin(&mut self, exchange: &mut Exchange) {
        for worker in 0..if self.reserve { self.workers } else { 0 } {
            beanstalk::reserve(exchange.waiting_request(worker));
        }
        beanstalk::stats(exchange.request(exchange.connections() - 1));
    }

    fn reply(&mut self, from: usize, reply: Reply<'_>, exchange: &mut Exchange) -> Result<()> {
        let Reply::Statistics(text) = reply else { return reply.refused() };
        let waiting = beanstalk::statistic(text, "current-waiting")?;
        let left = beanstalk::statistic(text, "current-jobs-ready")?
            + beanstalk::statistic(text, "current-jobs-reserved")?;
        ensure!(left == 0, "{left} jobs are left over although workers wait");
        self.arrived = waiting == self.workers as u64;
        if !self.arrived {
            beanstalk::stats(exchange.request(from));
        }
        Ok(())
    }

    fn finished(&self) -> bool {
        self.arrived
    }
}
