//! Many workers that wait, and a few puts at a time: each put must wake one worker and leave the others alone.
//! The latency is the one that matters here: from the put to the job's arrival at the worker.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::BODY_BYTES;
use crate::beanstalk::{self, Beanstalk, Reply};
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Two workers and two producers with all jobs put, and the body of the first job.
    fn started() -> (Waiters, Exchange, [u8; BODY_BYTES]) {
        let mut exchange = Exchange::new(4).unwrap();
        let mut waiters = Waiters::new(2);
        waiters.begin(&mut exchange);
        let mut body = [b'x'; BODY_BYTES];
        body[..8].copy_from_slice(&0_u64.to_be_bytes());
        (waiters, exchange, body)
    }

    #[test]
    fn a_job_that_wakes_one_worker_is_fine() {
        let (mut waiters, mut exchange, body) = started();
        assert_eq!(waiters.jobs(), JOBS_OPEN_MAX);
        waiters.reply(1, Reply::Reserved { id: 1, body: &body }, &mut exchange).unwrap();
        waiters.reply(1, Reply::Deleted, &mut exchange).unwrap();
        assert_eq!(waiters.jobs(), JOBS_OPEN_MAX + 1);
    }

    #[test]
    fn a_job_that_wakes_two_workers_is_an_error() {
        let (mut waiters, mut exchange, body) = started();
        waiters.reply(0, Reply::Reserved { id: 1, body: &body }, &mut exchange).unwrap();
        let second = waiters.reply(1, Reply::Reserved { id: 1, body: &body }, &mut exchange);
        assert_eq!(second.unwrap_err().to_string(), "a job was given to two workers");
    }

    #[test]
    fn a_worker_woken_for_nothing_is_an_error() {
        let (mut waiters, mut exchange, _) = started();
        assert!(waiters.reply(0, Reply::Unexpected(b"TIMED_OUT"), &mut exchange).is_err());
    }

    #[test]
    fn all_must_wait_again_in_the_end() {
        let mut exchange = Exchange::new(4).unwrap();
        let mut again = AwaitWaiting::again(2);
        let statistics = |waiting: u64, ready: u64| {
            format!("current-waiting: {waiting}\ncurrent-jobs-ready: {ready}\ncurrent-jobs-reserved: 0\n")
        };
        again.reply(3, Reply::Statistics(statistics(1, 0).as_bytes()), &mut exchange).unwrap();
        assert!(!again.finished());
        assert!(again.reply(3, Reply::Statistics(statistics(1, 1).as_bytes()), &mut exchange).is_err());
        again.reply(3, Reply::Statistics(statistics(2, 0).as_bytes()), &mut exchange).unwrap();
        assert!(again.finished());
    }
}
