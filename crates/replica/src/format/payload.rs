//! A log record's payload: what kind of entry openraft gave us, then its content.
//!
//! ```text
//! blank       0
//! normal      1  batch (see `entry`)
//! membership  2  configs u8 { voters u16 { id u64 } }  nodes u16 { id u64, address u32 + bytes }
//! ```
//!
//! A vote is `term u64, voted_for u64, committed u8`.

use bytes::Bytes;

use super::{FormatError, Reader};
use crate::types::{Membership, Payload, Proposal, Vote};

const BLANK: u8 = 0;
const NORMAL: u8 = 1;
const MEMBERSHIP: u8 = 2;

/// The payload in two parts, so that a batch's bytes need not be copied behind their tag.
pub(crate) fn encode(payload: &Payload) -> (u8, Bytes) {
    match payload {
        Payload::Blank => (BLANK, Bytes::new()),
        Payload::Normal(Proposal(bytes)) => (NORMAL, bytes.clone()),
        Payload::Membership(membership) => {
            let mut out = Vec::new();
            encode_membership(membership, &mut out);
            (MEMBERSHIP, out.into())
        }
    }
}

pub(crate) fn decode(bytes: &Bytes) -> Result<Payload, FormatError> {
    let mut reader = Reader(bytes);
    match reader.u8()? {
        BLANK => Ok(Payload::Blank),
        NORMAL => Ok(Payload::Normal(Proposal(bytes.slice(1..)))),
        MEMBERSHIP => reader.membership().map(Payload::Membership),
        tag => Err(FormatError::Tag(tag, "kind of log entry")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a cluster has a handful of nodes with short addresses")]
pub(crate) fn encode_membership(membership: &Membership, out: &mut Vec<u8>) {
    let configs = membership.get_joint_config();
    out.push(configs.len() as u8);
    for voters in configs {
        out.extend_from_slice(&(voters.len() as u16).to_le_bytes());
        for id in voters {
            out.extend_from_slice(&id.to_le_bytes());
        }
    }
    let nodes: Vec<_> = membership.nodes().collect();
    out.extend_from_slice(&(nodes.len() as u16).to_le_bytes());
    for (id, node) in nodes {
        out.extend_from_slice(&id.to_le_bytes());
        out.extend_from_slice(&(node.addr.len() as u32).to_le_bytes());
        out.extend_from_slice(node.addr.as_bytes());
    }
}

pub(crate) fn encode_vote(vote: &Vote) -> [u8; 17] {
    let mut out = [0; 17];
    out[..8].copy_from_slice(&vote.leader_id.term.to_le_bytes());
    out[8..16].copy_from_slice(&vote.leader_id.voted_for.to_le_bytes());
    out[16] = u8::from(vote.committed);
    out
}

pub(crate) fn decode_vote(bytes: &[u8]) -> Result<Vote, FormatError> {
    let mut reader = Reader(bytes);
    let (term, voted_for, committed) = (reader.u64()?, reader.u64()?, reader.u8()? != 0);
    Ok(if committed { Vote::new_committed(term, voted_for) } else { Vote::new(term, voted_for) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use openraft::impls::BasicNode;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn payloads_come_back_as_they_were() {
        let membership = Membership::new(
            vec![BTreeSet::from([1, 2]), BTreeSet::from([1, 3])],
            BTreeMap::from([1, 2, 3, 4].map(|id| (id, BasicNode::new(format!("node{id}:2888"))))),
        )
        .unwrap();
        for payload in [
            Payload::Blank,
            Payload::Normal(Proposal(Bytes::from_static(b"some commands"))),
            Payload::Membership(membership),
        ] {
            let (tag, content) = encode(&payload);
            let bytes: Bytes = [&[tag][..], &content].concat().into();
            assert_eq!(decode(&bytes).unwrap(), payload);
            if tag == MEMBERSHIP {
                for end in 0..bytes.len() {
                    assert!(decode(&bytes.slice(..end)).is_err(), "cut at {end}");
                }
            }
        }
        for vote in [Vote::new(3, 1), Vote::new_committed(u64::MAX, 5)] {
            assert_eq!(decode_vote(&encode_vote(&vote)).unwrap(), vote);
        }
    }
}
