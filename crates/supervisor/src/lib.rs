//! A supervisor: it decides which processes run, when they are started again, what becomes of the jobs that they are
//! given, and when a schedule is due; and it does all that.
//!
//! Only [`runtime`] does I/O, reads a clock or starts a process. Each other part is a machine that is given events and
//! the time, and returns what to do.
//!
//! | what | where |
//! |---|---|
//! | `workers.toml`, checked | [`config`] |
//! | one process: its states, back-off, readiness, end | [`process`] |
//! | what to start, stop and replace | [`plan`] |
//! | all processes together, and what people ask of them | [`fleet`] |
//! | how many processes a tube needs | [`scale`] |
//! | when a program is due | [`schedule`] |
//! | the runs of all programs with a schedule | [`runs`] |
//! | the jobs of a program with a tube | [`dispatch`] |
//! | which places of a program with a process for each job take some | [`places`] |
//! | all of it at work | [`runtime`] |
//! | the bytes between the supervisor and a worker that gets its jobs in frames | [`stream`] |

#![deny(missing_docs)]

pub mod config;
pub mod dispatch;
pub mod fleet;
mod job;
pub mod limits;
mod moment;
pub mod places;
pub mod plan;
pub mod process;
pub mod runs;
pub mod runtime;
pub mod scale;
pub mod schedule;
pub mod stream;

pub use job::{JobId, NotAJob};
pub use moment::Moment;
