//! Long random runs.

use std::collections::BTreeSet;

use crate::bytes::steps;
use crate::run::run;

/// Small, fast, and the same everywhere: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// How many runs there are. With SEED=n and SEEDS=m in the environment, it is m runs from the n-th.
const SEEDS: u64 = 500;

#[test]
fn the_state_machine_and_the_model_say_the_same() {
    let first = number_from_environment("SEED").unwrap_or(0);
    let seeds = number_from_environment("SEEDS").unwrap_or(SEEDS);
    let mut kinds = BTreeSet::new();
    for seed in first..first + seeds {
        println!("seed {seed}: run it alone with SEED={seed} SEEDS=1");
        let random = &mut Random(seed);
        let lines = run(&steps(&random.bytes(6000)));
        kinds.extend(lines.iter().map(|line| kind(line).to_owned()));
    }
    let expected = [
        "Acl",
        "AclSet",
        "BadArguments",
        "BadVersion",
        "Buried",
        "Checked",
        "Children",
        "Children2",
        "ChildrenChanged",
        "ChildrenNumber",
        "Created",
        "Data",
        "DataChanged",
        "DataSet",
        "DeadlineSoon",
        "Deleted",
        "Ephemerals",
        "Exists",
        "Found",
        "Inserted",
        "InvalidAcl",
        "JobStats",
        "Kicked",
        "KickedJob",
        "MarshallingError",
        "Multi",
        "MultiFailed",
        "MultiRead",
        "NoAuth",
        "NoChildrenForEphemerals",
        "NoNode",
        "NodeExists",
        "NotEmpty",
        "NotFound",
        "NotIgnored",
        "Paused",
        "QuotaExceeded",
        "QuotaExcess",
        "Released",
        "Reserved",
        "SessionClosed",
        "SessionMoved",
        "SessionOpened",
        "SessionRefused",
        "Synced",
        "TimedOut",
        "Totals",
        "Touched",
        "TubeStats",
        "Tubes",
        "Unimplemented",
        "Using",
        "Watches",
        "Watching",
        "lost",
    ];
    let missing: Vec<_> = expected.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert!(seeds < SEEDS || missing.is_empty(), "no run ever got a reply of these kinds: {missing:?}");
}

#[expect(clippy::disallowed_methods, reason = "the state machine has no environment, but its tests have")]
fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("SEED and SEEDS are numbers"))
}

/// The name of the reply in a line of an outbox; of an error of ZooKeeper's protocol, which.
fn kind(line: &str) -> &str {
    let reply = line.split_once(": ").map_or(line, |(_, reply)| reply);
    let reply = reply.trim_start_matches(|character: char| character.is_ascii_digit() || character == ' ');
    let reply = reply.strip_prefix("Error(").unwrap_or(reply);
    reply.split(|character: char| !character.is_alphanumeric()).next().unwrap_or(reply)
}
