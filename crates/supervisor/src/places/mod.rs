//! The places of a program whose jobs get a process each: which of them are to take jobs, by the file and by what people
//! have asked for. Nothing here starts a process or knows a job, and nothing is remembered of what was done.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::fleet::Target;

/// The places that a program should have.
///
/// ```
/// use std::collections::BTreeMap;
/// use trellis_supervisor::fleet::Target;
/// use trellis_supervisor::places::{Places, Presence, Step};
///
/// let mut places = Places::default();
/// places.set_count(2);
/// assert_eq!(places.steps(&BTreeMap::new()), [Step::Join(0), Step::Join(1)]);
/// places.stop(&Target::Program("mail".to_owned()));
/// let present = BTreeMap::from([(0, Presence::Taking), (1, Presence::Leaving)]);
/// assert_eq!(places.steps(&present), [Step::Retire(0)]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Places {
    count: u32,
    /// Somebody has stopped the program.
    held: bool,
    /// Somebody has stopped these.
    held_places: BTreeSet<u32>,
}

/// How a place is that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It takes jobs by the rules that are in force.
    Taking,
    /// It takes jobs by rules that are in force no more.
    Superseded,
    /// It finishes its last job, or its process is being killed.
    Leaving,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This place is to take jobs.
    Join(u32),
    /// This place is to take no more jobs.
    Retire(u32),
}

impl Places {
    /// How many there are by the file. A place that somebody has stopped stays so as long as there is one.
    pub fn set_count(&mut self, count: u32) {
        self.count = count;
        self.held_places.retain(|place| *place < count);
    }

    /// How many there are by the file.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether somebody has stopped the whole program.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Whether this place is to take jobs.
    #[must_use]
    pub fn is_wanted(&self, place: u32) -> bool {
        place < self.count && !self.held && !self.held_places.contains(&place)
    }

    /// What is meant takes jobs; a program as a whole, whatever of it was stopped.
    pub fn start(&mut self, target: &Target) {
        match target {
            Target::Program(_) => self.held_places.clear(),
            Target::Process(name) => drop(self.held_places.remove(&name.index)),
        }
        if self.held
            && let Target::Process(name) = target
        {
            // The others stay as they are.
            self.held_places = (0..self.count).filter(|place| *place != name.index).collect();
        }
        self.held = false;
    }

    /// What is meant takes no more jobs, until somebody starts it.
    pub fn stop(&mut self, target: &Target) {
        match target {
            Target::Program(_) => self.held = true,
            Target::Process(name) => drop(self.held_places.insert(name.index)),
        }
    }

    /// What brings those that are there to what is wanted. Ask again whenever a place has come or gone.
    #[must_use]
    pub fn steps(&self, present: &BTreeMap<u32, Presence>) -> Vec<Step> {
        let goes = |(place, presence): &(&u32, &Presence)| match presence {
            Presence::Taking => !self.is_wanted(**place),
            Presence::Superseded => true,
            Presence::Leaving => false,
        };
        let mut steps: Vec<Step> =
            present.iter().filter(goes).map(|(place, _)| Step::Retire(*place)).collect();
        let missing = (0..self.count).filter(|place| self.is_wanted(*place) && !present.contains_key(place));
        steps.extend(missing.map(Step::Join));
        steps
    }
}
