//! Who watches which znode. Watches belong to this node and its connections; the state machine knows nothing of
//! them.
//!
//! The rules are the real server's: `WatchManager` and `DataTree` of 3.8, and of 3.9 where it lets watches of
//! different modes on one path live side by side instead of the last one replacing the others.
//!
//! A watch lies in two lists, of its path and of its client, and is found by both through hash tables in shards, so
//! that a million watches of one client and a hundred thousand on one znode are each added, fired and removed in the
//! same time as one.

mod index;
mod store;

use std::ops::BitOr;

pub(crate) use store::{Along, Place};
use store::{Store, Visit};

use crate::limits::{
    WATCH_BYTES, WATCH_BYTES_OF_CLIENT_GRANTED, WATCH_BYTES_OF_CLIENT_MAX, WATCH_BYTES_TOTAL_MAX,
};

/// What a client wants to be told about a path; several at once are possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes(u8);

impl Modes {
    /// Once, when the znode is created, changed or deleted.
    pub(crate) const DATA: Modes = Modes(1);
    /// Once, when a child comes or goes, or the znode is deleted.
    pub(crate) const CHILD: Modes = Modes(2);
    /// Each time, until it is removed.
    pub(crate) const PERSISTENT: Modes = Modes(4 | 8);
    /// Each time, for the znode and everything below it; changes of children are told as their own creation and
    /// deletion.
    pub(crate) const RECURSIVE: Modes = Modes(16 | 32);

    /// The part that removing "data watches" removes.
    pub(crate) const ALL_DATA: Modes = Modes(1 | 4 | 16);
    /// The part that removing "child watches" removes.
    pub(crate) const ALL_CHILD: Modes = Modes(2 | 8 | 32);
    /// Everything.
    pub(crate) const ANY: Modes = Modes(63);

    const NONE: Modes = Modes(0);
    /// What a change of the znode itself goes to, on its path and on those above; its end goes to all there.
    const OF_DATA: Modes = Modes(1 | 4 | 16);
    const RECURSIVE_DATA: Modes = Modes(16);
    /// What a change of children goes to. Recursive watches hear of the child itself.
    const OF_CHILDREN: Modes = Modes(2 | 8);
    const ONE_SHOT: Modes = Modes(1 | 2);

    fn intersects(self, other: Modes) -> bool {
        self.0 & other.0 != 0
    }

    fn sides(self) -> usize {
        usize::from(self.intersects(Modes::ALL_DATA)) + usize::from(self.intersects(Modes::ALL_CHILD))
    }

    fn without(self, other: Modes) -> Modes {
        Modes(self.0 & !other.0)
    }
}

impl BitOr for Modes {
    type Output = Modes;

    fn bitor(self, other: Modes) -> Modes {
        Modes(self.0 | other.0)
    }
}

/// What has happened to a znode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Created,
    Deleted,
    DataChanged,
    ChildrenChanged,
}

/// A client's number among the watchers, valid until [`Watches::remove_client`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Client(u32);

/// How many bytes watches may take up.
#[derive(Clone, Copy, Debug)]
struct Limits {
    of_client: usize,
    total: usize,
    /// A client may have so many whatever the others have.
    granted: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            of_client: WATCH_BYTES_OF_CLIENT_MAX,
            total: WATCH_BYTES_TOTAL_MAX,
            granted: WATCH_BYTES_OF_CLIENT_GRANTED,
        }
    }
}

/// A watch is refused: those that are there already have so many bytes that it would exceed a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMuch {
    /// The client's own.
    #[error("the watches of a client may have {limit} bytes, and its watches have {bytes}")]
    OfClient {
        /// What its watches have.
        bytes: usize,
        /// What they may have.
        limit: usize,
    },
    /// Everybody's.
    #[error("the watches of all clients together may have {limit} bytes, and they have {bytes}")]
    OfAll {
        /// What all watches have.
        bytes: usize,
        /// What they may have.
        limit: usize,
    },
}

/// All watches of this node.
#[derive(Default)]
pub(crate) struct Watches {
    store: Store,
    limits: Limits,
    /// How many watches are recursive. Without any, nobody looks above the path of an event.
    recursive: usize,
    /// How many watches are for data, and how many for children, together.
    sides: usize,
    /// Counts events, so that nobody is told twice of one.
    event: u64,
}

impl Watches {
    /// Makes room for the watches of a connection, which is `number` to whoever is told of events.
    pub(crate) fn add_client(&mut self, number: u64) -> Client {
        Client(self.store.add_client(number))
    }

    /// Forgets a client. Its watches fire no more; [`Self::clean`] gives their memory back.
    pub(crate) fn remove_client(&mut self, client: Client) {
        self.store.bury_client(client.0);
    }

    /// Gives back the memory of up to `count` watches of clients that are gone. True while there are more.
    pub(crate) fn clean(&mut self, count: usize) -> bool {
        for _ in 0..count {
            let Some((watch, modes)) = self.store.next_buried() else { return false };
            self.set(watch, modes, Modes::NONE);
        }
        true
    }

    /// Adds to what a client watches, unless there is no room for its path.
    pub(crate) fn add(&mut self, client: Client, path: &str, modes: Modes) -> Result<(), TooMuch> {
        let watch = match self.store.find(client.0, path) {
            Some(watch) => watch,
            None => {
                self.demand_room(client, WATCH_BYTES + path.len())?;
                self.store.add(client.0, path)
            }
        };
        let before = self.store.modes(watch);
        self.set(watch, before, before | modes);
        Ok(())
    }

    fn demand_room(&self, client: Client, more: usize) -> Result<(), TooMuch> {
        let Limits { of_client, total, granted } = self.limits;
        let (own, all) = (self.store.bytes_of(client.0), self.store.bytes());
        if own + more > of_client {
            return Err(TooMuch::OfClient { bytes: own, limit: of_client });
        }
        if all + more > total && own + more > granted {
            return Err(TooMuch::OfAll { bytes: all, limit: total });
        }
        Ok(())
    }

    /// Whether a client has any of `modes` on a path.
    pub(crate) fn has(&self, client: Client, path: &str, modes: Modes) -> bool {
        let watch = self.store.find(client.0, path);
        watch.is_some_and(|watch| self.store.modes(watch).intersects(modes))
    }

    /// Takes `modes` from what a client watches; false if it had none of them on the path.
    pub(crate) fn remove(&mut self, client: Client, path: &str, modes: Modes) -> bool {
        let Some(watch) = self.store.find(client.0, path) else { return false };
        let before = self.store.modes(watch);
        self.set(watch, before, before.without(modes));
        before.intersects(modes)
    }

    fn set(&mut self, watch: u32, before: Modes, after: Modes) {
        self.recursive += usize::from(after.intersects(Modes::RECURSIVE));
        self.recursive -= usize::from(before.intersects(Modes::RECURSIVE));
        self.sides += after.sides();
        self.sides -= before.sides();
        if after == Modes::NONE {
            self.store.remove(watch);
        } else {
            self.store.set_modes(watch, after);
        }
    }

    /// Tells each client that watches what has happened, once, in the order in which they began to watch; watches
    /// that were for once are gone then.
    pub(crate) fn fire(&mut self, event: Event, path: &str, tell: &mut dyn FnMut(u64)) {
        if self.store.len() == 0 {
            return;
        }
        self.event += 1;
        let here = match event {
            Event::Created | Event::DataChanged => Modes::OF_DATA,
            Event::Deleted => Modes::ANY,
            Event::ChildrenChanged => Modes::OF_CHILDREN,
        };
        self.fire_at(path, here, tell);
        let above = match event {
            Event::Created | Event::DataChanged => Modes::RECURSIVE_DATA,
            Event::Deleted => Modes::RECURSIVE,
            Event::ChildrenChanged => return,
        };
        if self.recursive > 0 {
            let mut rest = path;
            while let Some(slash) = rest.rfind('/').filter(|_| rest.len() > 1) {
                rest = if slash == 0 { "/" } else { &rest[..slash] };
                self.fire_at(rest, above, tell);
            }
        }
    }

    fn fire_at(&mut self, path: &str, wanted: Modes, tell: &mut dyn FnMut(u64)) {
        let mut next = self.store.first_of_path(path);
        while let Some(watch) = next {
            // Before the watch is removed, and with it perhaps its path.
            next = self.store.next_of_path(watch);
            let modes = self.store.modes(watch);
            if !modes.intersects(wanted) {
                continue;
            }
            if let Some(number) = self.store.tell(watch, self.event) {
                tell(number);
            }
            let spent = Modes(modes.0 & wanted.0 & Modes::ONE_SHOT.0);
            if spent != Modes::NONE {
                self.set(watch, modes, modes.without(spent));
            }
        }
    }

    /// How many watches there are, and of how many clients and paths.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            watches: self.store.len(),
            clients: self.store.watching_clients(),
            paths: self.store.paths(),
        }
    }

    /// How many watches the real server would count: it keeps those for data and those for children apart.
    pub(crate) fn count_as_real(&self) -> usize {
        self.sides
    }

    /// Lists watches from a place on, by client or by path, until `visit` wants a pause. Gives the place where to go on.
    ///
    /// What comes or goes between two pieces may be missing or not.
    pub(crate) fn list(&self, along: Along, from: Place, visit: &mut Visit<'_>) -> Option<Place> {
        self.store.piece(along, from, visit)
    }
}

/// Sizes, for statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) watches: usize,
    pub(crate) clients: usize,
    pub(crate) paths: usize,
}

#[cfg(test)]
mod tests;
