//! All connections: by name, and by when something is due for them.
//!
//! What a connection uses, watches, holds and waits for is kept here; the tubes' side of it is changed elsewhere.

use std::collections::BTreeMap;

use super::jobs::Jobs;
use super::waiting::Watch;
use crate::check::ensure;
use crate::directory::Directory;
use crate::heap::{Heap, NO_PLACE, Ranked};
use crate::limits::SAFETY_MARGIN_SECONDS;
use crate::slab::Slab;
use crate::{ConnectionId, NodeId, Time};

/// A client's connection.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    /// The slot of the tube that its puts go to.
    pub(super) used: u32,
    /// In order, except that the last fills the gap of one that is ignored; never empty.
    pub(super) watched: Vec<Watch>,
    /// The jobs reserved by it, by (deadline, id).
    pub(super) held: Heap,
    /// Set while a reserve waits.
    pub(super) wait: Option<Wait>,
    /// The client can send nothing more.
    pub(super) half_closed: bool,
    /// Has sent a put.
    pub(super) producer: bool,
    /// Has sent a reserve.
    pub(super) worker: bool,
    /// When a held job's TTR or safety margin or the wait is over.
    due: Time,
    /// Where it is in the heap of timers.
    place: u32,
}

/// A reserve that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When it gives up; [`Time::NEVER`] if it waits for ever.
    pub until: Time,
    /// The running number of its arrival: lines at tubes are in this order.
    pub arrival: u64,
}

/// The store of connections.
pub(super) struct Connections {
    slab: Slab<Connection>,
    by_node: BTreeMap<NodeId, Directory>,
    timers: Heap,
    /// The running number of the next reserve that waits.
    pub(super) next_arrival: u64,
}

impl Connections {
    pub(super) fn new() -> Self {
        Connections { slab: Slab::new(), by_node: BTreeMap::new(), timers: Heap::default(), next_arrival: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn find(&self, id: ConnectionId) -> Option<u32> {
        self.by_node.get(&id.node())?.get(id.number())
    }

    pub(super) fn get(&self, slot: u32) -> &Connection {
        self.slab.get(slot)
    }

    /// To be followed by [`Self::refresh`] if held jobs or the wait were changed.
    pub(super) fn get_mut(&mut self, slot: u32) -> &mut Connection {
        self.slab.get_mut(slot)
    }

    /// The slots of a node's connections, by number.
    pub(super) fn of_node(&self, node: NodeId) -> Vec<u32> {
        self.by_node.get(&node).into_iter().flat_map(Directory::iter).map(|(_, slot)| slot).collect()
    }

    /// All slots, by [`ConnectionId`].
    pub(super) fn in_order(&self) -> impl Iterator<Item = u32> {
        self.by_node.values().flat_map(Directory::iter).map(|(_, slot)| slot)
    }

    /// Adds a connection that isn't open; it watches nothing yet.
    pub(super) fn insert(&mut self, id: ConnectionId, used: u32) -> u32 {
        let slot = self.slab.insert(Connection {
            id,
            used,
            watched: Vec::with_capacity(1),
            held: Heap::default(),
            wait: None,
            half_closed: false,
            producer: false,
            worker: false,
            due: Time::NEVER,
            place: NO_PLACE,
        });
        self.by_node.entry(id.node()).or_default().insert(id.number(), slot);
        slot
    }

    /// Forgets a connection that holds nothing and doesn't wait.
    pub(super) fn remove(&mut self, slot: u32) {
        let connection = self.slab.remove(slot);
        let node = connection.id.node();
        let directory = self.by_node.get_mut(&node).expect("the node of an open connection is known");
        directory.remove(connection.id.number());
        if directory.len() == 0 {
            self.by_node.remove(&node);
        }
    }

    /// Brings up to date when something is due for a connection.
    pub(super) fn refresh(&mut self, slot: u32, jobs: &Jobs) {
        let connection = self.slab.get_mut(slot);
        let due = connection.next_due(jobs);
        if due == connection.due {
            return;
        }
        connection.due = due;
        self.timers.keep(&mut self.slab, slot, due != Time::NEVER);
    }

    /// The connection for which something is due first, and when.
    pub(super) fn soonest(&self) -> Option<(Time, u32)> {
        self.timers.first().map(|slot| (self.get(slot).due, slot))
    }
}

impl Connection {
    /// When the soonest of its jobs comes into its last second; [`Time::NEVER`] if it holds none.
    pub(super) fn margin(&self, jobs: &Jobs) -> Time {
        self.deadline(jobs).minus_seconds(SAFETY_MARGIN_SECONDS)
    }

    /// When the soonest of its jobs times out; [`Time::NEVER`] if it holds none.
    fn deadline(&self, jobs: &Jobs) -> Time {
        self.held.first().map_or(Time::NEVER, |job| Time(jobs.get(job).rank))
    }

    fn next_due(&self, jobs: &Jobs) -> Time {
        match self.wait {
            Some(wait) => wait.until.min(self.margin(jobs)),
            None => self.deadline(jobs),
        }
    }
}

impl Connections {
    /// Verifies what holds within the store.
    pub(super) fn check(&self, jobs: &Jobs) -> Result<(), String> {
        self.timers.check(&self.slab)?;
        let known: usize = self.by_node.values().map(Directory::len).sum();
        ensure(known == self.slab.len(), || "names without connections".into())?;
        ensure(self.by_node.values().all(|node| node.len() > 0), || "nodes without connections".into())?;
        for (slot, connection) in self.slab.iter() {
            let id = connection.id;
            ensure(self.find(id) == Some(slot), || format!("{id:?} is not where its name says"))?;
            ensure(connection.due == connection.next_due(jobs), || format!("{id:?} is due at another time"))?;
            let timed = self.timers.slots().get(connection.place as usize) == Some(&slot);
            ensure(timed == (connection.due != Time::NEVER), || format!("{id:?} has a wrong timer"))?;
            let arrival = connection.wait.map(|wait| wait.arrival);
            ensure(arrival < Some(self.next_arrival), || format!("{id:?} arrives in the future"))?;
        }
        Ok(())
    }
}

impl Ranked for Slab<Connection> {
    fn key(&self, slot: u32) -> (u64, u64) {
        let connection = self.get(slot);
        (connection.due.0, connection.id.to_bits())
    }

    fn place(&self, slot: u32) -> u32 {
        self.get(slot).place
    }

    fn set_place(&mut self, slot: u32, place: u32) {
        self.get_mut(slot).place = place;
    }
}
