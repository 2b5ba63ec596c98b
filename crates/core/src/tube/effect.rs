//! What a command would do, seen beforehand, for a node whose log has little room; changes nothing.

use super::command::{Command, JobId};
use super::connections::Connection;
use super::queue::Queue;
use super::reply::{JobState, Reply};
use crate::{ConnectionId, Time};

/// What a command would do to the work queue as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Nothing, besides making who reserves a worker in the counts; this would be the reply.
    Nothing(Reply<'a>),
    /// It deletes a job, or gives one to a worker, which can then delete it.
    WorksOff,
    /// Anything else.
    Change,
}

impl Queue {
    /// What `command` would do at the time `at`. A connection that isn't open counts as one that has just been opened.
    pub(crate) fn effect(&self, at: Time, connection: ConnectionId, command: &Command<'_>) -> Effect<'_> {
        let asker = self.connections.find(connection).map(|slot| self.connections.get(slot));
        if asker.is_some_and(|asker| asker.wait.is_some()) {
            // It would end the wait.
            return Effect::Change;
        }
        let held = |id| {
            let holder = self.jobs.find(id).and_then(|job| self.jobs.history(job).holder);
            holder == Some(connection)
        };
        let found = |found, effect| if found { effect } else { Effect::Nothing(Reply::NotFound) };
        match *command {
            Command::Reserve { timeout } => self.effect_of_reserve(at, asker, timeout),
            Command::ReserveJob { id } => found(self.is_free(id), Effect::WorksOff),
            Command::Delete { id } => found(self.is_free(id) || held(id), Effect::WorksOff),
            Command::Release { id, .. } | Command::Bury { id, .. } | Command::Touch { id } => {
                found(held(id), Effect::Change)
            }
            Command::KickJob { id } => {
                let state = self.jobs.find(id).map(|job| self.jobs.get(job).state);
                found(matches!(state, Some(JobState::Buried | JobState::Delayed)), Effect::Change)
            }
            Command::PauseTube { tube, .. } => found(self.tubes.find(tube).is_some(), Effect::Change),
            Command::Kick { .. } => {
                let used = self.tubes.get(asker.map_or(self.tubes.default, |asker| asker.used));
                match used.buried.is_empty() && used.delayed.is_empty() {
                    true => Effect::Nothing(Reply::Kicked { count: 0 }),
                    false => Effect::Change,
                }
            }
            Command::Open
            | Command::Close
            | Command::HalfClose
            | Command::Put { .. }
            | Command::SkipId
            | Command::Use { .. }
            | Command::Watch { .. }
            | Command::Ignore { .. } => Effect::Change,
        }
    }

    fn effect_of_reserve(&self, at: Time, asker: Option<&Connection>, timeout: Option<u32>) -> Effect<'_> {
        let offer = match asker {
            Some(asker) => self.tubes.best_offer(asker.watched.iter().map(|watch| watch.tube)),
            None => self.tubes.best_offer([self.tubes.default].into_iter()),
        };
        if offer.is_some() {
            return Effect::WorksOff;
        }
        if asker.is_some_and(|asker| asker.margin(&self.jobs) <= at) {
            return Effect::Nothing(Reply::DeadlineSoon);
        }
        if timeout == Some(0) || asker.is_some_and(|asker| asker.half_closed) {
            return Effect::Nothing(Reply::TimedOut);
        }
        Effect::Change
    }

    /// Whether there is such a job, and nobody holds it.
    fn is_free(&self, id: JobId) -> bool {
        self.jobs.find(id).is_some_and(|job| self.jobs.get(job).state != JobState::Reserved)
    }
}
