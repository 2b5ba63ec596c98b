//! What can be asked of the work queue without changing it. Queries never enter the log: the node that holds
//! the connection answers them, at their place among the connection's commands.

use super::command::JobId;

/// A question. Each gets exactly one [`Reply`](super::Reply).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Any job. Replies `Found` or `NotFound`.
    Peek {
        /// The job.
        id: JobId,
    },
    /// The next ready job of the used tube. Replies `Found` or `NotFound`.
    PeekReady,
    /// The delayed job of the used tube with the least delay left. Replies `Found` or `NotFound`.
    PeekDelayed,
    /// The first buried job of the used tube. Replies `Found` or `NotFound`.
    PeekBuried,
    /// Replies `Totals`.
    Stats,
    /// Replies `JobStats` or `NotFound`.
    StatsJob {
        /// The job.
        id: JobId,
    },
    /// Replies `TubeStats` or `NotFound`.
    StatsTube {
        /// The tube's name.
        tube: Box<str>,
    },
    /// All tubes in their order. Replies `Tubes`.
    ListTubes,
    /// Replies `Using`.
    ListTubeUsed,
    /// The connection's watch list in its order. Replies `Tubes`.
    ListTubesWatched,
}
