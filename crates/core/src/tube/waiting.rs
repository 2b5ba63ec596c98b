//! Lines of waiting connections, one at each watched tube, served strictly in order of arrival.
//!
//! A connection that waits stands in the line of every tube that it watches. Its places are in its watch list
//! itself, linked to the places before and behind, so that joining and leaving cost the same however long a line
//! is, and nothing is allocated for it.

use super::connections::Wait;
use super::queue::Queue;
use super::reply::Reply;
use crate::{Outbox, Time};

/// An entry of a connection's watch list.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    /// The slot of the tube.
    pub(super) tube: u32,
    /// The place before this one in the tube's line, while the connection waits.
    pub(super) before: Place,
    /// The place behind, likewise.
    pub(super) behind: Place,
}

/// A place in a line: an entry of a connection's watch list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The slot of the connection.
    pub(super) connection: u32,
    /// The index in its watch list.
    pub(super) index: u32,
}

/// Stands for "nobody".
pub(super) const NOBODY: Place = Place { connection: u32::MAX, index: u32::MAX };

/// The connections that wait for a job of one tube.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) first: Place,
    pub(super) last: Place,
    pub(super) len: u64,
}

impl Default for Line {
    fn default() -> Self {
        Line { first: NOBODY, last: NOBODY, len: 0 }
    }
}

impl Watch {
    pub(super) fn new(tube: u32) -> Self {
        Watch { tube, before: NOBODY, behind: NOBODY }
    }
}

impl Queue {
    /// Puts a connection at the end of the lines of all tubes that it watches.
    pub(super) fn start_waiting(&mut self, connection: u32, until: Time) {
        let arrival = self.connections.next_arrival;
        self.connections.next_arrival += 1;
        self.join_lines(connection, Wait { until, arrival });
    }

    /// As [`Self::start_waiting`], for a wait that has its number already and comes behind all others here.
    pub(super) fn join_lines(&mut self, connection: u32, wait: Wait) {
        let watched = self.connections.get(connection).watched.len();
        for index in 0..watched {
            let here = Place { connection, index: u32::try_from(index).expect("a watch list names slots") };
            let tube = self.connections.get(connection).watched[index].tube;
            let line = &mut self.tubes.get_mut(tube).line;
            let before = std::mem::replace(&mut line.last, here);
            line.len += 1;
            if before == NOBODY {
                line.first = here;
            } else {
                self.watch_mut(before).behind = here;
            }
            self.watch_mut(here).before = before;
        }
        self.connections.get_mut(connection).wait = Some(wait);
        self.connections.refresh(connection, &self.jobs);
        self.totals.current_waiting += 1;
    }

    /// Takes a connection out of all lines, if it waits.
    pub(super) fn stop_waiting(&mut self, connection: u32) {
        if self.connections.get_mut(connection).wait.take().is_none() {
            return;
        }
        for index in 0..self.connections.get(connection).watched.len() {
            let watch = &mut self.connections.get_mut(connection).watched[index];
            let Watch { tube, before, behind } = *watch;
            *watch = Watch::new(tube);
            if before == NOBODY {
                self.tubes.get_mut(tube).line.first = behind;
            } else {
                self.watch_mut(before).behind = behind;
            }
            if behind == NOBODY {
                self.tubes.get_mut(tube).line.last = before;
            } else {
                self.watch_mut(behind).before = before;
            }
            self.tubes.get_mut(tube).line.len -= 1;
        }
        self.connections.refresh(connection, &self.jobs);
        self.totals.current_waiting -= 1;
    }

    /// Hands a tube's ready jobs to those who wait for them, while there are both.
    pub(super) fn serve(&mut self, at: Time, tube: u32, outbox: &mut dyn Outbox) {
        while let Some(job) = self.tubes.offered(tube) {
            let Place { connection, .. } = self.tubes.get(tube).line.first;
            if connection == NOBODY.connection {
                return;
            }
            self.stop_waiting(connection);
            self.withdraw(job);
            self.hold(at, job, connection);
            let job = self.jobs.get(job);
            outbox.tube(self.connections.get(connection).id, Reply::Reserved { id: job.id, body: &job.body });
        }
    }

    fn watch_mut(&mut self, place: Place) -> &mut Watch {
        &mut self.connections.get_mut(place.connection).watched[place.index as usize]
    }
}
