//! Asking whose a tick is, for each run that is to begin. A run may be given up before that is known: then its tick is
//! undecided, and what is answered after that is heeded by nobody.

use std::collections::HashMap;

use tokio::task::JoinHandle;

use super::Happening;
use super::ticks::claim;
use crate::fleet::Name;
use crate::process::Event as ProcessEvent;
use crate::runtime::{Event, Supervisor};

/// The claims to which there is no answer, each by the run that waits for it.
#[derive(Default)]
pub(super) struct Claims {
    count: u64,
    waiting: HashMap<Name, Claim>,
}

/// A task that claims a tick; it is given up when this is dropped, but what it has asked for may still be done.
struct Claim {
    number: u64,
    task: JoinHandle<()>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whose a tick is.
pub(in crate::runtime) enum Whose {
    /// This machine's, as no other one was first.
    Ours,
    /// Another machine's.
    Anothers,
    /// Nobody knows.
    Unknown,
}

impl Supervisor {
    /// Finds out whether a run's tick is this machine's: it is whose znode is there first.
    pub(in crate::runtime) fn claim(&mut self, name: &Name) {
        let Some((_, tick)) = self.timetables.runs.run(name) else { return };
        let tick = tick.clone();
        let Some(client) = self.cluster.client() else { return self.give_up_run(name) };
        let folder = self.cluster.path("ticks", &name.program);
        let (candidate, sender) = (self.cluster.candidate.clone(), self.sender.clone());
        self.cluster.claims.count += 1;
        let (number, run) = (self.cluster.claims.count, name.clone());
        let task = tokio::spawn(async move {
            let whose = match claim(&client, &folder, &tick.name(), candidate.as_bytes()).await {
                Ok(true) => Whose::Ours,
                Ok(false) => Whose::Anothers,
                Err(error) => {
                    tracing::error!(process = %run, tick = %tick.at, "nobody knows whose it is: {error}");
                    Whose::Unknown
                }
            };
            // The loop may have ended.
            let _ = sender.send(Event::Cluster(tick.program, number, Happening::Claimed(run, whose)));
        });
        self.cluster.claims.waiting.insert(name.clone(), Claim { number, task });
    }

    /// The claim with this number was answered.
    pub(super) fn claimed(&mut self, name: &Name, number: u64, whose: &Whose) {
        // It may be one of a run that was given up, even if there is another run of this name now, or of this tick.
        if self.cluster.claims.waiting.get(name).is_none_or(|claim| claim.number != number) {
            return;
        }
        self.cluster.claims.waiting.remove(name);
        let now = self.now();
        match whose {
            Whose::Ours => self.begin_run(name),
            Whose::Anothers => self.timetables.runs.on(now, name, ProcessEvent::NotSpawned),
            Whose::Unknown => self.give_up_run(name),
        }
    }

    /// Gives up a run that has no process, whosever its tick is.
    pub(in crate::runtime) fn give_up_run(&mut self, name: &Name) {
        self.cluster.claims.waiting.remove(name);
        let now = self.now();
        if let Some(tick) = self.timetables.runs.give_up(now, name) {
            tracing::warn!(process = %name, tick = %tick.at, "given up before it began: the tick counts as missed");
        }
    }
}
