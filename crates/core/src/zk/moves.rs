//! How the tree changes: every list, sum and reference that a change touches is brought up to date here, and nowhere
//! else.
//!
//! Each change leaves a note in the journal. When all operations of a command have been carried out, the changes are
//! kept; if one is refused, those before it are taken back, the last one first, until nothing is left of them.

use super::command::{CreateMode, SessionId, Zxid};
use super::node::{Content, Lease, Milliseconds, Node};
use super::reply::Stat;
use super::tree::Tree;
use crate::Time;
use crate::limits::CONTAINER_EMPTY_SECONDS;

/// What it takes to take a change back.
pub(super) enum Undo {
    Create { slot: u32, family: Family },
    Delete { slot: u32, before: u32, family: Family },
    Data { slot: u32, content: Content, version: i32, mzxid: Zxid, modified: Milliseconds, due: Time },
    Acl { slot: u32, acl: u32, aversion: i32 },
}

/// What changes of a parent when a child comes or goes, besides links and sums.
pub(super) struct Family {
    parent: u32,
    pzxid: Zxid,
    cversion: i32,
    due: Time,
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
    /// Makes a znode whose name its parent doesn't have. Tells its slot, and its facts before quotas are counted, which
    /// may write into this very znode.
    pub(super) fn create_node(&mut self, at: Time, zxid: Zxid, new: &NewNode<'_>) -> (u32, Stat) {
        let family = self.change_family(new.parent, zxid);
        let sequence = family.cversion;
        self.nodes.change_more(new.parent).cversion = sequence.wrapping_add(1);
        let slot = self.nodes.insert(Node {
            czxid: zxid,
            mzxid: zxid,
            created: Milliseconds::of(at),
            modified: Milliseconds::of(at),
            ..Node::new(new.parent, new.name, new.data, new.acl, sequence)
        });
        let last = self.nodes.last_child(new.parent);
        self.nodes.link(slot, last);
        self.journal.push(Undo::Create { slot, family });
        self.set_due(new.parent, Time::NEVER);
        self.lend(at, slot, new.mode, new.session);
        let stat = self.nodes.stat(slot);
        self.fill_stats(slot);
        self.count(slot, 1, length(new.data));
        (slot, stat)
    }

    /// Removes a znode without children.
    pub(super) fn delete_node(&mut self, at: Time, zxid: Zxid, slot: u32) {
        let parent = self.nodes.get(slot).parent;
        let family = self.change_family(parent, zxid);
        self.end_lease(slot);
        let before = self.nodes.unlink(slot);
        self.journal.push(Undo::Delete { slot, before, family });
        self.set_due(parent, self.due_when_childless(at, parent));
        let bytes = length(self.nodes.get(slot).content.data());
        self.count(slot, -1, -bytes);
    }

    /// Replaces a znode's data. Tells its facts before quotas are counted.
    pub(super) fn set_data(&mut self, at: Time, zxid: Zxid, slot: u32, data: Option<&[u8]>) -> Stat {
        let more_bytes = length(data) - length(self.nodes.get(slot).content.data());
        self.replace_data(slot, data);
        let node = self.nodes.change(slot);
        node.version = node.version.wrapping_add(1);
        node.mzxid = zxid;
        node.modified = Milliseconds::of(at);
        if let Lease::Ttl { .. } = self.nodes.more(slot).lease {
            self.set_due(slot, self.due_when_childless(at, slot));
        }
        let stat = self.nodes.stat(slot);
        self.count(slot, 0, more_bytes);
        stat
    }

    /// Replaces data that nobody has set, and that has no version.
    pub(super) fn rewrite_data(&mut self, slot: u32, data: &[u8]) {
        self.replace_data(slot, Some(data));
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
                Undo::Create { .. } => {}
                Undo::Data { slot, content, .. } => self.nodes.retire_content(slot, content),
                Undo::Delete { slot, .. } => {
                    self.listings.note_deletion(&self.nodes, slot);
                    self.nodes.remove(slot);
                }
                Undo::Acl { acl, .. } => self.nodes.acls.release(acl),
            }
        }
    }

    /// Takes the changes of the present command back.
    pub(super) fn take_changes_back(&mut self) {
        self.excesses.clear();
        while let Some(undo) = self.journal.pop() {
            match undo {
                Undo::Create { slot, family } => {
                    self.end_lease(slot);
                    self.nodes.unlink(slot);
                    self.nodes.remove(slot);
                    self.restore_family(&family);
                }
                Undo::Delete { slot, before, family } => {
                    self.nodes.link(slot, before);
                    self.begin_lease(slot);
                    self.restore_family(&family);
                }
                Undo::Data { slot, content, version, mzxid, modified, due } => {
                    self.nodes.replace_content(slot, content);
                    let node = self.nodes.change(slot);
                    (node.version, node.mzxid, node.modified) = (version, mzxid, modified);
                    self.set_due(slot, due);
                }
                Undo::Acl { slot, acl, aversion } => {
                    let acl = std::mem::replace(&mut self.nodes.change(slot).acl, acl);
                    self.nodes.acls.release(acl);
                    self.nodes.change_more(slot).aversion = aversion;
                }
            }
        }
    }

    fn replace_data(&mut self, slot: u32, data: Option<&[u8]>) {
        let due = self.nodes.more(slot).lease.due();
        let node = self.nodes.get(slot);
        let (version, mzxid, modified) = (node.version, node.mzxid, node.modified);
        let content = Content::new(node.content.name_str(), data);
        let content = self.nodes.replace_content(slot, content);
        self.journal.push(Undo::Data { slot, content, version, mzxid, modified, due });
    }

    /// Tells a parent in which transaction it gains or loses a child, and how it was before.
    fn change_family(&mut self, parent: u32, zxid: Zxid) -> Family {
        let more = self.nodes.change_more(parent);
        let pzxid = std::mem::replace(&mut more.pzxid, zxid);
        Family { parent, pzxid, cversion: more.cversion, due: more.lease.due() }
    }

    fn restore_family(&mut self, family: &Family) {
        let more = self.nodes.change_more(family.parent);
        (more.pzxid, more.cversion) = (family.pzxid, family.cversion);
        self.set_due(family.parent, family.due);
    }
}

impl Tree {
    /// Gives a new znode what will end it.
    fn lend(&mut self, at: Time, slot: u32, mode: CreateMode, session: SessionId) {
        let (birth, due) = (self.next_birth, Time::NEVER);
        let lease = match mode {
            CreateMode::Persistent => return,
            CreateMode::Ephemeral => Lease::Ephemeral { session, birth },
            CreateMode::Container => Lease::Container { birth, due },
            CreateMode::Ttl { ttl_ms } => Lease::Ttl { birth, ttl_ms: ttl_ms.unsigned_abs(), due },
        };
        self.next_birth += 1;
        self.nodes.change_more(slot).lease = lease;
        self.begin_lease(slot);
        if let Lease::Ttl { .. } = lease {
            self.set_due(slot, self.due_when_childless(at, slot));
        }
    }

    /// Notes what will end a znode.
    pub(super) fn begin_lease(&mut self, slot: u32) {
        match self.nodes.more(slot).lease {
            Lease::Ephemeral { session, birth } => {
                self.ephemerals.insert((session, birth), slot);
            }
            Lease::Container { birth, due } | Lease::Ttl { birth, due, .. } if due != Time::NEVER => {
                self.timers.insert((due, birth), slot);
            }
            _ => {}
        }
    }

    fn end_lease(&mut self, slot: u32) {
        match self.nodes.more(slot).lease {
            Lease::Ephemeral { session, birth } => {
                self.ephemerals.remove(&(session, birth));
            }
            Lease::Container { birth, due } | Lease::Ttl { birth, due, .. } => {
                self.timers.remove(&(due, birth));
            }
            Lease::None => {}
        }
    }

    /// When a znode is to be removed if it has no children from now on; never, if it has some or needs none.
    fn due_when_childless(&self, at: Time, slot: u32) -> Time {
        let more = self.nodes.more(slot);
        match more.lease {
            _ if more.children > 0 => Time::NEVER,
            Lease::Container { .. } => at.plus_seconds(CONTAINER_EMPTY_SECONDS),
            Lease::Ttl { ttl_ms, .. } => {
                // The first millisecond in which it is older than it may get, but not before it is alone.
                let too_old = self.nodes.get(slot).modified.get() + ttl_ms;
                Time(too_old.max(at.0 / 1000).saturating_add(1).saturating_mul(1000))
            }
            Lease::None | Lease::Ephemeral { .. } => Time::NEVER,
        }
    }

    fn set_due(&mut self, slot: u32, due: Time) {
        if self.nodes.more(slot).lease.due() == due {
            return;
        }
        self.end_lease(slot);
        if let Lease::Container { due: old, .. } | Lease::Ttl { due: old, .. } =
            &mut self.nodes.change_more(slot).lease
        {
            *old = due;
        }
        self.begin_lease(slot);
    }
}

/// In bytes; data is bounded far below what doesn't fit.
pub(super) fn length(data: Option<&[u8]>) -> i64 {
    i64::try_from(data.map_or(0, <[u8]>::len)).expect("data of 8 EiB")
}
