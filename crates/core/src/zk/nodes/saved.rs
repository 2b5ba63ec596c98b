//! How a snapshot reads znodes while they change: what it has yet to read is kept as it was.

use std::sync::Arc;

use super::{Nodes, more_of};
use crate::slab::Slab;
use crate::snapshot::{ZnodeFacts, ZnodeRecord};
use crate::zk::acl::Acl;
use crate::zk::node::{Content, More, NONE, Node};

/// A znode as a running snapshot needs it.
pub(super) struct Saved {
    parent: Option<u32>,
    acl: Arc<[u8]>,
    facts: ZnodeFacts,
    /// None while it is still that of the znode in the store.
    content: Option<Content>,
}

impl Nodes {
    /// Keeps the znode as it is now, if a running snapshot has yet to read it.
    pub(super) fn save(&mut self, slot: u32) {
        let Nodes { slab, more, acls, walk, .. } = self;
        walk.save(slab, slot, |node| Saved {
            parent: parent_of(node),
            acl: acls.share(node.acl),
            facts: facts_of(node, more),
            content: None,
        });
    }

    /// Begins to read all znodes as they are now.
    pub(in crate::zk) fn walk_begin(&mut self) {
        self.walk.begin(&mut self.slab);
    }

    /// Reads at most `slots` slots further, and at most as many znodes that have changed meanwhile; stops as soon as
    /// their data has `bytes` in all. True while there are more.
    pub(in crate::zk) fn walk_next(
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
    pub(in crate::zk) fn walk_abort(&mut self) {
        self.walk.abort();
    }

    /// What isn't the content of the znode in `slot` any more is no longer needed, except by a running snapshot.
    pub(in crate::zk) fn retire_content(&mut self, slot: u32, content: Content) {
        if let Some(saved) = self.walk.saved_mut(slot)
            && saved.content.is_none()
        {
            saved.content = Some(content);
        }
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
