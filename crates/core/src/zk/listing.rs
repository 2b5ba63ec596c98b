//! Lists of children: read where they lie, or, if they are long, piece by piece while the tree goes on changing.
//!
//! A listing in pieces walks along the line of brothers, which is in the order in which they were made: those made
//! after it began are at the end and left out, and those deleted before it came to them are kept by name. So it says
//! what was true when it began, and takes memory only for what is deleted meanwhile.

use std::collections::BTreeMap;
use std::fmt;

use super::acl::{Identities, Permissions};
use super::command::Zxid;
use super::error::Error;
use super::node::NONE;
use super::nodes::Nodes;
use super::reply::Stat;
use super::tree::Tree;
use crate::ConnectionId;

/// The names of a znode's children, in the order in which they were made.
#[derive(Clone, Copy)]
pub struct Children<'a> {
    nodes: &'a Nodes,
    parent: u32,
}

impl<'a> Children<'a> {
    pub(super) fn new(nodes: &'a Nodes, parent: u32) -> Self {
        Children { nodes, parent }
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.nodes.more(self.parent).children as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The names.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        self.nodes.children(self.parent).map(|slot| self.nodes.get(slot).content.name_str())
    }
}

impl fmt::Debug for Children<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}

/// A listing that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingStart {
    /// How [`State::zk_listing_next`](crate::State::zk_listing_next) knows it.
    pub id: ListingId,
    /// How many names it will give.
    pub len: usize,
    /// The facts of the znode whose children they are.
    pub stat: Stat,
    /// The last transaction when it began.
    pub zxid: Zxid,
}

/// Names a listing in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListingId {
    parent: u32,
    number: u64,
}

/// The listings that are under way. They belong to this node alone, and are in no snapshot.
#[derive(Default)]
pub(super) struct Listings {
    open: BTreeMap<ListingId, Listing>,
    next_number: u64,
}

struct Listing {
    /// The next child to be given; [`NONE`] at the end.
    next: u32,
    /// The parent's count of creations when it began.
    begun: i32,
    /// Names of children that were deleted before they were given.
    deleted: Vec<Box<str>>,
}

impl Tree {
    /// Begins to list the children of the znode with this path.
    pub(crate) fn listing_begin(
        &mut self,
        connection: ConnectionId,
        identities: Identities<'_>,
        path: &str,
    ) -> Result<ListingStart, Error> {
        self.sessions.of_connection(connection).ok_or(Error::SessionMoved)?;
        let parent = self.nodes.find(path).ok_or(Error::NoNode)?;
        self.demand(parent, Permissions::READ, identities)?;
        let family = self.nodes.more(parent);
        let id = ListingId { parent, number: self.listings.next_number };
        self.listings.next_number += 1;
        let listing = Listing { next: family.first, begun: family.cversion, deleted: Vec::new() };
        self.listings.open.insert(id, listing);
        let (len, stat) = (family.children as usize, self.nodes.stat(parent));
        Ok(ListingStart { id, len, stat, zxid: self.zxid })
    }

    /// Gives at most so many names. Whether there are more, or none if there is no such listing.
    pub(crate) fn listing_next(
        &mut self,
        id: ListingId,
        names: usize,
        sink: &mut dyn FnMut(&str),
    ) -> Option<bool> {
        let listing = self.listings.open.get_mut(&id)?;
        for _ in 0..names {
            match listing.next_child(&self.nodes) {
                Some(slot) => sink(self.nodes.get(slot).content.name_str()),
                None => match listing.deleted.pop() {
                    Some(name) => sink(&name),
                    None => {
                        self.listings.open.remove(&id);
                        return Some(false);
                    }
                },
            }
        }
        Some(true)
    }

    /// Gives a listing up.
    pub(crate) fn listing_end(&mut self, id: ListingId) {
        self.listings.open.remove(&id);
    }
}

impl Listings {
    /// A child is about to be forgotten; it is linked nowhere any more, but knows yet who was behind it.
    pub(super) fn note_deletion(&mut self, nodes: &Nodes, slot: u32) {
        if self.open.is_empty() {
            return;
        }
        let node = nodes.get(slot);
        let of_parent = |number| ListingId { parent: node.parent, number };
        for (_, listing) in self.open.range_mut(of_parent(0)..=of_parent(u64::MAX)) {
            // When nothing is next, all that belong to the listing were given.
            if listing.next == NONE || listing.age(nodes, slot) > listing.age(nodes, listing.next) {
                continue;
            }
            if listing.age(nodes, slot) > 0 {
                listing.deleted.push(node.content.name_str().into());
            }
            if listing.next == slot {
                listing.next = node.behind;
            }
        }
    }
}

impl Listing {
    fn next_child(&mut self, nodes: &Nodes) -> Option<u32> {
        let slot = self.next;
        if slot == NONE || self.age(nodes, slot) <= 0 {
            self.next = NONE;
            return None;
        }
        self.next = nodes.get(slot).behind;
        Some(slot)
    }

    /// How many brothers a child had behind itself when the listing began, deleted ones too; it wasn't there if that
    /// is less than 1.
    fn age(&self, nodes: &Nodes, slot: u32) -> i32 {
        self.begun.wrapping_sub(nodes.get(slot).sequence)
    }
}
