//! What a task has come to.

use std::fmt;

use thiserror::Error;

use crate::process::{ForkError, Status};

/// Names a task of one pool. Tasks are numbered from 1 in the order in which they were submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

impl fmt::Display for TaskId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The one thing that a pool says of a task.
#[derive(Debug)]
pub struct Outcome {
    /// The task.
    pub task: TaskId,
    /// Its result, or why there is none.
    pub result: Result<Vec<u8>, TaskError>,
}

/// Why a task has no result.
#[derive(Debug, Error)]
pub enum TaskError {
    /// The child ended and had written nothing.
    #[error("the child ended without a result ({})", how(status))]
    NoResult {
        /// How it ended, unless somebody else took its end.
        status: Option<Status>,
    },
    /// The child ended in the middle of its result.
    #[error("the child ended before its result did, {missing} bytes short ({})", how(status))]
    Cut {
        /// How many bytes are missing, of the result or, if not even that had come, of its length.
        missing: u32,
        /// How it ended, unless somebody else took its end.
        status: Option<Status>,
    },
    /// The result is longer than the pool's settings allow. The child was killed.
    #[error("the result has {bytes} bytes, where {bytes_max} are the most")]
    TooLong {
        /// The length that it has or announces.
        bytes: u64,
        /// The pool's limit.
        bytes_max: u32,
    },
    /// The child wrote something else than one result. It was killed.
    #[error("what the child wrote makes no sense: {what}")]
    Garbage {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The child's socket could not be read any more. It was killed.
    #[error("cannot read what the child writes: {0}")]
    Unreadable(std::io::Error),
    /// The child could not be made, and there was no other whose end could have made room.
    #[error(transparent)]
    NotStarted(#[from] ForkError),
    /// The task was killed before it began.
    #[error("the task was killed before it began")]
    Cancelled,
    /// The task has panicked, in a pool without children.
    #[error("the task has panicked")]
    Panicked,
}

fn how(status: &Option<Status>) -> String {
    status.map_or_else(|| "how is not known".to_owned(), |status| status.to_string())
}
