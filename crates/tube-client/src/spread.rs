//! Which of several servers gets a job. Pure arithmetic: who can be reached is found out by trying in this order.

use crate::address::Address;

/// Takes turns, or goes by a key.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    /// What a server's name hashes to.
    seeds: Vec<u64>,
    next: usize,
}

impl Spread {
    pub(crate) fn new(servers: &[Address]) -> Self {
        let seeds = servers.iter().map(|server| hash(FNV_OFFSET, server.to_string().as_bytes())).collect();
        Self { seeds, next: 0 }
    }

    /// All servers, beginning with the one whose turn it is.
    pub(crate) fn in_turn(&mut self) -> Vec<usize> {
        let count = self.seeds.len();
        let first = self.next;
        self.next = (first + 1) % count.max(1);
        (0..count).map(|step| (first + step) % count).collect()
    }

    /// All servers, in an order that a key always gets. Where a server joins or leaves, only the keys move that
    /// it gets or had.
    pub(crate) fn by_key(&self, key: &[u8]) -> Vec<usize> {
        let mut order: Vec<(u64, usize)> =
            self.seeds.iter().enumerate().map(|(index, &seed)| (mix(hash(seed, key)), index)).collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        order.into_iter().map(|(_, index)| index).collect()
    }
}

/// FNV-1a: every release and every machine has to come to the same result, so the standard library's hasher is
/// none for this.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// Lets every bit of the key count in the high bits, by which servers are compared (the finisher of `MurmurHash3`).
fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(count: u16) -> Vec<Address> {
        (0..count).map(|index| Address::Tcp { host: "host".to_owned(), port: 1000 + index }).collect()
    }

    #[test]
    fn takes_turns() {
        let mut spread = Spread::new(&servers(3));
        let orders: Vec<Vec<usize>> = (0..4).map(|_| spread.in_turn()).collect();
        assert_eq!(orders, [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]);
        assert!(Spread::new(&[]).in_turn().is_empty());
    }

    #[test]
    fn keys_are_spread_evenly_and_stay() {
        let (four, five) = (Spread::new(&servers(4)), Spread::new(&servers(5)));
        let mut counts = [0; 4];
        let mut moved = 0;
        for key in 0..4000_u32 {
            let key = key.to_string();
            let server = four.by_key(key.as_bytes())[0];
            counts[server] += 1;
            let later = five.by_key(key.as_bytes())[0];
            if later != server {
                assert_eq!(later, 4, "a key moves to the new server only");
                moved += 1;
            }
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
        assert!((700..900).contains(&moved), "{moved} of 4000 keys have moved to the fifth server");
    }

    #[test]
    fn a_keys_server_is_the_same_in_every_release() {
        let spread = Spread::new(&servers(4));
        let found: Vec<usize> =
            ["", "a", "b", "mail", "7"].map(|key| spread.by_key(key.as_bytes())[0]).to_vec();
        assert_eq!(found, [2, 0, 2, 2, 1]);
    }
}
