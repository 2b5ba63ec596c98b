//! Paths, clients and watches in memory, and the lists that join them.

use std::hash::RandomState;

use slab::Slab;

use super::Modes;
use super::index::{Index, of_pair, of_path};
use crate::limits::WATCH_BYTES;

/// The end of a list.
const NONE: u32 = u32::MAX;

struct Path {
    name: Box<str>,
    list: List,
}

struct ClientRecord {
    number: u64,
    /// The last event that it was told of.
    told: u64,
    list: List,
    /// What its watches take up, each with its path.
    bytes: usize,
    gone: bool,
}

struct Watch {
    path: u32,
    client: u32,
    modes: Modes,
    /// Neighbours in the path's list and in the client's.
    of_path: Links,
    of_client: Links,
}

#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

#[derive(Clone, Copy)]
struct Links {
    before: u32,
    after: u32,
}

const EMPTY: List = List { first: NONE, last: NONE };

#[derive(Default)]
pub(super) struct Store {
    paths: Slab<Path>,
    clients: Slab<ClientRecord>,
    watches: Slab<Watch>,
    path_index: Index,
    secret: RandomState,
    watch_index: Index,
    /// Clients that are gone and had watches then.
    buried: Vec<u32>,
    /// Clients that are there and have watches.
    watching: usize,
    /// What all watches take up, with a path that several watch once.
    bytes: usize,
}

/// Two ways to walk over the same watches.
#[derive(Clone, Copy)]
pub(crate) enum Along {
    Path,
    Client,
}

/// Where a list of watches goes on.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place {
    /// The path's slot, or the client's.
    group: u32,
    /// The next watch of the group, if it has begun.
    watch: Option<u32>,
}

/// Takes each watch of a list: its client's number and its path, or that a place was empty. False for a pause.
pub(crate) type Visit<'a> = dyn FnMut(Option<(u64, &str)>) -> bool + 'a;

impl Watch {
    fn group(&self, along: Along) -> u32 {
        match along {
            Along::Path => self.path,
            Along::Client => self.client,
        }
    }

    fn links(&self, along: Along) -> Links {
        match along {
            Along::Path => self.of_path,
            Along::Client => self.of_client,
        }
    }
}

impl Store {
    pub(super) fn add_client(&mut self, number: u64) -> u32 {
        slot(self.clients.insert(ClientRecord { number, told: 0, list: EMPTY, bytes: 0, gone: false }))
    }

    pub(super) fn bury_client(&mut self, client: u32) {
        let record = &mut self.clients[client as usize];
        record.gone = true;
        if record.list.first == NONE {
            self.clients.remove(client as usize);
        } else {
            self.watching -= 1;
            self.buried.push(client);
        }
    }

    /// A watch of a client that is gone.
    pub(super) fn next_buried(&mut self) -> Option<(u32, Modes)> {
        loop {
            let client = *self.buried.last()? as usize;
            if let Some(watch) = some(self.clients[client].list.first) {
                return Some((watch, self.watches[watch as usize].modes));
            }
            self.clients.remove(client);
            self.buried.pop();
        }
    }

    pub(super) fn find(&self, client: u32, path: &str) -> Option<u32> {
        self.find_watch(client, self.find_path(path)?)
    }

    /// Adds a watch of the client, which has none on the path. It is for nothing yet.
    pub(super) fn add(&mut self, client: u32, path: &str) -> u32 {
        let path = self.find_path(path).unwrap_or_else(|| self.add_path(path));
        self.add_watch(client, path)
    }

    pub(super) fn modes(&self, watch: u32) -> Modes {
        self.watches[watch as usize].modes
    }

    pub(super) fn set_modes(&mut self, watch: u32, modes: Modes) {
        self.watches[watch as usize].modes = modes;
    }

    pub(super) fn first_of_path(&self, path: &str) -> Option<u32> {
        some(self.paths[self.find_path(path)? as usize].list.first)
    }

    pub(super) fn next_of_path(&self, watch: u32) -> Option<u32> {
        some(self.watches[watch as usize].of_path.after)
    }

    /// Whom to tell of the event, unless it is gone or knows already.
    pub(super) fn tell(&mut self, watch: u32, event: u64) -> Option<u64> {
        let client = &mut self.clients[self.watches[watch as usize].client as usize];
        let tell = !client.gone && client.told != event;
        client.told = event;
        tell.then_some(client.number)
    }

    pub(super) fn remove(&mut self, watch: u32) {
        self.unlink(watch, Along::Path);
        self.unlink(watch, Along::Client);
        let Watch { path, client, .. } = self.watches.remove(watch as usize);
        self.watch_index.remove(of_pair(client, path), watch);
        self.bytes -= WATCH_BYTES;
        self.clients[client as usize].bytes -= WATCH_BYTES + self.paths[path as usize].name.len();
        if self.paths[path as usize].list.first == NONE {
            let Path { name, .. } = self.paths.remove(path as usize);
            self.bytes -= name.len();
            self.path_index.remove(of_path(&self.secret, &name), path);
        }
        let client = &self.clients[client as usize];
        self.watching -= usize::from(client.list.first == NONE && !client.gone);
    }

    pub(super) fn len(&self) -> usize {
        self.watches.len()
    }

    pub(super) fn paths(&self) -> usize {
        self.path_index.len()
    }

    /// What all watches take up.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the watches of a client take up.
    pub(super) fn bytes_of(&self, client: u32) -> usize {
        self.clients[client as usize].bytes
    }

    pub(super) fn watching_clients(&self) -> usize {
        self.watching
    }

    /// See [`super::Watches::list`].
    pub(super) fn piece(&self, along: Along, from: Place, visit: &mut Visit<'_>) -> Option<Place> {
        let Place { mut group, mut watch } = from;
        let groups = match along {
            Along::Path => self.paths.capacity(),
            Along::Client => self.clients.capacity(),
        };
        while (group as usize) < groups {
            // It may have gone since the last piece; those behind it are left out then.
            let found = match watch {
                Some(watch) => self.watches.get(watch as usize).filter(|watch| watch.group(along) == group),
                None => self.first_of_group(along, group),
            };
            watch = found.and_then(|watch| some(watch.links(along).after));
            group += u32::from(watch.is_none());
            let told = found.map(|watch| {
                let client = &self.clients[watch.client as usize];
                (client, &*self.paths[watch.path as usize].name)
            });
            let told = told.filter(|(client, _)| !client.gone).map(|(client, path)| (client.number, path));
            if !visit(told) {
                break;
            }
        }
        ((group as usize) < groups).then_some(Place { group, watch })
    }

    fn first_of_group(&self, along: Along, group: u32) -> Option<&Watch> {
        let list = match along {
            Along::Path => self.paths.get(group as usize).map(|path| path.list),
            Along::Client => self.clients.get(group as usize).map(|client| client.list),
        };
        self.watches.get(list?.first as usize)
    }

    fn find_path(&self, path: &str) -> Option<u32> {
        self.path_index.find(of_path(&self.secret, path), |other| *self.paths[other as usize].name == *path)
    }

    fn add_path(&mut self, path: &str) -> u32 {
        self.bytes += path.len();
        let added = slot(self.paths.insert(Path { name: path.into(), list: EMPTY }));
        self.path_index.insert(of_path(&self.secret, path), added);
        added
    }

    fn find_watch(&self, client: u32, path: u32) -> Option<u32> {
        self.watch_index.find(of_pair(client, path), |other| {
            let watch = &self.watches[other as usize];
            watch.client == client && watch.path == path
        })
    }

    fn add_watch(&mut self, client: u32, path: u32) -> u32 {
        let unlinked = Links { before: NONE, after: NONE };
        let watch = Watch { path, client, modes: Modes::NONE, of_path: unlinked, of_client: unlinked };
        let added = slot(self.watches.insert(watch));
        self.watch_index.insert(of_pair(client, path), added);
        self.bytes += WATCH_BYTES;
        self.clients[client as usize].bytes += WATCH_BYTES + self.paths[path as usize].name.len();
        self.watching += usize::from(self.clients[client as usize].list.first == NONE);
        self.link_last(added, Along::Path);
        self.link_last(added, Along::Client);
        added
    }

    fn link_last(&mut self, watch: u32, along: Along) {
        let list = self.list(watch, along);
        let last = std::mem::replace(&mut list.last, watch);
        if last == NONE {
            list.first = watch;
        } else {
            self.links(last, along).after = watch;
        }
        *self.links(watch, along) = Links { before: last, after: NONE };
    }

    fn unlink(&mut self, watch: u32, along: Along) {
        let Links { before, after } = *self.links(watch, along);
        match before {
            NONE => self.list(watch, along).first = after,
            before => self.links(before, along).after = after,
        }
        match after {
            NONE => self.list(watch, along).last = before,
            after => self.links(after, along).before = before,
        }
    }

    fn links(&mut self, watch: u32, along: Along) -> &mut Links {
        let watch = &mut self.watches[watch as usize];
        match along {
            Along::Path => &mut watch.of_path,
            Along::Client => &mut watch.of_client,
        }
    }

    /// The list in which the watch lies or is to lie.
    fn list(&mut self, watch: u32, along: Along) -> &mut List {
        let watch = &self.watches[watch as usize];
        match along {
            Along::Path => &mut self.paths[watch.path as usize].list,
            Along::Client => &mut self.clients[watch.client as usize].list,
        }
    }
}

fn some(slot: u32) -> Option<u32> {
    (slot != NONE).then_some(slot)
}

/// Slots are numbered from 0 without gaps, and 4 billion of anything do not fit into memory.
fn slot(key: usize) -> u32 {
    u32::try_from(key).expect("fewer watches than 4 billion")
}
