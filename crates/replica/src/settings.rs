//! What a replica needs to know before it starts.

use std::path::PathBuf;
use std::time::Duration;

use trellis_core::NodeId;

/// Complete, checked settings of one node.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This node. A single server is node 1.
    pub node: NodeId,
    /// Where the log and the snapshots are kept. Not used with [`Durability::Memory`].
    pub data_dir: PathBuf,
    /// What an acknowledgement is worth.
    pub durability: Durability,
    /// Bytes of one file of the log.
    pub segment_bytes: u64,
    /// A number that clients can't guess; see [`trellis_wal::Options::salt_seed`] and
    /// [`State::seeded`](trellis_core::State::seeded).
    pub salt_seed: u64,
}

/// What an acknowledgement is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A reply leaves after its command is on disk: it survives the loss of power.
    Strict,
    /// A reply leaves after its command is written: it survives the death of the process. A loss of power may cost
    /// what was written in the last interval.
    Interval {
        /// Time between two syncs; `None` leaves them to the operating system.
        sync: Option<Duration>,
    },
    /// No files at all: everything ends with the process.
    Memory,
}
