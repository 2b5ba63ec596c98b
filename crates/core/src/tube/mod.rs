//! The work queue: tubes, jobs, and the connections that use, watch, reserve and wait.

mod command;
mod query;
mod reply;

pub use command::{Command, JobId};
pub use query::Query;
pub use reply::{JobState, JobStats, Reply, Totals, TubeNames, TubeStats};
