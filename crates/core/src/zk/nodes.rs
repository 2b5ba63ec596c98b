//! All znodes: where they lie, and how they are found and linked. What commands mean is elsewhere.

use super::names::Names;
use super::node::{Content, Lease, More, NONE, Node};
use super::reply::Stat;
use crate::check::ensure;
use crate::slab::Slab;

/// The slot of the root; it is made first and never removed.
pub(super) const ROOT: u32 = 0;

/// The store of znodes.
pub(super) struct Nodes {
    slab: Slab<Node>,
    more: Slab<More>,
    names: Names,
}

impl Nodes {
    /// A store without any znodes, not even the root.
    pub(super) fn new(seed: u64) -> Self {
        Nodes { slab: Slab::new(), more: Slab::new(), names: Names::new(seed) }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    /// The data of all znodes, in bytes.
    pub(super) fn data_bytes(&self) -> u64 {
        self.more(ROOT).bytes_below + self.get(ROOT).content.data_len() as u64
    }

    pub(super) fn get(&self, slot: u32) -> &Node {
        self.slab.get(slot)
    }

    /// The znode in `slot`, to be changed.
    pub(super) fn change(&mut self, slot: u32) -> &mut Node {
        self.slab.get_mut(slot)
    }

    /// What the znode has more than others; that of a new one if it has nothing.
    pub(super) fn more(&self, slot: u32) -> More {
        let node = self.slab.get(slot);
        match node.more {
            NONE => More::new(node.czxid),
            more => *self.more.get(more),
        }
    }

    /// What the znode has more than others, to be changed.
    pub(super) fn change_more(&mut self, slot: u32) -> &mut More {
        self.more_mut(slot)
    }

    /// As [`Self::change_more`], for what follows from other znodes: links and sums.
    fn more_mut(&mut self, slot: u32) -> &mut More {
        let node = self.slab.get_mut(slot);
        if node.more == NONE {
            node.more = self.more.insert(More::new(node.czxid));
        }
        self.more.get_mut(node.more)
    }

    /// The child of this name.
    pub(super) fn child(&self, parent: u32, name: &[u8]) -> Option<u32> {
        self.names.find(&self.slab, parent, name)
    }

    /// The znode with this path, which may be any text. The root is found as `/` and as nothing at all, as in
    /// ZooKeeper.
    pub(super) fn find(&self, path: &str) -> Option<u32> {
        if matches!(path, "" | "/") {
            return Some(ROOT);
        }
        let mut names = path.strip_prefix('/')?.split('/');
        names.try_fold(ROOT, |parent, name| self.child(parent, name.as_bytes()))
    }

    /// Makes a znode that is there before the first transaction.
    pub(super) fn plant(&mut self, parent: u32, name: &str, acl: u32, sequence: i32) -> u32 {
        let slot = self.insert(Node::new(parent, name, Some(&[]), acl, sequence));
        if parent != NONE {
            let last = self.last_child(parent);
            self.link(slot, last);
        }
        slot
    }

    /// Keeps a znode that is linked nowhere yet.
    pub(super) fn insert(&mut self, node: Node) -> u32 {
        self.slab.insert(node)
    }

    /// Forgets a znode that is linked nowhere any more.
    pub(super) fn remove(&mut self, slot: u32) {
        let node = self.slab.remove(slot);
        if node.more != NONE {
            self.more.remove(node.more);
        }
    }

    /// Makes a znode the child of its parent, right behind a brother, or as the first one.
    pub(super) fn link(&mut self, slot: u32, before: u32) {
        let parent = self.slab.get(slot).parent;
        let family = self.more_mut(parent);
        family.children += 1;
        let behind = if before == NONE { family.first } else { self.slab.get(before).behind };
        self.join(parent, before, slot);
        self.join(parent, slot, behind);
        self.names.insert(&mut self.slab, slot);
        self.sum_up(slot, |sum, part| sum + part, |sum, part| sum + part);
    }

    /// Takes a znode from its parent, and tells behind which brother it was.
    pub(super) fn unlink(&mut self, slot: u32) -> u32 {
        self.sum_up(slot, |sum, part| sum - part, |sum, part| sum - part);
        self.names.remove(&mut self.slab, slot);
        let &Node { parent, before, behind, .. } = self.slab.get(slot);
        self.more_mut(parent).children -= 1;
        self.join(parent, before, behind);
        before
    }

    /// Puts other content into a znode, and gives the old one back.
    pub(super) fn replace_content(&mut self, slot: u32, content: Content) -> Content {
        let node = self.slab.get_mut(slot);
        let (old, new) = (node.content.data_len() as u64, content.data_len() as u64);
        let content = std::mem::replace(&mut node.content, content);
        let parent = node.parent;
        self.for_ancestors(parent, |more| more.bytes_below = more.bytes_below + new - old);
        content
    }

    /// The last of a znode's children.
    pub(super) fn last_child(&self, slot: u32) -> u32 {
        self.more(slot).last
    }

    /// A znode's children, in the order in which they were made.
    pub(super) fn children(&self, slot: u32) -> impl Iterator<Item = u32> {
        let first = Some(self.more(slot).first).filter(|first| *first != NONE);
        std::iter::successors(first, |slot| Some(self.get(*slot).behind).filter(|behind| *behind != NONE))
    }

    /// The path of a znode, at the end of `path`.
    pub(super) fn write_path(&self, slot: u32, path: &mut String) {
        let mut names = Vec::new();
        let mut slot = slot;
        while slot != ROOT {
            let node = self.get(slot);
            names.push(node.content.name_str());
            slot = node.parent;
        }
        if names.is_empty() {
            path.push('/');
        }
        for name in names.into_iter().rev() {
            path.push('/');
            path.push_str(name);
        }
    }

    pub(super) fn path(&self, slot: u32) -> String {
        let mut path = String::new();
        self.write_path(slot, &mut path);
        path
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "as the protocol counts")]
    pub(super) fn stat(&self, slot: u32) -> Stat {
        let node = self.get(slot);
        let more = self.more(slot);
        let owner = if let Lease::Ephemeral { session, .. } = more.lease { session } else { 0 };
        Stat {
            czxid: node.czxid,
            mzxid: node.mzxid,
            ctime: node.created.signed(),
            mtime: node.modified.signed(),
            version: node.version,
            cversion: more.cversion.wrapping_mul(2).wrapping_sub(more.children as i32),
            aversion: more.aversion,
            ephemeral_owner: owner,
            data_length: node.content.data_len() as i32,
            num_children: more.children as i32,
            pzxid: more.pzxid,
        }
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

    /// Adds a childless znode to what its ancestors count, or takes it off.
    fn sum_up(&mut self, slot: u32, nodes: impl Fn(u32, u32) -> u32, bytes: impl Fn(u64, u64) -> u64) {
        let node = self.slab.get(slot);
        let len = node.content.data_len() as u64;
        self.for_ancestors(node.parent, |more| {
            more.nodes_below = nodes(more.nodes_below, 1);
            more.bytes_below = bytes(more.bytes_below, len);
        });
    }

    fn for_ancestors(&mut self, parent: u32, change: impl Fn(&mut More)) {
        let mut slot = parent;
        while slot != NONE {
            change(self.more_mut(slot));
            slot = self.slab.get(slot).parent;
        }
    }
}

impl Nodes {
    /// Verifies what holds within the store.
    pub(super) fn check(&self) -> Result<(), String> {
        self.names.check(&self.slab)?;
        let more = self.slab.iter().filter(|(_, node)| node.more != NONE).count();
        ensure(more == self.more.len(), || format!("{more} znodes have more, counted {}", self.more.len()))
    }
}
