//! The work queue as a whole: its parts, and which command goes where.
//!
//! What commands do is in `produce.rs`, `work.rs` and `connect.rs`; what time does is in `timers.rs`.

use super::capture::Capture;
use super::command::Command;
use super::connections::Connections;
use super::jobs::Jobs;
use super::reply::{Reply, Totals};
use super::tubes::Tubes;
use crate::{ConnectionId, Outbox, Time};

/// Tubes, jobs and connections.
pub(crate) struct Queue {
    pub(super) jobs: Jobs,
    pub(super) tubes: Tubes,
    pub(super) connections: Connections,
    /// The running number of the next burial: buried jobs are in this order.
    pub(super) next_burial: u64,
    /// What can't be read off the parts; the rest of the fields are 0.
    pub(super) totals: Totals,
    /// The part of a running snapshot that was copied when it began.
    pub(super) capture: Option<Capture>,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Queue::with_tubes(Tubes::new())
    }

    pub(super) fn with_tubes(tubes: Tubes) -> Self {
        Queue {
            jobs: Jobs::new(),
            tubes,
            connections: Connections::new(),
            next_burial: 0,
            totals: Totals::default(),
            capture: None,
        }
    }

    /// Carries out a command. What it causes for others comes before its own reply.
    pub(crate) fn apply(
        &mut self,
        at: Time,
        connection: ConnectionId,
        command: &Command<'_>,
        outbox: &mut dyn Outbox,
    ) {
        if *command == Command::Open {
            return self.open(connection);
        }
        let Some(slot) = self.connections.find(connection) else { return };
        let reply = match *command {
            Command::Close => return self.close(at, slot, outbox),
            Command::HalfClose => self.half_close(slot),
            _ => self.carry_out(at, slot, command, outbox),
        };
        if let Some(reply) = reply {
            outbox.tube(connection, reply);
        }
    }

    fn carry_out(
        &mut self,
        at: Time,
        connection: u32,
        command: &Command<'_>,
        outbox: &mut dyn Outbox,
    ) -> Option<Reply<'_>> {
        // Servers read nothing more from a connection that waits; if something comes nevertheless, it replaces
        // the wait.
        self.stop_waiting(connection);
        let reply = match *command {
            Command::Open | Command::Close | Command::HalfClose => return None,
            Command::Put { priority, delay, ttr, body } => {
                self.put(at, connection, priority, delay, ttr, body, outbox)
            }
            Command::SkipId => {
                self.skip_id(connection);
                return None;
            }
            Command::Use { tube } => self.use_tube(connection, tube),
            Command::Watch { tube } => self.watch(connection, tube),
            Command::Ignore { tube } => self.ignore(connection, tube),
            Command::Reserve { timeout } => return self.reserve(at, connection, timeout),
            Command::ReserveJob { id } => self.reserve_job(at, connection, id),
            Command::Delete { id } => self.delete(connection, id),
            Command::Release { id, priority, delay } => {
                self.release(at, connection, id, priority, delay, outbox)
            }
            Command::Bury { id, priority } => self.bury(connection, id, priority),
            Command::Touch { id } => self.touch(at, connection, id),
            Command::Kick { bound } => self.kick(at, connection, bound, outbox),
            Command::KickJob { id } => self.kick_job(at, id, outbox),
            Command::PauseTube { tube, delay } => self.pause_tube(at, tube, delay, outbox),
        };
        Some(reply)
    }
}
