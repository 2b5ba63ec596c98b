//! How the tree changes: every list, sum and reference that a change touches is brought up to date here, and nowhere
//! else.
//!
//! Each change leaves a note in the journal. When all operations of a command have been carried out, the changes are
//! kept; if one is refused, those before it are taken back, the last one first, until nothing is left of them.

use super::command::{CreateMode, SessionId, Zxid};
use super::node::{Content, Lease, Milliseconds, Node};
use super::tree::Tree;
use crate::Time;

/// What it takes to take a change back.
pub(super) enum Undo {
    Create { slot: u32, parent: Family },
    Delete { slot: u32, before: u32, parent: Family },
    Data { slot: u32, content: Content, version: i32, mzxid: Zxid, modified: Milliseconds },
    Acl { slot: u32, acl: u32, aversion: i32 },
}

/// What changes of a znode when a child comes or goes, besides links and sums.
pub(super) struct Family {
    pzxid: Zxid,
    cversion: i32,
}

/// What a create says of a znode.
pub(super) struct NewNode<'a> {
    pub(super) parent: u32,
    pub(super) name: &'a str,
    pub(super) data: Option<&'a [u8]>,
    /// The slot of its access control list, which counts it already.
    pub(super) acl: u32,
    pub(super) mode: CreateMode,
    pub(super) session: SessionId,
}

impl Tree {
    /// Makes a znode whose name its parent doesn't have.
    pub(super) fn create_node(&mut self, at: Time, zxid: Zxid, new: &NewNode<'_>) -> u32 {
        let parent = new.parent;
        let family = self.nodes.change_more(parent);
        let before = Family { pzxid: family.pzxid, cversion: family.cversion };
        let sequence = family.cversion;
        family.cversion = sequence.wrapping_add(1);
        family.pzxid = zxid;
        let slot = self.nodes.insert(Node {
            czxid: zxid,
            mzxid: zxid,
            created: Milliseconds::of(at),
            modified: Milliseconds::of(at),
            ..Node::new(parent, new.name, new.data, new.acl, sequence)
        });
        let last = self.nodes.last_child(parent);
        self.nodes.link(slot, last);
        self.lend(slot, new.mode, new.session);
        self.journal.push(Undo::Create { slot, parent: before });
        slot
    }

    /// Removes a znode without children.
    pub(super) fn delete_node(&mut self, zxid: Zxid, slot: u32) {
        let parent = self.nodes.get(slot).parent;
        let family = self.nodes.change_more(parent);
        let parent = Family { pzxid: family.pzxid, cversion: family.cversion };
        family.pzxid = zxid;
        self.end_lease(slot);
        let before = self.nodes.unlink(slot);
        self.journal.push(Undo::Delete { slot, before, parent });
    }

    /// Replaces a znode's data.
    pub(super) fn set_data(&mut self, at: Time, zxid: Zxid, slot: u32, data: Option<&[u8]>) {
        let node = self.nodes.change(slot);
        let (version, mzxid, modified) = (node.version, node.mzxid, node.modified);
        node.version = version.wrapping_add(1);
        node.mzxid = zxid;
        node.modified = Milliseconds::of(at);
        let content = Content::new(node.content.name_str(), data);
        let content = self.nodes.replace_content(slot, content);
        self.journal.push(Undo::Data { slot, content, version, mzxid, modified });
    }

    /// Replaces a znode's access control list by one that counts it already.
    pub(super) fn set_acl(&mut self, slot: u32, acl: u32) {
        let acl = std::mem::replace(&mut self.nodes.change(slot).acl, acl);
        let more = self.nodes.change_more(slot);
        let aversion = more.aversion;
        more.aversion = aversion.wrapping_add(1);
        self.journal.push(Undo::Acl { slot, acl, aversion });
    }

    /// Makes the changes of the present command final.
    pub(super) fn keep_changes(&mut self) {
        for undo in self.journal.drain(..) {
            match undo {
                Undo::Create { .. } | Undo::Data { .. } => {}
                Undo::Delete { slot, .. } => {
                    self.listings.note_deletion(&self.nodes, slot);
                    self.acls.release(self.nodes.get(slot).acl);
                    self.nodes.remove(slot);
                }
                Undo::Acl { acl, .. } => self.acls.release(acl),
            }
        }
    }

    /// Takes the changes of the present command back.
    pub(super) fn take_changes_back(&mut self) {
        while let Some(undo) = self.journal.pop() {
            match undo {
                Undo::Create { slot, parent } => {
                    self.end_lease(slot);
                    self.nodes.unlink(slot);
                    self.restore_family(slot, &parent);
                    self.acls.release(self.nodes.get(slot).acl);
                    self.nodes.remove(slot);
                }
                Undo::Delete { slot, before, parent } => {
                    self.nodes.link(slot, before);
                    self.begin_lease(slot);
                    self.restore_family(slot, &parent);
                }
                Undo::Data { slot, content, version, mzxid, modified } => {
                    self.nodes.replace_content(slot, content);
                    let node = self.nodes.change(slot);
                    (node.version, node.mzxid, node.modified) = (version, mzxid, modified);
                }
                Undo::Acl { slot, acl, aversion } => {
                    let acl = std::mem::replace(&mut self.nodes.change(slot).acl, acl);
                    self.acls.release(acl);
                    self.nodes.change_more(slot).aversion = aversion;
                }
            }
        }
    }

    fn restore_family(&mut self, child: u32, family: &Family) {
        let parent = self.nodes.get(child).parent;
        let more = self.nodes.change_more(parent);
        (more.pzxid, more.cversion) = (family.pzxid, family.cversion);
    }

    /// Gives a new znode what will end it.
    fn lend(&mut self, slot: u32, mode: CreateMode, session: SessionId) {
        let birth = self.next_birth;
        let lease = match mode {
            CreateMode::Persistent => return,
            CreateMode::Ephemeral => Lease::Ephemeral { session, birth },
            CreateMode::Container => Lease::Container { birth, due: Time::NEVER },
            CreateMode::Ttl { ttl_ms } => {
                Lease::Ttl { birth, ttl_ms: ttl_ms.unsigned_abs(), due: Time::NEVER }
            }
        };
        self.next_birth += 1;
        self.nodes.change_more(slot).lease = lease;
        self.begin_lease(slot);
    }

    fn begin_lease(&mut self, slot: u32) {
        if let Lease::Ephemeral { session, birth } = self.nodes.more(slot).lease {
            self.ephemerals.insert((session, birth), slot);
        }
    }

    fn end_lease(&mut self, slot: u32) {
        if let Lease::Ephemeral { session, birth } = self.nodes.more(slot).lease {
            self.ephemerals.remove(&(session, birth));
        }
    }
}
