//! Reads the whole work queue piece by piece, as it was at one moment, while it goes on changing.
//!
//! Tubes and connections are copied at once, for they are few. Jobs are read in place, some slots at a time; see
//! `jobs.rs` for how one that changes meanwhile is kept as it was.

use std::sync::Arc;

use super::connections::Wait;
use super::job::{History, Job};
use super::queue::Queue;
use super::reply::JobState;
use super::tubes::{Pause, TubeCounts};
use crate::snapshot::{ConnectionRecord, Header, JobRecord, Record, Standing, TubeRecord};
use crate::{ConnectionId, Time};

/// What a running snapshot has copied and not yet given away, last first.
pub(super) struct Capture {
    header: Option<Header>,
    tubes: Vec<CapturedTube>,
    connections: Vec<CapturedConnection>,
}

struct CapturedTube {
    number: u32,
    name: Arc<str>,
    created: u64,
    pause: Option<Pause>,
    counts: TubeCounts,
}

struct CapturedConnection {
    id: ConnectionId,
    used: u32,
    watched: Vec<u32>,
    wait: Option<Wait>,
    half_closed: bool,
    producer: bool,
    worker: bool,
}

impl Queue {
    /// Fixes what the snapshot is of. One that is running is given up.
    pub(crate) fn snapshot_begin(&mut self, time: Time) {
        let tubes = self.tubes.in_order().iter().rev().map(|slot| self.capture_tube(*slot)).collect();
        let mut connections: Vec<_> =
            self.connections.in_order().map(|slot| self.capture_connection(slot)).collect();
        connections.reverse();
        self.capture = Some(Capture { header: Some(self.header(time)), tubes, connections });
        self.jobs.walk_begin();
    }

    /// Gives about `slots` records to `sink`, at most twice as many, and about `bytes` of bodies. True while there are
    /// more.
    pub(crate) fn snapshot_next(
        &mut self,
        slots: usize,
        bytes: usize,
        sink: &mut dyn FnMut(Record<'_>),
    ) -> bool {
        let Some(capture) = &mut self.capture else { return false };
        // With no slots at all it would never end.
        let slots = slots.max(1);
        let mut left = slots;
        while left > 0 && capture.give_one(sink) {
            left -= 1;
        }
        let more = left == 0
            || self.jobs.walk_next(left, bytes.max(1), &mut |job, body, history| {
                sink(Record::Job(job_record(job, body, history)));
            });
        if !more {
            self.capture = None;
        }
        more
    }

    /// Gives a running snapshot up.
    pub(crate) fn snapshot_abort(&mut self) {
        self.capture = None;
        self.jobs.walk_abort();
    }

    fn header(&self, time: Time) -> Header {
        Header {
            time,
            next_job: self.jobs.next_id,
            next_tube: self.tubes.next_created,
            next_arrival: self.connections.next_arrival,
            next_burial: self.next_burial,
            total_jobs: self.totals.total_jobs,
            job_timeouts: self.totals.job_timeouts,
            tubes: self.tubes.len() as u64,
            connections: self.connections.len() as u64,
            jobs: self.jobs.len() as u64,
        }
    }

    fn capture_tube(&self, slot: u32) -> CapturedTube {
        let tube = self.tubes.get(slot);
        CapturedTube {
            number: slot,
            name: Arc::clone(&tube.name),
            created: tube.created,
            pause: tube.pause,
            counts: tube.counts,
        }
    }

    fn capture_connection(&self, slot: u32) -> CapturedConnection {
        let connection = self.connections.get(slot);
        CapturedConnection {
            id: connection.id,
            used: connection.used,
            watched: connection.watched.iter().map(|watch| watch.tube).collect(),
            wait: connection.wait,
            half_closed: connection.half_closed,
            producer: connection.producer,
            worker: connection.worker,
        }
    }
}

impl Capture {
    /// Gives the next record away; false if there is none.
    fn give_one(&mut self, sink: &mut dyn FnMut(Record<'_>)) -> bool {
        if let Some(header) = self.header.take() {
            sink(Record::Header(header));
        } else if let Some(tube) = self.tubes.pop() {
            let CapturedTube { number, name, created, pause, counts } = tube;
            sink(Record::Tube(TubeRecord { number, name: &name, created, pause, counts }));
        } else if let Some(connection) = self.connections.pop() {
            let CapturedConnection { id, used, watched, wait, half_closed, producer, worker } = connection;
            let watched = &watched;
            sink(Record::Connection(ConnectionRecord {
                id,
                used,
                watched,
                wait,
                half_closed,
                producer,
                worker,
            }));
        } else {
            return false;
        }
        true
    }
}

fn job_record<'a>(job: &Job, body: &'a [u8], history: History) -> JobRecord<'a> {
    let standing = match (job.state, history.holder) {
        (JobState::Reserved, Some(holder)) => Standing::Reserved { holder, deadline: Time(job.rank) },
        (JobState::Delayed, _) => Standing::Delayed { until: Time(job.rank) },
        (JobState::Buried, _) => Standing::Buried { number: job.rank },
        (JobState::Ready, _) => Standing::Ready,
        (JobState::Reserved, None) => unreachable!("a reserved job has a holder"),
    };
    JobRecord {
        id: job.id,
        tube: job.tube,
        standing,
        priority: job.priority,
        delay: job.delay,
        ttr: job.ttr,
        created_milliseconds: job.created_milliseconds(),
        counts: history.counts,
        body,
    }
}
