//! What must hold between commands, as a program. Only tests call it.

use std::collections::BTreeMap;

use super::node::{Lease, NONE};
use super::quota::QUOTA_ROOT;
use super::tree::Tree;
use crate::Time;
use crate::check::ensure;

impl Tree {
    /// The first thing that doesn't hold, if any.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.nodes.check()?;
        self.sessions.check()?;
        ensure(self.journal.is_empty(), || "changes that are neither kept nor taken back".into())?;
        ensure(self.excesses.is_empty(), || "excesses that nobody was told of".into())?;
        let order = self.check_families()?;
        self.check_sums(&order)?;
        self.check_acls(&order)?;
        self.check_leases(&order)
    }

    /// Walks down from the root. Gives all slots, parents before their children.
    fn check_families(&self) -> Result<Vec<u32>, String> {
        let mut order = vec![self.nodes.root()];
        let mut next = 0;
        while let Some(parent) = order.get(next).copied() {
            next += 1;
            self.check_children(parent, &mut order)
                .map_err(|trouble| format!("{}: {trouble}", self.nodes.path(parent)))?;
        }
        ensure(order.len() == self.nodes.len(), || {
            format!("{} znodes can be reached of {}", order.len(), self.nodes.len())
        })?;
        Ok(order)
    }

    fn check_children(&self, parent: u32, order: &mut Vec<u32>) -> Result<(), String> {
        let more = self.nodes.more(parent);
        let (mut before, mut count, mut age) = (NONE, 0, None);
        for child in self.nodes.children(parent) {
            let node = self.nodes.get(child);
            let name = node.content.name_str();
            ensure(node.parent == parent, || format!("{name} has another parent"))?;
            ensure(node.before == before, || format!("{name} has another brother before it"))?;
            ensure(self.nodes.child(parent, node.content.name()) == Some(child), || {
                format!("{name} is not found by its name")
            })?;
            let older = more.cversion.wrapping_sub(node.sequence).cast_unsigned();
            ensure(older > 0 && age.is_none_or(|age| older <= age), || format!("{name} jumped the line"))?;
            (before, age) = (child, Some(older));
            count += 1;
            order.push(child);
        }
        ensure(before == more.last, || "the line of children ends elsewhere".into())?;
        ensure(count == more.children, || format!("{count} children, counted {}", more.children))?;
        ensure(count == 0 || !matches!(more.lease, Lease::Ephemeral { .. }), || {
            "ephemeral, with children".into()
        })
    }

    fn check_sums(&self, order: &[u32]) -> Result<(), String> {
        let mut sums: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
        for slot in order.iter().rev() {
            let (nodes, bytes) = sums.remove(slot).unwrap_or_default();
            let more = self.nodes.more(*slot);
            let counted = (more.nodes_below, more.bytes_below);
            ensure((nodes, bytes) == counted, || {
                let path = self.nodes.path(*slot);
                format!("{path}: znodes and bytes below: {:?}, counted {counted:?}", (nodes, bytes))
            })?;
            let node = self.nodes.get(*slot);
            let above = sums.entry(node.parent).or_default();
            above.0 += nodes + 1;
            above.1 += bytes + node.content.data_len() as u64;
        }
        let path_bytes: usize = order.iter().map(|slot| self.nodes.path(*slot).len()).sum();
        let counted = self.nodes.path_bytes();
        ensure(path_bytes as u64 == counted, || format!("paths have {path_bytes} bytes, counted {counted}"))
    }

    fn check_acls(&self, order: &[u32]) -> Result<(), String> {
        let mut users: BTreeMap<u32, u64> = BTreeMap::new();
        for slot in order {
            *users.entry(self.nodes.get(*slot).acl).or_default() += 1;
        }
        self.nodes.acls.check(&users)
    }

    fn check_leases(&self, order: &[u32]) -> Result<(), String> {
        let (mut ephemerals, mut timers) = (BTreeMap::new(), BTreeMap::new());
        for slot in order {
            let path = || self.nodes.path(*slot);
            let birth = match self.nodes.more(*slot).lease {
                Lease::None => continue,
                Lease::Ephemeral { session, birth } => {
                    ensure(self.sessions.find(session).is_some(), || format!("{}: owner is gone", path()))?;
                    ephemerals.insert((session, birth), *slot);
                    birth
                }
                Lease::Container { birth, due } | Lease::Ttl { birth, due, .. } => {
                    ensure(due == Time::NEVER || self.nodes.more(*slot).children == 0, || {
                        format!("{}: to be removed, with children", path())
                    })?;
                    if due != Time::NEVER {
                        timers.insert((due, birth), *slot);
                    }
                    birth
                }
            };
            ensure(birth < self.next_birth, || format!("{}: born in the future", path()))?;
        }
        ensure(self.nodes.find(QUOTA_ROOT) == Some(self.quota_root), || "quotas are elsewhere".into())?;
        ensure(timers == self.timers, || "timers are wrong".into())?;
        ensure(ephemerals == self.ephemerals, || "ephemeral znodes are listed wrongly".into())
    }
}
