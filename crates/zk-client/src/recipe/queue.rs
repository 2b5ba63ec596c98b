//! A queue with priorities. Laid out as kazoo's `Queue`: `PATH/entry-<priority>-<number>`.

use std::time::Duration;

use trellis_zk_codec::CreateMode;

use super::names::{entries, entry_prefix};
use super::patience::{persist, within};
use crate::ErrorCode;
use crate::client::Client;
use crate::error::Error;
use crate::path::{check, child};

/// The priority of an entry that is given none.
pub(super) const PRIORITY_DEFAULT: u16 = 100;

/// A queue, first in, first out, or by priority. An entry is gone when it is taken: who must not lose it when a worker
/// dies, uses a [`LockingQueue`](super::LockingQueue). Nodes with other names than entries have are left alone.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::Queue;
///
/// let queue = Queue::new(&client, "/app/queue");
/// queue.put(b"later").await?;
/// queue.put_with(b"sooner", 10).await?;
/// assert_eq!(queue.take(None).await?.as_deref(), Some(&b"sooner"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    path: String,
}

impl Queue {
    /// The queue at this path.
    pub fn new(client: &Client, path: &str) -> Queue {
        Queue { client: client.clone(), path: path.to_owned() }
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
        put(&self.client, &self.path, value, priority).await
    }

    /// Waits for an entry and takes it. `None`: there was none in time.
    ///
    /// # Errors
    /// If the session is over or a server refuses. If the connection was lost while an entry was taken, it may be gone.
    pub async fn take(&self, patience: Option<Duration>) -> Result<Option<Vec<u8>>, Error> {
        within(&self.client, patience, self.wait()).await.transpose()
    }

    /// Takes the first entry, if there is any.
    ///
    /// # Errors
    /// As of [`take`](Self::take).
    pub async fn try_take(&self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let names = match persist(&self.client, || self.client.children(&self.path)).await {
                Err(error) if error.is(ErrorCode::NoNode) => return Ok(None),
                outcome => outcome?.names,
            };
            if entries(&names).next().is_none() {
                return Ok(None);
            }
            if let Some(value) = self.take_one_of(&names).await? {
                return Ok(Some(value));
            }
        }
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// As of [`take`](Self::take).
    pub async fn len(&self) -> Result<usize, Error> {
        len(&self.client, &self.path).await
    }

    /// Whether there are none.
    ///
    /// # Errors
    /// As of [`take`](Self::take).
    pub async fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len().await? == 0)
    }

    async fn wait(&self) -> Result<Vec<u8>, Error> {
        let client = &self.client;
        loop {
            let (listing, mut watch) = match client.children_watched(&self.path).await {
                Err(error) if error.is(ErrorCode::NoNode) => {
                    persist(client, || client.ensure_path(&self.path)).await?;
                    continue;
                }
                Err(error) => {
                    client.wait_out(error).await?;
                    continue;
                }
                Ok(answer) => answer,
            };
            match self.take_one_of(&listing.names).await? {
                Some(value) => return Ok(value),
                None => drop(watch.notice().await),
            }
        }
    }

    /// Takes the first of these that nobody else has taken.
    async fn take_one_of(&self, names: &[String]) -> Result<Option<Vec<u8>>, Error> {
        for name in entries(names) {
            let path = child(&self.path, name);
            let data = match persist(&self.client, || self.client.get_data(&path)).await {
                Err(error) if error.is(ErrorCode::NoNode) => continue,
                outcome => outcome?,
            };
            match self.client.delete(&path, None).await {
                Err(error) if error.is(ErrorCode::NoNode) => {}
                outcome => return outcome.map(|()| data.data.or(Some(Vec::new()))),
            }
        }
        Ok(None)
    }
}

/// Puts an entry below a path.
pub(super) async fn put(client: &Client, parent: &str, value: &[u8], priority: u16) -> Result<(), Error> {
    // Messages are to be of the user's path.
    check(parent)?;
    let path = child(parent, &entry_prefix(priority));
    loop {
        match client.create(&path, value, CreateMode::PersistentSequential).await {
            Err(error) if error.is(ErrorCode::NoNode) => {
                persist(client, || client.ensure_path(parent)).await?;
            }
            outcome => return outcome.map(drop),
        }
    }
}

/// How many entries there are. The server's count of children would have those of others in it.
pub(super) async fn len(client: &Client, path: &str) -> Result<usize, Error> {
    match persist(client, || client.children(path)).await {
        Err(error) if error.is(ErrorCode::NoNode) => Ok(0),
        outcome => Ok(entries(&outcome?.names).count()),
    }
}
