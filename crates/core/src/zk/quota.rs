//! Quotas: how many znodes, and how many bytes of data, there may be below a znode and with it.
//!
//! As in ZooKeeper they are znodes themselves. What `/zookeeper/quota/PATH/zookeeper_limits` says limits what is below
//! `PATH`, and `/zookeeper/quota/PATH/zookeeper_stats` says how much there is; it is written here, and nobody is told.
//! Of several quotas above a znode only the deepest counts it.

use std::collections::BTreeMap;
use std::fmt;

use super::error::Error;
use super::node::NONE;
use super::operations::Request;
use super::reply::{QuotaExcess, QuotaResource};
use super::tree::Tree;
use crate::Outbox;

/// Where quotas are.
pub(super) const QUOTA_ROOT: &str = "/zookeeper/quota";

const LIMITS: &[u8] = b"zookeeper_limits";
const STATS: &[u8] = b"zookeeper_stats";

/// A quota that the present command exceeds, to be told if the command is carried out.
pub(super) struct Excess {
    path: String,
    resource: QuotaResource,
    found: i64,
    limit: i64,
    hard: bool,
}

/// What limits and stats say: numbers by name.
#[derive(Default)]
struct Numbers(BTreeMap<String, i64>);

impl Tree {
    /// Makes sure that so many more znodes and bytes don't exceed a quota that was found.
    pub(super) fn demand_quota(
        &mut self,
        request: &Request<'_>,
        quota: Option<u32>,
        nodes: i64,
        bytes: i64,
    ) -> Result<(), Error> {
        let Some(quota) = quota else { return Ok(()) };
        let (Some(limits), Some(stats)) = (self.numbers(quota, LIMITS), self.numbers(quota, STATS)) else {
            return Ok(());
        };
        let resources = [
            (QuotaResource::Znodes, "count", "countHardLimit", nodes),
            (QuotaResource::Bytes, "bytes", "byteHardLimit", bytes),
        ];
        for (resource, soft_name, hard_name, more) in resources {
            let (soft, hard) = (limits.get(soft_name), limits.get(hard_name));
            let limit = if hard > -1 { hard } else { soft };
            let found = stats.get(soft_name).saturating_add(more);
            if more == 0 || limit < 0 || found <= limit {
                continue;
            }
            let hard = hard > -1;
            if hard && request.enforce_quota {
                return Err(Error::QuotaExceeded);
            }
            let path = self.path_of_quota(quota);
            self.excesses.push(Excess { path, resource, found, limit, hard });
        }
        Ok(())
    }

    /// Counts a znode that has come, gone or changed.
    pub(super) fn count(&mut self, slot: u32, nodes: i64, bytes: i64) {
        let Some(quota) = self.quota_of(slot) else { return };
        let Some(stats) = self.nodes.child(quota, STATS) else { return };
        let mut numbers = Numbers::parse(self.nodes.get(stats).content.data());
        numbers.set("count", numbers.get("count").saturating_add(nodes));
        numbers.set("bytes", numbers.get("bytes").saturating_add(bytes));
        self.rewrite_data(stats, numbers.to_string().as_bytes());
    }

    /// If this is the znode of a quota's stats, writes there what there is.
    pub(super) fn fill_stats(&mut self, slot: u32) {
        let node = self.nodes.get(slot);
        if node.content.name() != STATS || self.nodes.more(self.quota_root).children == 0 {
            return;
        }
        let Some(names) = self.names_below_quota_root(node.parent) else { return };
        let root = Some(self.nodes.root());
        let target = names
            .iter()
            .rev()
            .fold(root, |slot, name| self.nodes.child(slot?, self.nodes.get(*name).content.name()));
        let (nodes, bytes) = target.map_or((0, 0), |slot| {
            let more = self.nodes.more(slot);
            let own = self.nodes.get(slot).content.data_len() as u64;
            (i64::from(more.nodes_below) + 1, (more.bytes_below + own).cast_signed())
        });
        let mut numbers = Numbers::default();
        numbers.set("count", nodes);
        numbers.set("bytes", bytes);
        self.rewrite_data(slot, numbers.to_string().as_bytes());
    }

    /// Tells of the quotas that the present command exceeds.
    pub(super) fn announce_excesses(&mut self, outbox: &mut dyn Outbox) {
        for Excess { path, resource, found, limit, hard } in self.excesses.drain(..) {
            outbox.zk_quota_exceeded(QuotaExcess { path: &path, resource, found, limit, hard });
        }
    }

    /// The znode below `/zookeeper/quota` that has the limits for this one.
    pub(super) fn quota_of(&self, slot: u32) -> Option<u32> {
        let node = self.nodes.get(slot);
        self.quota_of_child(node.parent, node.content.name())
    }

    /// The znode below `/zookeeper/quota` that has the limits for a child of this name: that of the deepest znode with
    /// limits on the way from the root, which is followed on both sides. The root itself has none.
    pub(super) fn quota_of_child(&self, parent: u32, name: &[u8]) -> Option<u32> {
        if parent == NONE || self.nodes.more(self.quota_root).children == 0 {
            return None;
        }
        let mut above = Vec::new();
        let mut slot = parent;
        while slot != self.nodes.root() {
            above.push(self.nodes.get(slot));
            slot = self.nodes.get(slot).parent;
        }
        let names = above.iter().rev().map(|node| node.content.name()).chain([name]);
        let mut here = self.quota_root;
        let mut found = None;
        for name in names {
            let Some(next) = self.nodes.child(here, name) else { break };
            here = next;
            if self.nodes.child(here, LIMITS).is_some() {
                found = Some(here);
            }
        }
        found
    }

    fn numbers(&self, quota: u32, name: &[u8]) -> Option<Numbers> {
        let slot = self.nodes.child(quota, name)?;
        Some(Numbers::parse(self.nodes.get(slot).content.data()))
    }

    /// The path of the znode that a quota is for.
    fn path_of_quota(&self, quota: u32) -> String {
        let mut path = String::new();
        for slot in self.names_below_quota_root(quota).unwrap_or_default().iter().rev() {
            path.push('/');
            path.push_str(self.nodes.get(*slot).content.name_str());
        }
        path
    }

    /// The znodes from this one up to, but without, `/zookeeper/quota`, if it is below that or that itself.
    fn names_below_quota_root(&self, slot: u32) -> Option<Vec<u32>> {
        let mut slots = Vec::new();
        let mut slot = slot;
        while slot != self.quota_root {
            slots.push(slot);
            slot = self.nodes.get(slot).parent;
            if slot == NONE {
                return None;
            }
        }
        Some(slots)
    }
}

impl Numbers {
    /// Reads `name=number`, with `,` or `;` between them. What makes no sense is left out; without a number it is -1.
    /// ZooKeeper reads all or nothing, and answers `MarshallingError` to what is created then.
    fn parse(data: Option<&[u8]>) -> Self {
        let text = String::from_utf8_lossy(data.unwrap_or_default());
        let mut numbers = Numbers::default();
        for pair in text.split([',', ';']) {
            let mut parts = pair.split('=');
            if let (Some(name), Some(number)) = (parts.next(), parts.next())
                && let Ok(number) = if number.is_empty() { Ok(-1) } else { number.parse() }
            {
                numbers.set(name, number);
            }
        }
        numbers
    }

    /// -1 if there is none.
    fn get(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(-1)
    }

    fn set(&mut self, name: &str, number: i64) {
        self.0.insert(name.to_owned(), number);
    }
}

/// In the form that clients older than hard limits can read, too: they stop at the second `=` behind the bytes.
impl fmt::Display for Numbers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "count={},bytes={}", self.get("count"), self.get("bytes"))?;
        let others = self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "count" | "bytes"));
        for (index, (name, number)) in others.enumerate() {
            let separator = if index == 0 { "=;" } else { ";" };
            write!(formatter, "{separator}{name}={number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_left_out_and_the_rest_written_as_zookeeper_does() {
        for (text, expected) in [
            ("", "count=-1,bytes=-1"),
            ("count=5,bytes=7", "count=5,bytes=7"),
            (
                "count=5,bytes=7=;countHardLimit=10;byteHardLimit=20",
                "count=5,bytes=7=;byteHardLimit=20;countHardLimit=10",
            ),
            ("bytes=;count=3", "count=3,bytes=-1"),
            ("count=x,,bytes,=,other==4", "count=-1,bytes=-1=;=-1;other=-1"),
        ] {
            assert_eq!(Numbers::parse(Some(text.as_bytes())).to_string(), expected, "{text}");
        }
        assert_eq!(Numbers::parse(Some(b"count=1,\xff=2")).get("count"), 1);
        assert_eq!(Numbers::parse(None).get("count"), -1);
    }
}
