//! All tubes: by name, in the order of `list-tubes`, by what they offer to a reserve, and by when they are due.
//!
//! A tube lives while a connection uses or watches it or a job is in it; who refers to it is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::jobs::Jobs;
use super::waiting::Line;
use crate::Time;
use crate::check::ensure;
use crate::heap::{Heap, NO_PLACE, Ranked};
use crate::slab::Slab;

/// The tube that every connection uses and watches at first, and that never vanishes.
pub(super) const DEFAULT_TUBE: &str = "default";

/// A tube.
pub(super) struct Tube {
    /// Shared with the directory of names.
    pub(super) name: Arc<str>,
    /// The running number of its creation, which decides between tubes that are due at the same time.
    pub(super) created: u64,
    /// By (priority, id).
    pub(super) ready: Heap,
    /// By (time when due, id).
    pub(super) delayed: Heap,
    /// By (number of burial, id).
    pub(super) buried: Heap,
    /// How many of its jobs are reserved; they lie with their holders.
    pub(super) reserved: u64,
    /// How many of its ready jobs are urgent.
    pub(super) urgent: u64,
    /// How many connections use it.
    pub(super) using: u64,
    /// How many connections watch it.
    pub(super) watching: u64,
    /// The connections that wait for a job of this tube, first come first.
    pub(super) line: Line,
    pub(super) pause: Option<Pause>,
    pub(super) counts: TubeCounts,
    /// Where it is in the list of all tubes.
    position: u32,
    /// When the soonest delayed job is due or the pause ends.
    due: Time,
    /// Where it is in the heap of timers.
    place: u32,
}

/// A time during which nothing is reserved from a tube.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How long it was to last when it began.
    pub seconds: u32,
    /// When it ends.
    pub until: Time,
}

/// What has happened in a tube since it came into being.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TubeCounts {
    /// Jobs put.
    pub puts: u64,
    /// Jobs deleted by a command.
    pub deletes: u64,
    /// Commands to pause it.
    pub pauses: u64,
}

/// The best ready job of a tube that isn't paused, as (priority, id).
type Offer = (u32, u64);

/// Worse than every job's: there are no 2^64 ids.
const NO_OFFER: Offer = (u32::MAX, u64::MAX);

/// The store of tubes.
pub(super) struct Tubes {
    slab: Slab<Tube>,
    by_name: BTreeMap<Arc<str>, u32>,
    /// In order of creation, except that the last fills the gap of one that vanishes.
    order: Vec<u32>,
    /// By slot and close together: a reserve over a thousand tubes looks at nothing else.
    offers: Vec<Offer>,
    timers: Heap,
    /// The running number of the next creation.
    pub(super) next_created: u64,
    /// The slot of [`DEFAULT_TUBE`].
    pub(super) default: u32,
}

impl Tubes {
    /// No tubes at all, not even the one that must be there.
    pub(super) fn empty() -> Self {
        Tubes {
            slab: Slab::new(),
            by_name: BTreeMap::new(),
            order: Vec::new(),
            offers: Vec::new(),
            timers: Heap::default(),
            next_created: 0,
            default: u32::MAX,
        }
    }

    pub(super) fn new() -> Self {
        let mut tubes = Tubes::empty();
        tubes.find_or_make(DEFAULT_TUBE);
        tubes
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn get(&self, slot: u32) -> &Tube {
        self.slab.get(slot)
    }

    /// To be followed by [`Self::refresh`] if jobs or the pause were changed.
    pub(super) fn get_mut(&mut self, slot: u32) -> &mut Tube {
        self.slab.get_mut(slot)
    }

    /// All slots, in the order of `list-tubes`.
    pub(super) fn in_order(&self) -> &[u32] {
        &self.order
    }

    /// The tube of this name. If it is new, nothing refers to it yet.
    pub(super) fn find_or_make(&mut self, name: &str) -> u32 {
        if let Some(slot) = self.find(name) {
            return slot;
        }
        let created = self.next_created;
        self.next_created += 1;
        self.make(name, created)
    }

    /// Makes a tube that isn't there.
    pub(super) fn make(&mut self, name: &str, created: u64) -> u32 {
        let name: Arc<str> = name.into();
        let position = u32::try_from(self.order.len()).expect("there are fewer tubes than slots");
        let slot = self.slab.insert(Tube::new(Arc::clone(&name), created, position));
        if &*name == DEFAULT_TUBE {
            self.default = slot;
        }
        self.by_name.insert(name, slot);
        self.order.push(slot);
        let end = self.offers.len().max(slot as usize + 1);
        self.offers.resize(end, NO_OFFER);
        slot
    }

    /// Removes a tube if nothing refers to it any more.
    pub(super) fn remove_if_unused(&mut self, slot: u32) {
        if slot == self.default || self.get(slot).is_used() {
            return;
        }
        if self.get(slot).place != NO_PLACE {
            self.timers.remove(&mut self.slab, slot);
        }
        let tube = self.slab.remove(slot);
        self.by_name.remove(&tube.name);
        self.offers[slot as usize] = NO_OFFER;
        self.order.swap_remove(tube.position as usize);
        if let Some(moved) = self.order.get(tube.position as usize) {
            self.slab.get_mut(*moved).position = tube.position;
        }
    }

    /// Of the given tubes, the one with the best job that may be reserved now.
    pub(super) fn best_offer(&self, tubes: impl Iterator<Item = u32>) -> Option<u32> {
        let (offer, tube) =
            tubes.map(|tube| (self.offers[tube as usize], tube)).min_by_key(|(offer, _)| *offer)?;
        (offer != NO_OFFER).then_some(tube)
    }

    /// The best job of a tube, if one may be reserved now.
    pub(super) fn offered(&self, tube: u32) -> Option<u32> {
        if self.offers[tube as usize] == NO_OFFER { None } else { self.get(tube).ready.first() }
    }

    /// Brings what a tube offers and when it is due up to date.
    pub(super) fn refresh(&mut self, slot: u32, jobs: &Jobs) {
        let tube = self.slab.get_mut(slot);
        self.offers[slot as usize] = tube.offer(jobs);
        let due = tube.next_due(jobs);
        if due == tube.due {
            return;
        }
        tube.due = due;
        self.timers.keep(&mut self.slab, slot, due != Time::NEVER);
    }

    /// The tube that is due first, and when.
    pub(super) fn soonest(&self) -> Option<(Time, u32)> {
        self.timers.first().map(|slot| (self.get(slot).due, slot))
    }
}

impl Tube {
    fn new(name: Arc<str>, created: u64, position: u32) -> Self {
        Tube {
            name,
            created,
            ready: Heap::default(),
            delayed: Heap::default(),
            buried: Heap::default(),
            reserved: 0,
            urgent: 0,
            using: 0,
            watching: 0,
            line: Line::default(),
            pause: None,
            counts: TubeCounts::default(),
            position,
            due: Time::NEVER,
            place: NO_PLACE,
        }
    }

    /// Whether a connection or a job refers to it.
    pub(super) fn is_used(&self) -> bool {
        self.using > 0 || self.watching > 0 || self.jobs() > 0
    }

    /// How many jobs it has, in every state.
    pub(super) fn jobs(&self) -> u64 {
        (self.ready.len() + self.delayed.len() + self.buried.len()) as u64 + self.reserved
    }

    fn offer(&self, jobs: &Jobs) -> Offer {
        match self.ready.first() {
            Some(job) if self.pause.is_none() => (jobs.get(job).priority, jobs.get(job).id),
            _ => NO_OFFER,
        }
    }

    fn next_due(&self, jobs: &Jobs) -> Time {
        let delayed = self.delayed.first().map_or(Time::NEVER, |job| Time(jobs.get(job).rank));
        let pause = self.pause.map_or(Time::NEVER, |pause| pause.until);
        delayed.min(pause)
    }
}

impl Tubes {
    /// Verifies what holds within the store.
    pub(super) fn check(&self, jobs: &Jobs) -> Result<(), String> {
        self.timers.check(&self.slab)?;
        ensure(self.slab.len() == self.order.len(), || "tubes outside the list".into())?;
        ensure(self.slab.len() == self.by_name.len(), || "tubes without a name".into())?;
        let mut created = BTreeSet::new();
        for (slot, tube) in self.slab.iter() {
            let name = &tube.name;
            ensure(created.insert(tube.created), || format!("tube {name} was made together with another"))?;
            ensure(self.find(name) == Some(slot), || format!("tube {name} is not where its name says"))?;
            let listed = self.order.get(tube.position as usize);
            ensure(listed == Some(&slot), || format!("tube {name} is not where it is listed"))?;
            ensure(tube.created < self.next_created, || format!("tube {name} comes from the future"))?;
            ensure(self.offers[slot as usize] == tube.offer(jobs), || {
                format!("tube {name} offers another job")
            })?;
            ensure(tube.due == tube.next_due(jobs), || format!("tube {name} is due at another time"))?;
            let timed = self.timers.slots().get(tube.place as usize) == Some(&slot);
            ensure(timed == (tube.due != Time::NEVER), || format!("tube {name} has a wrong timer"))?;
        }
        Ok(())
    }
}

impl Ranked for Slab<Tube> {
    fn key(&self, slot: u32) -> (u64, u64) {
        let tube = self.get(slot);
        (tube.due.0, tube.created)
    }

    fn place(&self, slot: u32) -> u32 {
        self.get(slot).place
    }

    fn set_place(&mut self, slot: u32, place: u32) {
        self.get_mut(slot).place = place;
    }
}
