//! ZooKeeper's tree: znodes, and the sessions that make them.
//!
//! | What | Where |
//! |---|---|
//! | what can be asked, and what is answered | `command.rs`, `query.rs`, `reply.rs`, `error.rs`, `acl.rs` |
//! | which command goes where | `tree.rs` |
//! | what operations demand and do | `operations.rs`; with paths: `path.rs`, with permissions: `access.rs` |
//! | how the tree changes, and how a change is taken back | `moves.rs` |
//! | sessions that come and go | `connect.rs` |
//! | what happens as time passes | `timers.rs` |
//! | how many znodes and bytes there may be | `quota.rs` |
//! | answers to questions | `answers.rs`, `listing.rs` |
//! | snapshots | `capture.rs`, `rebuild.rs` |
//! | what must always hold | `check.rs` |
//! | how things lie in memory | `node.rs`, `nodes/`, `names.rs`, `acls.rs`, `sessions.rs` |

mod access;
mod acl;
mod acls;
mod answers;
mod capture;
mod check;
mod command;
mod connect;
mod error;
mod listing;
mod moves;
mod names;
mod node;
mod nodes;
mod operations;
mod path;
mod query;
mod quota;
mod rebuild;
mod reply;
mod sessions;
mod timers;
mod tree;

pub use acl::{Acl, AclEntry, Identities, KeptIdentities, Permissions, ShownAcl};
pub use command::{Command, CreateMode, Op, Password, SessionId, Zxid};
pub use error::Error;
pub use listing::{Children, ListingId, ListingStart};
pub use node::Lease;
pub use query::{MultiRead, Query};
pub(crate) use rebuild::Rebuild;
pub use reply::{Event, EventKind, OpResult, QuotaExcess, QuotaResource, ReadResult, Reply, Stat};
pub(crate) use tree::Tree;
pub use tree::{EphemeralPlace, SessionFacts, Totals};
