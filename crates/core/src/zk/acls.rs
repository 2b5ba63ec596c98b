//! Access control lists, each kept once however many znodes have it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::acl::{Acl, Permissions};
use crate::check::ensure;
use crate::slab::Slab;

/// A list in use.
struct Shared {
    bytes: Arc<[u8]>,
    /// What everybody may do.
    world: Permissions,
    /// How many refer to it.
    users: u64,
}

/// The store of access control lists.
pub(super) struct Acls {
    slab: Slab<Shared>,
    by_bytes: BTreeMap<Arc<[u8]>, u32>,
}

impl Acls {
    pub(super) fn new() -> Self {
        Acls { slab: Slab::new(), by_bytes: BTreeMap::new() }
    }

    /// Adds one who refers to a list, and tells its slot.
    pub(super) fn add(&mut self, acl: Acl<'_>) -> u32 {
        if let Some(slot) = self.by_bytes.get(acl.bytes()) {
            self.slab.get_mut(*slot).users += 1;
            return *slot;
        }
        let bytes: Arc<[u8]> = acl.bytes().into();
        let slot = self.slab.insert(Shared { bytes: Arc::clone(&bytes), world: world(acl), users: 1 });
        self.by_bytes.insert(bytes, slot);
        slot
    }

    /// Takes one off who referred to a list; the last one's list is forgotten.
    pub(super) fn release(&mut self, slot: u32) {
        let shared = self.slab.get_mut(slot);
        shared.users -= 1;
        if shared.users == 0 {
            let shared = self.slab.remove(slot);
            self.by_bytes.remove(&shared.bytes);
        }
    }

    pub(super) fn get(&self, slot: u32) -> Acl<'_> {
        Acl::known(&self.slab.get(slot).bytes)
    }

    /// The list itself, for one who needs it whoever else does.
    pub(super) fn share(&self, slot: u32) -> Arc<[u8]> {
        Arc::clone(&self.slab.get(slot).bytes)
    }

    /// What everybody may do.
    pub(super) fn world(&self, slot: u32) -> Permissions {
        self.slab.get(slot).world
    }
}

fn world(acl: Acl<'_>) -> Permissions {
    let open = acl.entries().filter(|entry| entry.scheme == "world" && entry.id == "anyone");
    Permissions(open.fold(0, |all, entry| all | entry.permissions.0))
}

impl Acls {
    /// Verifies that the lists have just these users.
    pub(super) fn check(&self, users: &BTreeMap<u32, u64>) -> Result<(), String> {
        let found: BTreeMap<u32, u64> = self.slab.iter().map(|(slot, shared)| (slot, shared.users)).collect();
        ensure(found == *users, || format!("access control lists are used {users:?}, counted {found:?}"))?;
        ensure(self.by_bytes.len() == found.len(), || "access control lists that nobody uses".into())?;
        let lost = self.slab.iter().find(|(slot, shared)| self.by_bytes.get(&shared.bytes) != Some(slot));
        ensure(lost.is_none(), || "an access control list is not found by its bytes".into())
    }
}
