//! The one place where openraft's type parameters are bound. Nothing outside this crate names an openraft type.

use std::fmt;

use bytes::Bytes;
use openraft::impls::BasicNode;
use openraft::vote::RaftLeaderId;

/// trellis's choice of openraft's types. Leader ids are those of standard Raft: one leader a term.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) struct Types;

impl openraft::RaftTypeConfig for Types {
    type D = Proposal;
    type R = ();
    type NodeId = u64;
    type Node = BasicNode;
    type Term = u64;
    type LeaderId = LeaderId;
    type Vote = openraft::impls::Vote<LeaderId>;
    type Payload = Payload;
    type Entry = openraft::Entry<<LeaderId as RaftLeaderId>::Committed, Payload>;
    type AsyncRuntime = openraft_rt_tokio::TokioRuntime;
    type Responder<T>
        = openraft::impls::OneshotResponder<Self, T>
    where
        T: Send + 'static;
    type Batch<T>
        = openraft::impls::InlineBatch<T>
    where
        T: Send + 'static;
    type ErrorSource = openraft::impls::BoxedErrorSource;
}

/// A batch of commands in the bytes that the log keeps; see [`crate::format::entry`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proposal(pub(crate) Bytes);

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

pub(crate) type Raft = openraft::Raft<Types, crate::machine::Machine>;
pub(crate) type Entry = openraft::type_config::alias::EntryOf<Types>;
pub(crate) type LogId = openraft::type_config::alias::LogIdOf<Types>;
pub(crate) type LeaderId = openraft::impls::leader_id_std::LeaderId<u64, u64>;
pub(crate) type Membership = openraft::Membership<u64, BasicNode>;
pub(crate) type StoredMembership = openraft::type_config::alias::StoredMembershipOf<Types>;
pub(crate) type SnapshotMeta = openraft::type_config::alias::SnapshotMetaOf<Types>;
pub(crate) type Snapshot = openraft::type_config::alias::SnapshotOf<Types, crate::snapshot::SnapshotFile>;
pub(crate) type Vote = openraft::type_config::alias::VoteOf<Types>;
pub(crate) type Payload = openraft::EntryPayload<Proposal, u64, BasicNode>;
#[cfg(test)]
pub(crate) type StorageError = openraft::StorageError<Types>;

/// The name of entry `index` of `term`.
pub(crate) fn log_id(term: u64, index: u64) -> LogId {
    // The node of a leader's id is no part of what standard Raft commits to.
    LogId::new(RaftLeaderId::to_committed(&LeaderId { term, voted_for: 0 }), index)
}
