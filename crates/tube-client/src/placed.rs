//! Where a job of a producer with several servers has gone.

use crate::job::Inserted;

/// A job, and the server that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The server's place in the producer's list.
    pub server: usize,
    /// What its put has made there.
    pub inserted: Inserted,
}
