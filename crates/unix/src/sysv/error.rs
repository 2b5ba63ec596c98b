//! Why something with a System V object does not work, in words that name the object.

use std::io;

use thiserror::Error;

use super::list::Kind;

/// Why something with a System V object does not work.
#[derive(Debug, Error)]
pub enum IpcError {
    /// There is no such object.
    #[error("there is no {kind} {name}")]
    Missing {
        /// What it would be.
        kind: Kind,
        /// The key or id.
        name: String,
    },
    /// There is one already, and a new one was asked for.
    #[error("there is a {kind} {name} already")]
    Exists {
        /// What it is.
        kind: Kind,
        /// The key.
        name: String,
    },
    /// This user may not do that with it.
    #[error("this user has no permission for the {kind} {name}")]
    Denied {
        /// What it is.
        kind: Kind,
        /// The key or id.
        name: String,
    },
    /// It was removed, perhaps while it was waited for.
    #[error("the {kind} {name} was removed")]
    Removed {
        /// What it was.
        kind: Kind,
        /// The key or id.
        name: String,
    },
    /// There is one, but it is smaller, has fewer semaphores, or the size is not one.
    #[error("the {kind} {name} has another size than was asked for, or there can be none of that size")]
    WrongSize {
        /// What it is.
        kind: Kind,
        /// The key or id.
        name: String,
    },
    /// There is a set of semaphores, but it is laid out otherwise than PHP's, which have three.
    #[error("the semaphore {name} is no PHP semaphore: {count} instead of 3 in the set")]
    NotPhp {
        /// The key.
        name: String,
        /// How many semaphores are in the set.
        count: u64,
    },
    /// The message is larger than messages may be.
    #[error(
        "a message of {bytes} bytes is too big for the {kind} {name}: see msgmax and msgmnb in /proc/sys/kernel"
    )]
    TooBig {
        /// What it is for.
        kind: Kind,
        /// The key or id.
        name: String,
        /// The message's size.
        bytes: usize,
    },
    /// The next message is larger than the caller takes. It stays in the queue.
    #[error("the next message of the {kind} {name} has more than {bytes_max} bytes")]
    TooBigToTake {
        /// What it is from.
        kind: Kind,
        /// The key or id.
        name: String,
        /// The most that the caller takes.
        bytes_max: usize,
    },
    /// The queue is full, and it was not to be waited for.
    #[error("the {kind} {name} is full")]
    Full {
        /// What it is.
        kind: Kind,
        /// The key or id.
        name: String,
    },
    /// The machine has no room for another one, or not for one of this size.
    #[error("no room for the {kind} {name}: {source}; `ipcs -l` shows the limits")]
    NoRoom {
        /// What it would be.
        kind: Kind,
        /// The key.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// Something that is no argument of this call: a message's type below 1, a count of permits below 1.
    #[error("{what}")]
    Invalid {
        /// What is wrong.
        what: &'static str,
    },
    /// A bound was left: a read or write beyond the end of the memory.
    #[error("{bytes} bytes at {offset} are not within the {kind} {name}")]
    Outside {
        /// What it is.
        kind: Kind,
        /// The key or id.
        name: String,
        /// Where it would begin.
        offset: usize,
        /// How many bytes it would be.
        bytes: usize,
    },
    /// Anything else that the system says.
    #[error("the {kind} {name}: {source}")]
    System {
        /// What it is.
        kind: Kind,
        /// The key or id.
        name: String,
        /// What the system says.
        source: io::Error,
    },
}

impl IpcError {
    /// The meaning that the system's errors have in all calls.
    pub(super) fn of(kind: Kind, name: &str, source: io::Error) -> IpcError {
        let name = name.to_owned();
        match source.raw_os_error() {
            Some(libc::ENOENT) => IpcError::Missing { kind, name },
            Some(libc::EEXIST) => IpcError::Exists { kind, name },
            Some(libc::EACCES | libc::EPERM) => IpcError::Denied { kind, name },
            Some(libc::EIDRM) => IpcError::Removed { kind, name },
            Some(libc::EINVAL) => IpcError::WrongSize { kind, name },
            Some(libc::ENOSPC | libc::ENOMEM) => IpcError::NoRoom { kind, name, source },
            _ => IpcError::System { kind, name, source },
        }
    }

    /// The same for an object that was named by its id.
    pub(super) fn of_id(kind: Kind, id: i32, source: io::Error) -> IpcError {
        let name = format!("with id {id}");
        match IpcError::of(kind, &name, source) {
            IpcError::WrongSize { kind, name } | IpcError::Removed { kind, name } => {
                IpcError::Missing { kind, name }
            }
            other => other,
        }
    }

    /// The same for an object that was opened: it is there with its right size, so it can only have gone.
    pub(super) fn of_opened(kind: Kind, name: &str, source: io::Error) -> IpcError {
        match IpcError::of(kind, name, source) {
            IpcError::WrongSize { kind, name } | IpcError::Missing { kind, name } => {
                IpcError::Removed { kind, name }
            }
            other => other,
        }
    }
}
