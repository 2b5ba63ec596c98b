//! A lock that many may read under, or one may write under. Laid out as kazoo's `ReadLock` and `WriteLock`:
//! `PATH/<unique>__rlock__<number>` and `PATH/<unique>__lock__<number>`.

use super::lock::Lock;
use super::names::{LOCK, READ_LOCK};
use crate::client::Client;

/// A lock that many may read under, or one may write under, in order of arrival: who wants to read waits for those who
/// came before and want to write.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::ReadWriteLock;
///
/// let lock = ReadWriteLock::new(&client, "/app/table");
/// let reading = lock.read().acquire(None).await?;
/// assert!(lock.write().try_acquire().await?.is_none());
/// # drop(reading);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ReadWriteLock {
    read: Lock,
    write: Lock,
}

impl ReadWriteLock {
    /// The lock at this path.
    pub fn new(client: &Client, path: &str) -> ReadWriteLock {
        let all = &[LOCK, READ_LOCK];
        ReadWriteLock {
            read: Lock::with_markers(client, path, READ_LOCK, &[LOCK], all),
            write: Lock::with_markers(client, path, LOCK, all, all),
        }
    }

    /// The same lock, with a text for whoever asks who contends.
    pub fn identified_by(self, identifier: &str) -> ReadWriteLock {
        ReadWriteLock {
            read: self.read.identified_by(identifier),
            write: self.write.identified_by(identifier),
        }
    }

    /// The side for those who read.
    pub fn read(&self) -> &Lock {
        &self.read
    }

    /// The side for those who write.
    pub fn write(&self) -> &Lock {
        &self.write
    }
}
