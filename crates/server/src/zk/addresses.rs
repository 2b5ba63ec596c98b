//! How many connections each address has, and when it is time to say that some are refused.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::limits::REFUSAL_REMINDER_MS;

/// The addresses that have connections.
#[derive(Default)]
pub(super) struct Addresses(FxHashMap<IpAddr, Connections>);

/// The connections of one address.
#[derive(Default)]
struct Connections {
    count: usize,
    /// Refused since that was last said.
    refused: u64,
    said: Option<Instant>,
}

impl Addresses {
    pub(super) fn count(&self, address: IpAddr) -> usize {
        self.0.get(&address).map_or(0, |connections| connections.count)
    }

    pub(super) fn add(&mut self, address: IpAddr) {
        self.0.entry(address).or_default().count += 1;
    }

    pub(super) fn remove(&mut self, address: IpAddr) {
        if let Some(connections) = self.0.get_mut(&address) {
            connections.count -= 1;
            if connections.count == 0 {
                self.0.remove(&address);
            }
        }
    }

    /// Counts a connection that is refused as its address has too many. If it is time to say so, how many were refused
    /// since that was last said: somebody who tries again and again must not fill the log.
    pub(super) fn refuse(&mut self, address: IpAddr, now: Instant) -> Option<u64> {
        let connections = self.0.get_mut(&address)?;
        connections.refused += 1;
        let pause = Duration::from_millis(REFUSAL_REMINDER_MS);
        if connections.said.is_some_and(|said| now.duration_since(said) < pause) {
            return None;
        }
        connections.said = Some(now);
        Some(std::mem::take(&mut connections.refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn connections_are_counted_and_forgotten() {
        let mut addresses = Addresses::default();
        addresses.add(ADDRESS);
        addresses.add(ADDRESS);
        assert_eq!(addresses.count(ADDRESS), 2);
        addresses.remove(ADDRESS);
        addresses.remove(ADDRESS);
        assert_eq!(addresses.count(ADDRESS), 0);
        assert!(addresses.0.is_empty());
    }

    #[test]
    fn refusals_are_told_from_time_to_time() {
        let mut addresses = Addresses::default();
        let begun = Instant::now();
        let refuse = |addresses: &mut Addresses, after_ms| {
            addresses.refuse(ADDRESS, begun + Duration::from_millis(after_ms))
        };
        addresses.add(ADDRESS);
        assert_eq!(refuse(&mut addresses, 0), Some(1));
        assert_eq!(refuse(&mut addresses, 0), None);
        assert_eq!(refuse(&mut addresses, REFUSAL_REMINDER_MS - 1), None);
        assert_eq!(refuse(&mut addresses, REFUSAL_REMINDER_MS), Some(3));
        assert_eq!(refuse(&mut addresses, REFUSAL_REMINDER_MS + 1), None);
    }
}
