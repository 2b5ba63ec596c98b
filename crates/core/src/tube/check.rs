//! What must hold between commands, as a program. Only tests call it.

use std::collections::BTreeMap;

use super::connections::Connection;
use super::queue::Queue;
use super::reply::{JobState, Totals};
use super::tubes::{DEFAULT_TUBE, Tube};
use super::waiting::{NOBODY, Place};
use crate::check::ensure;
use crate::limits::PRIORITY_URGENT_MAX;

impl Queue {
    /// The first thing that doesn't hold, if any.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.jobs.check()?;
        self.tubes.check(&self.jobs)?;
        self.connections.check(&self.jobs)?;
        for slot in self.tubes.in_order() {
            let tube = self.tubes.get(*slot);
            self.check_tube(*slot, tube).map_err(|trouble| format!("tube {}: {trouble}", tube.name))?;
        }
        for slot in self.connections.in_order() {
            let connection = self.connections.get(slot);
            self.check_connection(connection).map_err(|trouble| format!("{:?}: {trouble}", connection.id))?;
        }
        self.check_references()?;
        self.check_totals()
    }

    fn check_tube(&self, slot: u32, tube: &Tube) -> Result<(), String> {
        let queues = [
            (&tube.ready, JobState::Ready),
            (&tube.delayed, JobState::Delayed),
            (&tube.buried, JobState::Buried),
        ];
        for (heap, state) in queues {
            heap.check(&self.jobs)?;
            for job in heap.slots() {
                let job = self.jobs.get(*job);
                ensure(job.state == state, || format!("job {} is queued as {state:?}", job.id))?;
                ensure(job.tube == slot, || format!("job {} is of another tube", job.id))?;
                ensure(state != JobState::Ready || job.rank == u64::from(job.priority), || {
                    format!("job {} is not ranked by its priority", job.id)
                })?;
                ensure(state != JobState::Buried || job.rank < self.next_burial, || {
                    format!("job {} has a burial number from the future", job.id)
                })?;
            }
        }
        let is_urgent = |job: &&u32| self.jobs.get(**job).priority <= PRIORITY_URGENT_MAX;
        let urgent = tube.ready.slots().iter().filter(is_urgent).count() as u64;
        ensure(urgent == tube.urgent, || format!("{} urgent jobs, counted {}", urgent, tube.urgent))?;
        let unserved = tube.pause.is_none() && !tube.ready.is_empty() && tube.line.len > 0;
        ensure(!unserved, || "ready jobs and waiting connections".into())?;
        ensure(slot == self.tubes.default || tube.is_used(), || "nothing refers to it".into())?;
        self.check_line(slot, tube)
    }

    fn check_line(&self, slot: u32, tube: &Tube) -> Result<(), String> {
        let (mut place, mut before, mut len, mut arrival) = (tube.line.first, NOBODY, 0, None);
        while place != NOBODY {
            let connection = self.connections.get(place.connection);
            let watch = connection.watched[place.index as usize];
            ensure(watch.tube == slot, || format!("{:?} stands in the wrong line", connection.id))?;
            ensure(watch.before == before, || format!("{:?} has another one before it", connection.id))?;
            let next = connection.wait.map(|wait| wait.arrival);
            ensure(arrival < next, || format!("{:?} jumped the line", connection.id))?;
            (arrival, before, place, len) = (next, place, watch.behind, len + 1);
        }
        ensure(before == tube.line.last, || "the line ends elsewhere".into())?;
        ensure(len == tube.line.len, || format!("{len} wait, counted {}", tube.line.len))
    }

    fn check_connection(&self, connection: &Connection) -> Result<(), String> {
        connection.held.check(&self.jobs)?;
        for slot in connection.held.slots() {
            let job = self.jobs.get(*slot);
            ensure(job.state == JobState::Reserved, || {
                format!("holds job {}, which is {:?}", job.id, job.state)
            })?;
            ensure(self.jobs.history(*slot).holder == Some(connection.id), || {
                format!("holds job {}, which has another holder", job.id)
            })?;
        }
        ensure(!connection.watched.is_empty(), || "watches nothing".into())?;
        ensure(!(connection.half_closed && connection.wait.is_some()), || "waits half-closed".into())?;
        let stands = |place: Place| place != NOBODY;
        let is_linked = connection.watched.iter().any(|watch| stands(watch.before) || stands(watch.behind));
        ensure(connection.wait.is_some() || !is_linked, || "stands in a line but doesn't wait".into())
    }

    /// Counts from the connections' and jobs' side what tubes count from theirs.
    fn check_references(&self) -> Result<(), String> {
        let mut seen: BTreeMap<u32, [u64; 4]> = BTreeMap::new();
        for slot in self.connections.in_order() {
            let connection = self.connections.get(slot);
            seen.entry(connection.used).or_default()[0] += 1;
            for watch in &connection.watched {
                let counts = seen.entry(watch.tube).or_default();
                counts[1] += 1;
                counts[2] += u64::from(connection.wait.is_some());
            }
            for job in connection.held.slots() {
                seen.entry(self.jobs.get(*job).tube).or_default()[3] += 1;
            }
        }
        for slot in self.tubes.in_order() {
            let tube = self.tubes.get(*slot);
            let found = seen.remove(slot).unwrap_or_default();
            let counted = [tube.using, tube.watching, tube.line.len, tube.reserved];
            ensure(found == counted, || {
                format!(
                    "tube {}: using, watching, waiting, reserved {found:?}, counted {counted:?}",
                    tube.name
                )
            })?;
        }
        ensure(seen.is_empty(), || format!("references to tubes that are gone: {seen:?}"))?;
        ensure(self.tubes.find(DEFAULT_TUBE) == Some(self.tubes.default), || "no default tube".into())
    }

    fn check_totals(&self) -> Result<(), String> {
        let mut found = Totals {
            job_timeouts: self.totals.job_timeouts,
            total_jobs: self.totals.total_jobs,
            ..Totals::default()
        };
        for slot in self.tubes.in_order() {
            let tube = self.tubes.get(*slot);
            found.current_jobs_urgent += tube.urgent;
            found.current_jobs_ready += tube.ready.len() as u64;
            found.current_jobs_reserved += tube.reserved;
            found.current_jobs_delayed += tube.delayed.len() as u64;
            found.current_jobs_buried += tube.buried.len() as u64;
        }
        let jobs = found.current_jobs_ready
            + found.current_jobs_reserved
            + found.current_jobs_delayed
            + found.current_jobs_buried;
        ensure(jobs == self.jobs.len() as u64, || format!("{} jobs, {jobs} in queues", self.jobs.len()))?;
        for slot in self.connections.in_order() {
            let connection = self.connections.get(slot);
            found.current_producers += u64::from(connection.producer);
            found.current_workers += u64::from(connection.worker);
            found.current_waiting += u64::from(connection.wait.is_some());
        }
        ensure(found == self.totals, || format!("{found:?}, counted {:?}", self.totals))
    }
}
