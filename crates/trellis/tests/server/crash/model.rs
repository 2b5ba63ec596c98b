//! What one tube must hold, as far as one worker knows.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::Operation;

/// A job's state when no worker holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    Delayed,
    Buried,
}

/// A job as the model knows it or the server shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) state: State,
    pub(super) priority: u32,
    pub(super) body: String,
}

/// What the server shows of a tube after a restart.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    pub(super) jobs: BTreeMap<u64, Job>,
    pub(super) first_buried: Option<u64>,
    pub(super) first_delayed: Option<u64>,
    /// Seconds; unknown if the tube is not there.
    pub(super) pause: Option<u32>,
}

/// A tube that only one worker uses, so that the order of its operations is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) jobs: BTreeMap<u64, Job>,
    /// In their order. Jobs that are reserved keep their place until they are put elsewhere, since a crash may
    /// or may not forget the reservation.
    buried: Vec<u64>,
    delayed: Vec<u64>,
    pub(super) reserved: BTreeSet<u64>,
    pause: u32,
}

impl Model {
    /// Carries out an operation. Returns the answer that it must get, but for the id of a new job, which is
    /// `new_id`.
    pub(super) fn apply(&mut self, operation: &Operation, new_id: u64) -> String {
        match operation {
            Operation::Put { priority, delayed, body } => {
                let job = Job { state: State::Ready, priority: *priority, body: body.clone() };
                self.jobs.insert(new_id, job);
                self.move_to(new_id, if *delayed { State::Delayed } else { State::Ready });
                format!("INSERTED {new_id}")
            }
            Operation::Reserve { id } => {
                self.reserved.insert(*id);
                format!("RESERVED {id} {}", self.jobs[id].body.len())
            }
            Operation::Delete { id } => {
                self.move_to(*id, State::Ready);
                self.jobs.remove(id);
                "DELETED".into()
            }
            Operation::Release { id, priority, delayed } => {
                self.set_priority(*id, *priority);
                self.move_to(*id, if *delayed { State::Delayed } else { State::Ready });
                "RELEASED".into()
            }
            Operation::Bury { id, priority } => {
                self.set_priority(*id, *priority);
                self.move_to(*id, State::Buried);
                "BURIED".into()
            }
            Operation::Kick { bound } => {
                let held = |list: &[u64]| -> Vec<u64> {
                    list.iter().filter(|id| !self.reserved.contains(id)).copied().collect()
                };
                let buried = held(&self.buried);
                let mut kicked = if buried.is_empty() { held(&self.delayed) } else { buried };
                kicked.truncate(*bound);
                kicked.iter().for_each(|id| self.move_to(*id, State::Ready));
                format!("KICKED {}", kicked.len())
            }
            Operation::KickJob { id } => {
                if self.reserved.contains(id) || self.jobs[id].state == State::Ready {
                    return "NOT_FOUND".into();
                }
                self.move_to(*id, State::Ready);
                "KICKED".into()
            }
            Operation::Pause { seconds } => {
                self.pause = *seconds;
                "PAUSED".into()
            }
        }
    }

    /// The buried jobs that nobody holds, in their order.
    pub(super) fn buried(&self) -> &[u64] {
        &self.buried
    }

    /// The delayed jobs that nobody holds, soonest first.
    pub(super) fn delayed(&self) -> &[u64] {
        &self.delayed
    }

    /// Whether the server shows just this, a reserved job being ready or where it was.
    ///
    /// # Errors
    ///
    /// What differs.
    pub(super) fn agrees(&self, observed: &Observed) -> Result<(), String> {
        let ids = |jobs: &BTreeMap<u64, Job>| jobs.keys().copied().collect::<Vec<u64>>();
        if ids(&self.jobs) != ids(&observed.jobs) {
            return Err(format!("jobs {:?} and not {:?}", ids(&observed.jobs), ids(&self.jobs)));
        }
        for (id, job) in &self.jobs {
            let shown = &observed.jobs[id];
            let released = Job { state: State::Ready, ..job.clone() };
            if shown != job && !(self.reserved.contains(id) && *shown == released) {
                return Err(format!("job {id} is {shown:?} and not {job:?}"));
            }
        }
        let still =
            |list: &[u64], state: State| list.iter().find(|id| observed.jobs[*id].state == state).copied();
        let first = still(&self.buried, State::Buried);
        if observed.first_buried != first {
            return Err(format!("{:?} is the first buried job and not {first:?}", observed.first_buried));
        }
        let first = still(&self.delayed, State::Delayed);
        if observed.first_delayed != first {
            return Err(format!("{:?} is the first delayed job and not {first:?}", observed.first_delayed));
        }
        // A tube that nothing refers to may forget everything.
        match observed.pause {
            Some(pause) if pause != self.pause && !self.jobs.is_empty() => {
                Err(format!("the pause is {pause} and not {}", self.pause))
            }
            _ => Ok(()),
        }
    }

    /// Takes over what the server shows, where the model left it open.
    pub(super) fn settle(&mut self, observed: &Observed) {
        for id in std::mem::take(&mut self.reserved) {
            if observed.jobs[&id].state == State::Ready {
                self.move_to(id, State::Ready);
            }
        }
        self.pause = observed.pause.unwrap_or(0);
    }

    fn set_priority(&mut self, id: u64, priority: u32) {
        self.jobs.get_mut(&id).expect("the model has the job").priority = priority;
    }

    /// Puts a job at the end of the list of its new state.
    fn move_to(&mut self, id: u64, state: State) {
        self.reserved.remove(&id);
        self.buried.retain(|other| *other != id);
        self.delayed.retain(|other| *other != id);
        match state {
            State::Ready => {}
            State::Delayed => self.delayed.push(id),
            State::Buried => self.buried.push(id),
        }
        self.jobs.get_mut(&id).expect("the model has the job").state = state;
    }
}
