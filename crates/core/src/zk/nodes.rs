//! All znodes: where they lie, how they are found and linked, and what a snapshot needs to read them while they
//! change. What commands mean is elsewhere.
//!
//! What a snapshot keeps of a znode is changed only through [`Nodes::change`], [`Nodes::change_more`] and
//! [`Nodes::remove`], because these keep what a running snapshot hasn't read yet; its content also through
//! [`Nodes::replace_content`], which must be followed by [`Nodes::retire_content`] for the old one.

use std::sync::Arc;

use super::acl::Acl;
use super::acls::Acls;
use super::names::Names;
use super::node::{Content, Lease, More, NONE, Node};
use super::reply::Stat;
use crate::check::ensure;
use crate::slab::Slab;
use crate::snapshot::{ZnodeFacts, ZnodeRecord};
use crate::walk::Walk;

/// The store of znodes.
pub(super) struct Nodes {
    slab: Slab<Node>,
    more: Slab<More>,
    names: Names,
    /// The slot of the root.
    root: u32,
    pub(super) acls: Acls,
    /// A snapshot's way through the znodes.
    walk: Walk<Saved>,
}

/// A znode as a running snapshot needs it.
struct Saved {
    parent: Option<u32>,
    acl: Arc<[u8]>,
    facts: ZnodeFacts,
    /// None while it is still that of the znode in the store.
    content: Option<Content>,
}

impl Nodes {
    /// A store without any znodes, not even the root.
    pub(super) fn new(seed: u64) -> Self {
        Nodes {
            slab: Slab::new(),
            more: Slab::new(),
            names: Names::new(seed),
            root: NONE,
            acls: Acls::new(),
            walk: Walk::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    /// The data of all znodes, in bytes.
    pub(super) fn data_bytes(&self) -> u64 {
        self.more(self.root).bytes_below + self.get(self.root).content.data_len() as u64
    }

    pub(super) fn has_root(&self) -> bool {
        self.root != NONE
    }

    pub(super) fn root(&self) -> u32 {
        self.root
    }

    pub(super) fn get(&self, slot: u32) -> &Node {
        self.slab.get(slot)
    }

    /// The znode in `slot`, to be changed.
    pub(super) fn change(&mut self, slot: u32) -> &mut Node {
        self.save(slot);
        self.slab.get_mut(slot)
    }

    /// What the znode has more than others; that of a new one if it has nothing.
    pub(super) fn more(&self, slot: u32) -> More {
        more_of(self.slab.get(slot), &self.more)
    }

    /// What the znode has more than others, to be changed.
    pub(super) fn change_more(&mut self, slot: u32) -> &mut More {
        self.save(slot);
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
            return Some(self.root);
        }
        let mut names = path.strip_prefix('/')?.split('/');
        names.try_fold(self.root, |parent, name| self.child(parent, name.as_bytes()))
    }

    /// Makes a znode that is there before the first transaction.
    pub(super) fn plant(&mut self, parent: u32, name: &str, acl: Acl<'_>, sequence: i32) -> u32 {
        let acl = self.acls.add(acl);
        let slot = self.insert(Node::new(parent, name, Some(&[]), acl, sequence));
        if parent != NONE {
            let last = self.last_child(parent);
            self.link(slot, last);
        }
        slot
    }

    /// Keeps a znode that is linked nowhere yet. One without a parent is the root from now on.
    pub(super) fn insert(&mut self, node: Node) -> u32 {
        let is_root = node.parent == NONE;
        let slot = self.slab.insert(Node { mark: self.walk.mark(), ..node });
        if is_root {
            self.root = slot;
        }
        slot
    }

    /// Gives a znode that is linked nowhere another parent.
    pub(super) fn set_parent(&mut self, slot: u32, parent: u32) {
        self.slab.get_mut(slot).parent = parent;
    }

    /// Forgets a znode that is linked nowhere any more.
    pub(super) fn remove(&mut self, slot: u32) {
        self.save(slot);
        let node = self.slab.remove(slot);
        self.acls.release(node.acl);
        if node.more != NONE {
            self.more.remove(node.more);
        }
        self.retire_content(slot, node.content);
    }

    /// Makes a znode the child of its parent, right behind a brother, or as the first one.
    pub(super) fn link(&mut self, slot: u32, before: u32) {
        self.join_family(slot, before);
        self.sum_up(slot, |sum, part| sum + part, |sum, part| sum + part);
    }

    /// As [`Self::link`], but leaves the ancestors' sums to [`Self::sum_up_all`].
    pub(super) fn join_family(&mut self, slot: u32, before: u32) {
        let parent = self.slab.get(slot).parent;
        let family = self.more_mut(parent);
        family.children += 1;
        let behind = if before == NONE { family.first } else { self.slab.get(before).behind };
        self.join(parent, before, slot);
        self.join(parent, slot, behind);
        self.names.insert(&mut self.slab, slot);
    }

    /// Makes all sums, when there are none yet. `order` has all slots, parents before their children.
    pub(super) fn sum_up_all(&mut self, order: &[u32]) {
        for slot in order.iter().rev() {
            let node = self.slab.get(*slot);
            let (parent, own_bytes) = (node.parent, node.content.data_len() as u64);
            if parent != NONE {
                let own = self.more(*slot);
                let more = self.more_mut(parent);
                more.nodes_below += own.nodes_below + 1;
                more.bytes_below += own.bytes_below + own_bytes;
            }
        }
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
        self.save(slot);
        let node = self.slab.get_mut(slot);
        let (old, new) = (node.content.data_len() as u64, content.data_len() as u64);
        let content = std::mem::replace(&mut node.content, content);
        let parent = node.parent;
        self.for_ancestors(parent, |more| more.bytes_below = more.bytes_below + new - old);
        content
    }

    /// What isn't the content of the znode in `slot` any more is no longer needed, except by a running snapshot.
    pub(super) fn retire_content(&mut self, slot: u32, content: Content) {
        if let Some(saved) = self.walk.saved_mut(slot)
            && saved.content.is_none()
        {
            saved.content = Some(content);
        }
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

    pub(super) fn path(&self, slot: u32) -> String {
        let mut path = String::new();
        let mut names = Vec::new();
        let mut slot = slot;
        while slot != self.root {
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
    /// Keeps the znode as it is now, if a running snapshot has yet to read it.
    fn save(&mut self, slot: u32) {
        let Nodes { slab, more, acls, walk, .. } = self;
        walk.save(slab, slot, |node| Saved {
            parent: parent_of(node),
            acl: acls.share(node.acl),
            facts: facts_of(node, more),
            content: None,
        });
    }

    /// Begins to read all znodes as they are now.
    pub(super) fn walk_begin(&mut self) {
        self.walk.begin(&mut self.slab);
    }

    /// Reads at most `slots` slots further, and at most as many znodes that have changed meanwhile; stops as soon as
    /// their data has `bytes` in all. True while there are more.
    pub(super) fn walk_next(
        &mut self,
        slots: usize,
        bytes: usize,
        sink: &mut dyn FnMut(ZnodeRecord<'_>),
    ) -> bool {
        let Nodes { slab, more, acls, walk, .. } = self;
        walk.next(slab, slots, bytes, &mut |slab, number, saved| {
            let content = match &saved {
                Some(Saved { content: Some(content), .. }) => content,
                _ => &slab.get(number).content,
            };
            let (name, data) = (content.name_str(), content.data());
            let (parent, acl, facts) = match &saved {
                Some(saved) => (saved.parent, Acl::known(&saved.acl), saved.facts),
                None => {
                    let node = slab.get(number);
                    (parent_of(node), acls.get(node.acl), facts_of(node, more))
                }
            };
            sink(ZnodeRecord { number, parent, name, data, acl, facts });
            content.data_len()
        })
    }

    /// Gives a snapshot up.
    pub(super) fn walk_abort(&mut self) {
        self.walk.abort();
    }
}

fn more_of(node: &Node, more: &Slab<More>) -> More {
    match node.more {
        NONE => More::new(node.czxid),
        slot => *more.get(slot),
    }
}

fn parent_of(node: &Node) -> Option<u32> {
    Some(node.parent).filter(|parent| *parent != NONE)
}

fn facts_of(node: &Node, more: &Slab<More>) -> ZnodeFacts {
    let more = more_of(node, more);
    ZnodeFacts {
        czxid: node.czxid,
        mzxid: node.mzxid,
        pzxid: more.pzxid,
        created_milliseconds: node.created.get(),
        modified_milliseconds: node.modified.get(),
        version: node.version,
        cversion: more.cversion,
        aversion: more.aversion,
        sequence: node.sequence,
        lease: more.lease,
    }
}

impl Nodes {
    /// Verifies what holds within the store.
    pub(super) fn check(&self) -> Result<(), String> {
        self.names.check(&self.slab)?;
        let marked = self.slab.iter().find(|(_, node)| !self.walk.may_have(node.mark));
        ensure(marked.is_none(), || "a znode is marked as belonging to a snapshot".into())?;
        let more = self.slab.iter().filter(|(_, node)| node.more != NONE).count();
        ensure(more == self.more.len(), || format!("{more} znodes have more, counted {}", self.more.len()))
    }
}
