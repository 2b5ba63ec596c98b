//! The work queue: tubes, jobs, and the connections that use, watch, reserve and wait.
//!
//! | What | Where |
//! |---|---|
//! | what can be asked, and what is answered | `command.rs`, `query.rs`, `reply.rs` |
//! | which command goes where | `queue.rs` |
//! | what commands do | `produce.rs`, `work.rs`, `connect.rs`; questions: `answers.rs` |
//! | how a job gets from one state to another | `moves.rs` |
//! | who gets the next job | `waiting.rs` |
//! | what happens as time passes | `timers.rs` |
//! | how things lie in memory | `job.rs`, `jobs.rs`, `tubes.rs`, `connections.rs` |
//! | snapshots | `capture.rs`, `rebuild.rs` |
//! | what a command would do | `effect.rs` |
//! | what must always hold | `check.rs` |

mod answers;
mod capture;
mod check;
mod command;
mod connect;
mod connections;
mod effect;
mod job;
mod jobs;
mod moves;
mod produce;
mod query;
mod queue;
mod rebuild;
mod reply;
mod timers;
mod tubes;
mod waiting;
mod work;

pub use command::{Command, JobId};
pub use connections::Wait;
pub use effect::Effect;
pub use job::JobCounts;
pub use query::Query;
pub(crate) use queue::Queue;
pub use reply::{JobState, JobStats, Reply, Totals, TubeNames, TubeStats};
pub use tubes::{Pause, TubeCounts};
