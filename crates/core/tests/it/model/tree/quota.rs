//! Quotas, found by trying all prefixes of a path.

use trellis_core::zk::{Error, QuotaExcess, QuotaResource};

use super::operations::size;
use super::{Asker, Tree};
use crate::outbox::excess_line;

impl Tree {
    pub(super) fn demand_quota(
        &self,
        asker: &Asker,
        path: &str,
        nodes: i64,
        bytes: i64,
        excesses: &mut Vec<String>,
    ) -> Result<(), Error> {
        let Some(quota) = self.quota_of(path) else { return Ok(()) };
        let at = |name: &str| self.nodes.get(&format!("/zookeeper/quota{quota}/{name}"));
        let (Some(limits), Some(stats)) = (at("zookeeper_limits"), at("zookeeper_stats")) else {
            return Ok(());
        };
        for (resource, soft, hard, more) in [
            (QuotaResource::Znodes, "count", "countHardLimit", nodes),
            (QuotaResource::Bytes, "bytes", "byteHardLimit", bytes),
        ] {
            let found = number(stats.data.as_deref(), soft) + more;
            let (soft, hard) = (number(limits.data.as_deref(), soft), number(limits.data.as_deref(), hard));
            let limit = if hard >= 0 { hard } else { soft };
            if more != 0 && limit >= 0 && found > limit {
                if hard >= 0 && asker.enforce_quota {
                    return Err(Error::QuotaExceeded);
                }
                let excess = QuotaExcess { path: &quota, resource, found, limit, hard: hard >= 0 };
                excesses.push(excess_line(&excess));
            }
        }
        Ok(())
    }

    pub(super) fn count(&mut self, path: &str, nodes: i64, bytes: i64) {
        let Some(quota) = self.quota_of(path) else { return };
        let path = format!("/zookeeper/quota{quota}/zookeeper_stats");
        let Some(stats) = self.nodes.get_mut(&path) else { return };
        let count = number(stats.data.as_deref(), "count") + nodes;
        let bytes = number(stats.data.as_deref(), "bytes") + bytes;
        let rest = [("byteHardLimit", number(stats.data.as_deref(), "byteHardLimit"))];
        let rest: Vec<_> = rest
            .into_iter()
            .chain([("countHardLimit", number(stats.data.as_deref(), "countHardLimit"))])
            .collect();
        let has_rest =
            stats.data.as_deref().is_some_and(|data| data.windows(9).any(|part| part == b"HardLimit"));
        let mut text = format!("count={count},bytes={bytes}");
        if has_rest {
            text.push('=');
            for (name, number) in rest {
                text.push_str(&format!(";{name}={number}"));
            }
        }
        stats.data = Some(text.into_bytes());
    }

    /// Writes what there is into a new znode for stats.
    pub(super) fn fill_stats(&mut self, path: &str) {
        let Some(target) =
            path.strip_prefix("/zookeeper/quota").and_then(|path| path.strip_suffix("/zookeeper_stats"))
        else {
            return;
        };
        let below = format!("{target}/");
        let counted = self.nodes.iter().filter(|(path, _)| *path == target || path.starts_with(&below));
        let (count, bytes) =
            counted.fold((0, 0), |(count, bytes), (_, node)| (count + 1, bytes + size(node.data.as_deref())));
        let stats = self.nodes.get_mut(path).expect("it was just made");
        stats.data = Some(format!("count={count},bytes={bytes}").into_bytes());
    }

    /// The longest path with limits that is this one or above it.
    fn quota_of(&self, path: &str) -> Option<String> {
        let mut path = path;
        while !path.is_empty() && path != "/" {
            if self.nodes.contains_key(&format!("/zookeeper/quota{path}/zookeeper_limits")) {
                return Some(path.to_owned());
            }
            path = &path[..path.rfind('/')?];
        }
        None
    }
}

/// What comes behind `name=`, or -1.
fn number(data: Option<&[u8]>, name: &str) -> i64 {
    let text = String::from_utf8_lossy(data.unwrap_or_default()).into_owned();
    let mut pairs = text.split([',', ';']).filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim_end_matches('=').to_owned());
    value.and_then(|value| value.parse().ok()).unwrap_or(-1)
}
