//! The tree's part of [`Restore`](crate::Restore): puts the znodes and sessions of a snapshot where they were, after
//! making sure that they can be there.

use std::collections::BTreeSet;

use super::node::{Lease, Milliseconds, NONE, Node};
use super::operations::SPECIAL;
use super::path;
use super::quota::QUOTA_ROOT;
use super::tree::Tree;
use crate::directory::Directory;
use crate::limits::TTL_MILLISECONDS_MAX;
use crate::restore::{RestoreError, check_count, check_counters};
use crate::snapshot::{SessionRecord, TreeHeader, ZnodeRecord};

/// A tree in the making. Znodes come in any order; they are linked when all are there.
pub(crate) struct Rebuild {
    header: TreeHeader,
    tree: Tree,
    /// Slots by the numbers that znodes have in the snapshot.
    slots: Directory,
    /// The numbers of those that something ends by itself.
    births: BTreeSet<u64>,
}

/// A znode that waits for its place in the line of its brothers: the older it is, the further at the front.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Child {
    parent: u32,
    /// What it takes from all that an age can be, so that the oldest come first.
    youth: u32,
    slot: u32,
}

impl Rebuild {
    pub(crate) fn new(header: &TreeHeader, seed: u64) -> Result<Self, RestoreError> {
        check_counters(&[("zxid", header.zxid.cast_unsigned()), ("next_birth", header.next_birth)])?;
        let mut tree = Tree::bare(seed);
        tree.zxid = header.zxid;
        tree.next_birth = header.next_birth;
        tree.timers_pause = header.timers_pause;
        Ok(Rebuild { header: header.clone(), tree, slots: Directory::default(), births: BTreeSet::new() })
    }

    pub(crate) fn add_session(&mut self, record: &SessionRecord) -> Result<(), RestoreError> {
        let sessions = &mut self.tree.sessions;
        let taken = record.connection.is_some_and(|connection| sessions.of_connection(connection).is_some());
        if taken || record.id == 0 || sessions.find(record.id).is_some() {
            return Err(RestoreError::SessionImpossible { id: record.id });
        }
        let slot = sessions.insert(record.id, record.password, record.timeout_ms);
        if let Some(connection) = record.connection {
            sessions.attach(slot, connection);
        }
        Ok(())
    }

    /// Makes a znode; until the end its parent is the number that the snapshot says.
    pub(crate) fn add_znode(&mut self, record: &ZnodeRecord<'_>) -> Result<(), RestoreError> {
        let number = u64::from(record.number);
        if self.slots.get(number).is_some() || !self.can_be(record) {
            return Err(RestoreError::ZnodeImpossible { number: record.number });
        }
        let tree = &mut self.tree;
        let acl = tree.nodes.acls.add(record.acl);
        let facts = &record.facts;
        let parent = record.parent.unwrap_or(NONE);
        let slot = tree.nodes.insert(Node {
            czxid: facts.czxid,
            mzxid: facts.mzxid,
            created: Milliseconds::new(facts.created_milliseconds),
            modified: Milliseconds::new(facts.modified_milliseconds),
            version: facts.version,
            ..Node::new(parent, record.name, record.data, acl, facts.sequence)
        });
        self.slots.insert(number, slot);
        if (facts.pzxid, facts.cversion, facts.aversion, facts.lease) != (facts.czxid, 0, 0, Lease::None) {
            let more = tree.nodes.change_more(slot);
            (more.pzxid, more.cversion, more.aversion) = (facts.pzxid, facts.cversion, facts.aversion);
            more.lease = facts.lease;
        }
        tree.begin_lease(slot);
        Ok(())
    }

    /// Whether there can be such a znode, whatever the others are.
    fn can_be(&mut self, record: &ZnodeRecord<'_>) -> bool {
        let facts = &record.facts;
        let name_is_right = match record.parent {
            Some(parent) => parent != NONE && path::is_valid_name(record.name),
            None => record.name.is_empty() && !self.tree.nodes.has_root(),
        };
        let known = 0..=self.tree.zxid;
        let past = [facts.czxid, facts.mzxid, facts.pzxid].iter().all(|zxid| known.contains(zxid));
        name_is_right && past && !record.acl.bytes().is_empty() && self.can_end(facts.lease)
    }

    fn can_end(&mut self, lease: Lease) -> bool {
        let (birth, is_right) = match lease {
            Lease::None => return true,
            Lease::Ephemeral { session, birth } => (birth, self.tree.sessions.find(session).is_some()),
            Lease::Container { birth, .. } => (birth, true),
            Lease::Ttl { birth, ttl_ms, .. } => (birth, (1..=TTL_MILLISECONDS_MAX).contains(&ttl_ms)),
        };
        is_right && birth < self.tree.next_birth && self.births.insert(birth)
    }

    /// The tree, when everything is there and fits together.
    pub(crate) fn finish(mut self) -> Result<Tree, RestoreError> {
        check_count("sessions", self.header.sessions, self.tree.sessions.len())?;
        check_count("znodes", self.header.znodes, self.tree.nodes.len())?;
        let children = self.find_parents()?;
        let order = self.link(&children)?;
        self.tree.nodes.sum_up_all(&order);
        if let Some(path) = SPECIAL.iter().find(|path| self.tree.nodes.find(path).is_none()) {
            return Err(RestoreError::ZnodeMissing { path });
        }
        self.tree.quota_root = self.tree.nodes.find(QUOTA_ROOT).unwrap_or(NONE);
        Ok(self.tree)
    }

    /// All znodes but the root with the slots of their parents: brothers together, the oldest first.
    fn find_parents(&mut self) -> Result<Vec<Child>, RestoreError> {
        let nodes = &mut self.tree.nodes;
        let mut children = Vec::with_capacity(nodes.len());
        for (number, slot) in self.slots.iter() {
            let node = nodes.get(slot);
            if node.parent == NONE {
                continue;
            }
            let lost = || RestoreError::ZnodeLost { number: u32::try_from(number).unwrap_or(NONE) };
            let parent = self.slots.get(node.parent.into()).ok_or_else(lost)?;
            let family = nodes.more(parent);
            let age = family.cversion.wrapping_sub(node.sequence).cast_unsigned();
            if age == 0 || matches!(family.lease, Lease::Ephemeral { .. }) {
                return Err(lost());
            }
            children.push(Child { parent, youth: u32::MAX - age, slot });
        }
        for child in &children {
            nodes.set_parent(child.slot, child.parent);
        }
        children.sort_unstable();
        Ok(children)
    }

    /// Links the children to their parents. Tells all slots, parents before their children.
    fn link(&mut self, children: &[Child]) -> Result<Vec<u32>, RestoreError> {
        let nodes = &mut self.tree.nodes;
        if !nodes.has_root() {
            return Err(RestoreError::ZnodeMissing { path: "/" });
        }
        for Child { parent, slot, .. } in children {
            let content = &nodes.get(*slot).content;
            if nodes.child(*parent, content.name()).is_some() {
                return Err(RestoreError::ZnodeRepeated { name: content.name_str().into() });
            }
            nodes.join_family(*slot, nodes.last_child(*parent));
        }
        let mut order = Vec::with_capacity(nodes.len());
        order.push(nodes.root());
        let mut next = 0;
        while let Some(parent) = order.get(next).copied() {
            next += 1;
            order.extend(nodes.children(parent));
        }
        // Those that are each other's ancestors are nobody's descendants.
        if order.len() == nodes.len() { Ok(order) } else { Err(RestoreError::ZnodesUnreachable) }
    }
}
