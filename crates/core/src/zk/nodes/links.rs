//! Families: who is whose child, in which order, and what every znode counts of those below it.

use super::Nodes;
use crate::zk::node::{Content, NONE, Node};

impl Nodes {
    /// Makes a znode the child of its parent, right behind a brother, or as the first one.
    pub(in crate::zk) fn link(&mut self, slot: u32, before: u32) {
        self.join_family(slot, before);
        self.sum_up(slot, true);
    }

    /// As [`Self::link`], but leaves the ancestors' sums to [`Self::sum_up_all`].
    pub(in crate::zk) fn join_family(&mut self, slot: u32, before: u32) {
        let parent = self.slab.get(slot).parent;
        let family = self.more_mut(parent);
        family.children += 1;
        let behind = if before == NONE { family.first } else { self.slab.get(before).behind };
        self.join(parent, before, slot);
        self.join(parent, slot, behind);
        self.names.insert(&mut self.slab, slot);
    }

    /// Makes all sums, when there are none yet. `order` has all slots, parents before their children.
    pub(in crate::zk) fn sum_up_all(&mut self, order: &[u32]) {
        let mut path_bytes = vec![0; self.slab.end() as usize];
        let root = self.root;
        for slot in order.iter().filter(|slot| **slot != root) {
            let node = self.slab.get(*slot);
            let own = path_bytes[node.parent as usize] + 1 + node.content.name().len() as u64;
            path_bytes[*slot as usize] = own;
            self.path_bytes += own;
        }
        for slot in order.iter().rev().filter(|slot| **slot != root) {
            let node = self.slab.get(*slot);
            let (parent, bytes, own) = (node.parent, node.content.data_len() as u64, self.more(*slot));
            let more = self.more_mut(parent);
            more.nodes_below += own.nodes_below + 1;
            more.bytes_below += own.bytes_below + bytes;
        }
    }

    /// Takes a znode from its parent, and tells behind which brother it was.
    pub(in crate::zk) fn unlink(&mut self, slot: u32) -> u32 {
        self.sum_up(slot, false);
        self.names.remove(&mut self.slab, slot);
        let &Node { parent, before, behind, .. } = self.slab.get(slot);
        self.more_mut(parent).children -= 1;
        self.join(parent, before, behind);
        before
    }

    /// Puts other content into a znode, and gives the old one back.
    pub(in crate::zk) fn replace_content(&mut self, slot: u32, content: Content) -> Content {
        self.save(slot);
        let node = self.slab.get_mut(slot);
        let (old, new) = (node.content.data_len() as u64, content.data_len() as u64);
        let content = std::mem::replace(&mut node.content, content);
        let mut here = node.parent;
        while here != NONE {
            let more = self.more_mut(here);
            more.bytes_below = more.bytes_below + new - old;
            here = self.slab.get(here).parent;
        }
        content
    }

    /// Makes two znodes neighbours among the children of `parent`; [`NONE`] is the end of the line.
    fn join(&mut self, parent: u32, before: u32, behind: u32) {
        if before == NONE {
            self.more_mut(parent).first = behind;
        } else {
            self.slab.get_mut(before).behind = behind;
        }
        if behind == NONE {
            self.more_mut(parent).last = before;
        } else {
            self.slab.get_mut(behind).before = before;
        }
    }

    /// Lets the ancestors of a childless znode count it, or not any more.
    fn sum_up(&mut self, slot: u32, comes: bool) {
        let bytes = self.slab.get(slot).content.data_len() as u64;
        let mut path_bytes = 0;
        let mut here = slot;
        while here != self.root {
            let node = self.slab.get(here);
            path_bytes += 1 + node.content.name().len() as u64;
            here = node.parent;
            let more = self.more_mut(here);
            if comes {
                more.nodes_below += 1;
                more.bytes_below += bytes;
            } else {
                more.nodes_below -= 1;
                more.bytes_below -= bytes;
            }
        }
        if comes {
            self.path_bytes += path_bytes;
        } else {
            self.path_bytes -= path_bytes;
        }
    }
}
