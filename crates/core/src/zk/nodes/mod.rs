//! All znodes: where they lie, how they are found and linked, and what a snapshot needs to read them while they
//! change. What commands mean is elsewhere.
//!
//! What a snapshot keeps of a znode is changed only through [`Nodes::change`], [`Nodes::change_more`] and
//! [`Nodes::remove`], because these keep what a running snapshot hasn't read yet; its content also through
//! [`Nodes::replace_content`], which must be followed by [`Nodes::retire_content`] for the old one.

mod links;
mod saved;

use std::hint::black_box;

use saved::Saved;

use crate::check::ensure;
use crate::slab::Slab;
use crate::walk::Walk;
use crate::zk::acl::Acl;
use crate::zk::acls::Acls;
use crate::zk::names::Names;
use crate::zk::node::{Lease, More, NONE, Node};
use crate::zk::reply::Stat;

/// So many znodes are brought near together; a processor has about as many loads under way.
const PREFETCHED_AT_ONCE: usize = 16;

/// The store of znodes.
pub(in crate::zk) struct Nodes {
    slab: Slab<Node>,
    more: Slab<More>,
    names: Names,
    /// The slot of the root.
    root: u32,
    /// The bytes of all paths.
    path_bytes: u64,
    pub(in crate::zk) acls: Acls,
    /// A snapshot's way through the znodes.
    walk: Walk<Saved>,
}

impl Nodes {
    /// A store without any znodes, not even the root.
    pub(in crate::zk) fn new(seed: u64) -> Self {
        Nodes {
            slab: Slab::new(),
            more: Slab::new(),
            names: Names::new(seed),
            root: NONE,
            path_bytes: 1,
            acls: Acls::new(),
            walk: Walk::new(),
        }
    }

    pub(in crate::zk) fn len(&self) -> usize {
        self.slab.len()
    }

    /// The data of all znodes, in bytes.
    pub(in crate::zk) fn data_bytes(&self) -> u64 {
        self.more(self.root).bytes_below + self.get(self.root).content.data_len() as u64
    }

    /// The bytes of all paths.
    pub(in crate::zk) fn path_bytes(&self) -> u64 {
        self.path_bytes
    }

    pub(in crate::zk) fn has_root(&self) -> bool {
        self.root != NONE
    }

    pub(in crate::zk) fn root(&self) -> u32 {
        self.root
    }

    pub(in crate::zk) fn get(&self, slot: u32) -> &Node {
        self.slab.get(slot)
    }

    /// The znode in `slot`, to be changed.
    pub(in crate::zk) fn change(&mut self, slot: u32) -> &mut Node {
        self.save(slot);
        self.slab.get_mut(slot)
    }

    /// What the znode has more than others; that of a new one if it has nothing.
    pub(in crate::zk) fn more(&self, slot: u32) -> More {
        more_of(self.slab.get(slot), &self.more)
    }

    /// What the znode has more than others, to be changed.
    pub(in crate::zk) fn change_more(&mut self, slot: u32) -> &mut More {
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
    pub(in crate::zk) fn child(&self, parent: u32, name: &[u8]) -> Option<u32> {
        self.names.find(&self.slab, parent, name)
    }

    /// The znode with this path, which may be any text. The root is found as `/` and as nothing at all, as in
    /// ZooKeeper.
    pub(in crate::zk) fn find(&self, path: &str) -> Option<u32> {
        if matches!(path, "" | "/") {
            return Some(self.root);
        }
        // As bytes, since looking for a character in text costs more than it takes to find a child.
        let mut names = path.strip_prefix('/')?.as_bytes().split(|byte| *byte == b'/');
        names.try_fold(self.root, |parent, name| self.child(parent, name))
    }

    /// Brings the memory of these znodes near, for questions that come at once. Finding a znode waits for its bucket, its
    /// record and its name, one after the other; here the loads of a loop don't depend on each other, so that the processor
    /// waits for all of them together.
    pub(in crate::zk) fn prefetch(&self, paths: &[&str]) {
        for paths in paths.chunks(PREFETCHED_AT_ONCE) {
            let mut searches = [(NONE, 0); PREFETCHED_AT_ONCE];
            for (search, path) in searches.iter_mut().zip(paths) {
                let Some((parent, name)) = path.rsplit_once('/') else { continue };
                let Some(parent) = self.find(parent) else { continue };
                *search = self.names.begin(parent, name.as_bytes());
            }
            let records = |(slot, tag)| self.slab.try_get(slot).map(|node| (node, tag));
            for (node, _) in searches.into_iter().filter_map(records) {
                black_box(node.tag);
            }
            for (slot, tag) in &mut searches {
                if let Some((node, _)) = records((*slot, *tag)).filter(|(node, tag)| node.tag != *tag) {
                    *slot = node.chain;
                }
            }
            for (node, _) in searches.into_iter().filter_map(records) {
                black_box(node.content.name().first());
            }
        }
    }

    /// Makes a znode that is there before the first transaction.
    pub(in crate::zk) fn plant(&mut self, parent: u32, name: &str, acl: Acl<'_>, sequence: i32) -> u32 {
        let acl = self.acls.add(acl);
        let slot = self.insert(Node::new(parent, name, Some(&[]), acl, sequence));
        if parent != NONE {
            let last = self.last_child(parent);
            self.link(slot, last);
        }
        slot
    }

    /// Keeps a znode that is linked nowhere yet. One without a parent is the root from now on.
    pub(in crate::zk) fn insert(&mut self, node: Node) -> u32 {
        let is_root = node.parent == NONE;
        let slot = self.slab.insert(Node { mark: self.walk.mark(), ..node });
        if is_root {
            self.root = slot;
        }
        slot
    }

    /// Gives a znode that is linked nowhere another parent.
    pub(in crate::zk) fn set_parent(&mut self, slot: u32, parent: u32) {
        self.slab.get_mut(slot).parent = parent;
    }

    /// Forgets a znode that is linked nowhere any more.
    pub(in crate::zk) fn remove(&mut self, slot: u32) {
        self.save(slot);
        let node = self.slab.remove(slot);
        self.acls.release(node.acl);
        if node.more != NONE {
            self.more.remove(node.more);
        }
        self.retire_content(slot, node.content);
    }

    /// The last of a znode's children.
    pub(in crate::zk) fn last_child(&self, slot: u32) -> u32 {
        self.more(slot).last
    }

    /// A znode's children, in the order in which they were made.
    pub(in crate::zk) fn children(&self, slot: u32) -> impl Iterator<Item = u32> {
        let first = Some(self.more(slot).first).filter(|first| *first != NONE);
        std::iter::successors(first, |slot| Some(self.get(*slot).behind).filter(|behind| *behind != NONE))
    }

    pub(in crate::zk) fn path(&self, slot: u32) -> String {
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
    pub(in crate::zk) fn stat(&self, slot: u32) -> Stat {
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
}

fn more_of(node: &Node, more: &Slab<More>) -> More {
    match node.more {
        NONE => More::new(node.czxid),
        slot => *more.get(slot),
    }
}

impl Nodes {
    /// Verifies what holds within the store.
    pub(in crate::zk) fn check(&self) -> Result<(), String> {
        self.names.check(&self.slab)?;
        let marked = self.slab.iter().find(|(_, node)| !self.walk.may_have(node.mark));
        ensure(marked.is_none(), || "a znode is marked as belonging to a snapshot".into())?;
        let more = self.slab.iter().filter(|(_, node)| node.more != NONE).count();
        ensure(more == self.more.len(), || format!("{more} znodes have more, counted {}", self.more.len()))
    }
}
