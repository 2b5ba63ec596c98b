//! System V semaphores, message queues and shared memory. They are named by keys, belong to the machine and not to a
//! process, and stay until they are removed.
//!
//! The layouts that PHP gives to what is in them are [`php`](crate::php)'s business.

mod error;
mod key;
mod list;
mod memory;
mod queue;
mod semaphore;

pub use error::IpcError;
pub use key::{Key, ftok};
pub use list::{Kind, Listed, list};
pub use memory::{MemoryStatus, SharedMemory};
pub use queue::{Message, MessageQueue, QueueStatus, Select, Wait};
pub use semaphore::{Semaphore, SemaphoreStatus};

/// Whether an object is made if it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// It must be there.
    Existing,
    /// It is made if it is not there, with these permissions, as in `0o600`.
    OrCreate(u16),
    /// It must not be there and is made, with these permissions.
    Create(u16),
}

impl Open {
    /// The flags of the calls.
    fn flags(self) -> i32 {
        match self {
            Open::Existing => 0,
            Open::OrCreate(mode) => libc::IPC_CREAT | i32::from(mode & MODE_MAX),
            Open::Create(mode) => libc::IPC_CREAT | libc::IPC_EXCL | i32::from(mode & MODE_MAX),
        }
    }
}

/// All permissions there are.
const MODE_MAX: u16 = 0o777;

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of several files need.

    use super::{Key, ftok};

    /// A key that nobody else on this machine has.
    pub(crate) fn free_key() -> Key {
        let file = tempfile::NamedTempFile::new().expect("a file");
        // The file goes and its number may come again, so the process and a count of its own are in it, too.
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let Key(bits) = ftok(file.path(), 0).expect("it is there");
        Key(bits ^ (std::process::id().cast_signed() << 12) ^ next)
    }

    static NEXT: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(1 << 28);
}
