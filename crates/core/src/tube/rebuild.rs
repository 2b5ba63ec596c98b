//! The work queue's part of [`Restore`](crate::Restore): puts the things of a snapshot where they were, after
//! making sure that they can be there.

use std::collections::{BTreeMap, BTreeSet};

use super::command::JobId;
use super::connections::Wait;
use super::job::{JobCounts, NewJob};
use super::queue::Queue;
use super::reply::JobState;
use super::tubes::{DEFAULT_TUBE, Tubes};
use crate::limits::TTR_SECONDS_MIN;
use crate::restore::{RestoreError, check_count, check_counters};
use crate::snapshot::{ConnectionRecord, Header, JobRecord, Standing, TubeRecord};

impl Queue {
    /// A queue without even the tube that always exists.
    pub(crate) fn bare() -> Self {
        Queue::with_tubes(Tubes::empty())
    }

    pub(crate) fn restore_header(&mut self, header: &Header) -> Result<(), RestoreError> {
        check_counters(&[
            ("next_job", header.next_job),
            ("next_tube", header.next_tube),
            ("next_arrival", header.next_arrival),
            ("next_burial", header.next_burial),
            ("total_jobs", header.total_jobs),
            ("job_timeouts", header.job_timeouts),
        ])?;
        self.jobs.next_id = header.next_job;
        self.tubes.next_created = header.next_tube;
        self.connections.next_arrival = header.next_arrival;
        self.next_burial = header.next_burial;
        self.totals.total_jobs = header.total_jobs;
        self.totals.job_timeouts = header.job_timeouts;
        Ok(())
    }

    /// Makes a tube and tells its slot.
    pub(crate) fn restore_tube(&mut self, record: &TubeRecord<'_>) -> Result<u32, RestoreError> {
        check_counters(&[
            ("puts", record.counts.puts),
            ("deletes", record.counts.deletes),
            ("pauses", record.counts.pauses),
        ])?;
        if self.tubes.find(record.name).is_some() {
            return Err(RestoreError::TubeRepeated { name: record.name.into() });
        }
        if record.created >= self.tubes.next_created {
            return Err(RestoreError::TubeImpossible { name: record.name.into() });
        }
        let slot = self.tubes.make(record.name, record.created);
        let tube = self.tubes.get_mut(slot);
        tube.pause = record.pause;
        tube.counts = record.counts;
        self.tubes.refresh(slot, &self.jobs);
        Ok(slot)
    }

    /// Makes a connection, which doesn't wait yet, and tells its slot.
    pub(crate) fn restore_connection(
        &mut self,
        record: &ConnectionRecord<'_>,
        tubes: &BTreeMap<u32, u32>,
    ) -> Result<u32, RestoreError> {
        let waits_wrongly = record
            .wait
            .is_some_and(|wait| record.half_closed || wait.arrival >= self.connections.next_arrival);
        let distinct = record.watched.iter().collect::<BTreeSet<_>>().len();
        let watches_wrongly = record.watched.is_empty() || distinct < record.watched.len();
        if waits_wrongly || watches_wrongly || self.connections.find(record.id).is_some() {
            return Err(RestoreError::ConnectionImpossible { id: record.id });
        }
        let used = slot_of(record.used, tubes)?;
        let slot = self.connections.insert(record.id, used);
        self.tubes.get_mut(used).using += 1;
        for number in record.watched {
            self.add_watch(slot, slot_of(*number, tubes)?);
        }
        let connection = self.connections.get_mut(slot);
        connection.half_closed = record.half_closed;
        connection.producer = record.producer;
        connection.worker = record.worker;
        self.totals.current_producers += u64::from(record.producer);
        self.totals.current_workers += u64::from(record.worker);
        Ok(slot)
    }

    /// Makes a job and puts it into its queue.
    pub(crate) fn restore_job(
        &mut self,
        record: &JobRecord<'_>,
        tubes: &BTreeMap<u32, u32>,
        next_job: JobId,
    ) -> Result<(), RestoreError> {
        let JobRecord { id, priority, delay, ttr, body, .. } = *record;
        let id_is_wrong = id == 0 || id >= next_job || self.jobs.find(id).is_some();
        if id_is_wrong || ttr < TTR_SECONDS_MIN {
            return Err(RestoreError::JobImpossible { id });
        }
        let tube = slot_of(record.tube, tubes)?;
        let new = NewJob { tube, priority, delay, ttr, body };
        let job = self.jobs.insert_as(id, record.created_milliseconds, &new);
        if record.counts != JobCounts::default() {
            self.jobs.change_history(job).counts = record.counts;
        }
        match record.standing {
            Standing::Ready => self.enter(job, JobState::Ready, u64::from(priority)),
            Standing::Delayed { until } => self.enter(job, JobState::Delayed, until.0),
            Standing::Buried { number } if number < self.next_burial => {
                self.enter(job, JobState::Buried, number)
            }
            Standing::Buried { .. } => return Err(RestoreError::JobImpossible { id }),
            Standing::Reserved { holder, deadline } => {
                let holder = self.connections.find(holder).ok_or(RestoreError::JobImpossible { id })?;
                self.hold_until(deadline, job, holder);
                tube
            }
        };
        Ok(())
    }

    /// Lets a connection wait; to be called in order of arrival.
    pub(crate) fn restore_wait(&mut self, connection: u32, wait: Wait) {
        self.join_lines(connection, wait);
    }

    /// Makes sure that everything is there and fits together.
    pub(crate) fn restore_end(&self, header: &Header) -> Result<(), RestoreError> {
        check_count("tubes", header.tubes, self.tubes.len())?;
        check_count("connections", header.connections, self.connections.len())?;
        check_count("jobs", header.jobs, self.jobs.len())?;
        if self.tubes.find(DEFAULT_TUBE).is_none() {
            return Err(RestoreError::TubeImpossible { name: DEFAULT_TUBE.into() });
        }
        let mut created = BTreeSet::new();
        for slot in self.tubes.in_order() {
            let tube = self.tubes.get(*slot);
            let name = || tube.name.as_ref().into();
            if !created.insert(tube.created) {
                return Err(RestoreError::TubeRepeated { name: name() });
            }
            if *slot != self.tubes.default && !tube.is_used() {
                return Err(RestoreError::TubeImpossible { name: name() });
            }
            if tube.line.len > 0 && self.tubes.offered(*slot).is_some() {
                return Err(RestoreError::NotServed { name: name() });
            }
        }
        Ok(())
    }
}

fn slot_of(number: u32, tubes: &BTreeMap<u32, u32>) -> Result<u32, RestoreError> {
    tubes.get(&number).copied().ok_or(RestoreError::TubeUnknown { number })
}
