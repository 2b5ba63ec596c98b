//! A queue whose entries are locked while they are worked on. Laid out as kazoo's `LockingQueue`:
//! `PATH/entries/entry-<priority>-<number>`, and `PATH/taken/<the same name>` while somebody works on it.

use std::time::Duration;

use trellis_zk_codec::{Acl, Create, CreateMode, Operation};

use super::holding::Holding;
use super::names::{self, entry_prefix};
use super::patience::{persist, within};
use super::queue::{PRIORITY_DEFAULT, len, put};
use crate::ErrorCode;
use crate::client::Client;
use crate::error::Error;
use crate::path::{check, child};

/// A queue whose entries are locked while they are worked on: if the worker dies, others get them.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::LockingQueue;
///
/// let queue = LockingQueue::new(&client, "/app/queue");
/// queue.put(b"work").await?;
/// let entry = queue.take(None).await?.expect("patience has no end");
/// assert_eq!(entry.value(), b"work");
/// entry.consume().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LockingQueue {
    client: Client,
    path: String,
    entries: String,
    taken: String,
}

/// An entry that nobody else gets. When it is dropped without being consumed, others get it.
#[derive(Debug)]
#[must_use = "others get the entry as soon as this is dropped"]
pub struct Entry {
    path: String,
    value: Vec<u8>,
    lock: Holding,
}

impl LockingQueue {
    /// The queue at this path.
    pub fn new(client: &Client, path: &str) -> LockingQueue {
        let (entries, taken) = (child(path, "entries"), child(path, "taken"));
        LockingQueue { client: client.clone(), path: path.to_owned(), entries, taken }
    }

    /// Puts an entry behind all others of the usual priority, 100.
    ///
    /// # Errors
    /// If the session is over or a server refuses. If the connection was lost, whether it was put may not be known.
    pub async fn put(&self, value: &[u8]) -> Result<(), Error> {
        self.put_with(value, PRIORITY_DEFAULT).await
    }

    /// Puts an entry behind all others of that priority, from 0, the most urgent, to 999.
    ///
    /// # Errors
    /// As of [`put`](Self::put).
    pub async fn put_with(&self, value: &[u8], priority: u16) -> Result<(), Error> {
        check(&self.path)?;
        put(&self.client, &self.entries, value, priority).await
    }

    /// Puts many entries, all or none.
    ///
    /// # Errors
    /// As of [`put`](Self::put).
    pub async fn put_all(&self, values: &[&[u8]], priority: u16) -> Result<(), Error> {
        check(&self.path)?;
        let path = child(&self.entries, &entry_prefix(priority));
        let (acl, mode) = ((&[Acl::OPEN]).into(), CreateMode::PersistentSequential);
        let operations: Vec<Operation<'_>> = values
            .iter()
            .map(|value| Operation::Create(Create { path: &path, data: Some(value), acl, mode }))
            .collect();
        persist(&self.client, || self.client.ensure_path(&self.entries)).await?;
        self.client.multi(&operations).await.map(drop)
    }

    /// Waits for an entry and locks it. `None`: there was none in time.
    ///
    /// # Errors
    /// If the session is over or a server refuses. Lost connections are waited out.
    pub async fn take(&self, patience: Option<Duration>) -> Result<Option<Entry>, Error> {
        within(&self.client, patience, self.wait()).await.transpose()
    }

    /// How many entries there are, those that are locked included.
    ///
    /// # Errors
    /// As of [`take`](Self::take).
    pub async fn len(&self) -> Result<usize, Error> {
        check(&self.path)?;
        len(&self.client, &self.entries).await
    }

    /// Whether there are none.
    ///
    /// # Errors
    /// As of [`take`](Self::take).
    pub async fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len().await? == 0)
    }

    async fn wait(&self) -> Result<Entry, Error> {
        let client = &self.client;
        check(&self.path)?;
        for path in [&self.entries, &self.taken] {
            persist(client, || client.ensure_path(path)).await?;
        }
        loop {
            // Both are under way together; whichever changes first is waited for.
            let (entries, taken) =
                (client.children_watched(&self.entries), client.children_watched(&self.taken));
            let ((entries, mut entries_watch), (taken, mut taken_watch)) = match (entries.await, taken.await)
            {
                (Err(error), _) | (_, Err(error)) => {
                    client.wait_out(error).await?;
                    continue;
                }
                (Ok(entries), Ok(taken)) => (entries, taken),
            };
            let is_free =
                |name: &&str| taken.names.binary_search_by(|taken| taken.as_str().cmp(name)).is_err();
            for name in names::entries(&entries.names).filter(is_free) {
                if let Some(entry) = self.lock(name).await? {
                    return Ok(entry);
                }
            }
            let (mut one, mut other) = (entries_watch.notice(), taken_watch.notice());
            std::future::poll_fn(|context| {
                let one = std::pin::Pin::new(&mut one).poll(context);
                let other = std::pin::Pin::new(&mut other).poll(context);
                if one.is_ready() || other.is_ready() {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            })
            .await;
        }
    }

    /// Locks an entry, unless somebody else has or it is gone.
    async fn lock(&self, name: &str) -> Result<Option<Entry>, Error> {
        let client = &self.client;
        let id = Client::unique_name()?;
        let Some(lock) = Holding::unless_taken(client, &self.taken, name, id.as_bytes()).await? else {
            return Ok(None);
        };
        let path = child(&self.entries, name);
        match persist(client, || client.get_data(&path)).await {
            Ok(data) => Ok(Some(Entry { path, value: data.data.unwrap_or_default(), lock })),
            Err(error) if error.is(ErrorCode::NoNode) => {
                lock.release().await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Entry {
    /// What was put.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The lock, to see whether it still is [held](Holding::standing).
    pub fn lock(&self) -> &Holding {
        &self.lock
    }

    /// Removes the entry from the queue: it is done.
    ///
    /// # Errors
    /// [`Error::Over`] if the lock was lost with its session. Other failures of the connection are waited out.
    pub async fn consume(self) -> Result<(), Error> {
        let client = self.lock.client().clone();
        let lock = self.lock.path();
        let operations = [
            Operation::Delete { path: &self.path, version: -1 },
            Operation::Delete { path: &lock, version: -1 },
        ];
        match persist(&client, || client.multi(&operations)).await {
            // Nobody else can have removed a locked entry: it was done before the connection was lost.
            Err(error) if error.is(ErrorCode::NoNode) => self.lock.release().await,
            outcome => {
                let _ = outcome?;
                self.lock.forget();
                Ok(())
            }
        }
    }

    /// Gives the entry back to the queue, and waits until a server has done so.
    ///
    /// # Errors
    /// As of [`consume`](Self::consume).
    pub async fn release(self) -> Result<(), Error> {
        self.lock.release().await
    }
}
