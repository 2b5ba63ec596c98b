//! A semaphore: so many at a time. Laid out as kazoo's `Semaphore`: a lease is `PATH/<unique>`, the limit is the data of
//! `PATH`, and who waits for a lease holds the lock `PATH-__lock__`.

use std::time::Duration;

use thiserror::Error;

use super::holding::Holding;
use super::lock::Lock;
use super::patience::{persist, within};
use crate::ErrorCode;
use crate::client::{Client, Creation};
use crate::error::Error;

/// A semaphore: so many at a time hold a lease.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use trellis_zk_client::recipe::Semaphore;
///
/// let lease = Semaphore::new(&client, "/app/heavy", 3).acquire(None).await?;
/// # drop(lease);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore {
    client: Client,
    path: String,
    leases_max: u32,
    identifier: String,
}

/// Why there is no lease.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SemaphoreError {
    /// The session or a server is at fault.
    #[error(transparent)]
    Client(#[from] Error),
    /// Others use the semaphore with another limit. Agree on one; deleting the node forgets it.
    #[error("the semaphore {path} allows {stored} at a time, and not {wanted}: agree on one limit")]
    Limit {
        /// The semaphore's path.
        path: String,
        /// What stands in the node.
        stored: u32,
        /// What was asked for here.
        wanted: u32,
    },
}

impl Semaphore {
    /// The semaphore at this path, which allows `leases_max` at a time. All who use it must agree on that.
    pub fn new(client: &Client, path: &str, leases_max: u32) -> Semaphore {
        Semaphore { client: client.clone(), path: path.to_owned(), leases_max, identifier: String::new() }
    }

    /// The same semaphore, with a text for whoever asks who [holds](Self::holders) a lease.
    pub fn identified_by(self, identifier: &str) -> Semaphore {
        Semaphore { identifier: identifier.to_owned(), ..self }
    }

    /// Waits for a lease. `None`: there was none in time.
    ///
    /// # Errors
    /// If others have another limit, the session is over, or a server refuses. Lost connections are waited out.
    pub async fn acquire(&self, patience: Option<Duration>) -> Result<Option<Holding>, SemaphoreError> {
        within(&self.client, patience, self.wait()).await.transpose()
    }

    /// The identifiers of those who hold a lease, in no order.
    ///
    /// # Errors
    /// As of [`acquire`](Self::acquire).
    pub async fn holders(&self) -> Result<Vec<String>, Error> {
        super::group::identifiers(&self.client, &self.path, |_| true).await
    }

    async fn wait(&self) -> Result<Holding, SemaphoreError> {
        let client = &self.client;
        self.agree().await?;
        let lock = Lock::new(client, &format!("{}-__lock__", self.path)).identified_by(&self.identifier);
        let Some(turn) = lock.acquire(None).await? else {
            return Err(Error::Unexpected.into());
        };
        loop {
            match client.children_watched(&self.path).await {
                Ok((listing, _)) if listing.names.len() < self.leases_max as usize => break,
                Ok((_, mut watch)) => drop(watch.notice().await),
                Err(error) => client.wait_out(error).await?,
            }
        }
        let name = Client::unique_name()?;
        let lease = Holding::named(client, &self.path, name, self.identifier.as_bytes()).await?;
        turn.release().await?;
        Ok(lease)
    }

    /// Sets the limit, or sees whether it is the same as here.
    async fn agree(&self) -> Result<(), SemaphoreError> {
        let client = &self.client;
        if self.path == "/" {
            // To create it would be to create the node that stands for it.
            persist(client, || client.ensure_path("/")).await?;
        }
        let limit = self.leases_max.to_string();
        loop {
            let creation = Creation { data: Some(limit.as_bytes()), ..Creation::of(&self.path) };
            match persist(client, || client.create_with(&creation)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is(ErrorCode::NodeExists) => break,
                Err(error) if error.is(ErrorCode::NoNode) => {
                    let parent = self.path.rfind('/').map_or("/", |at| &self.path[..at.max(1)]);
                    persist(client, || client.ensure_path(parent)).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let data = persist(client, || client.get_data(&self.path)).await?;
        // What is no number means something else to somebody else.
        let stored = std::str::from_utf8(data.bytes()).ok().and_then(|text| text.parse().ok());
        match stored {
            Some(stored) if stored != self.leases_max => {
                let (path, wanted) = (self.path.clone(), self.leases_max);
                Err(SemaphoreError::Limit { path, stored, wanted })
            }
            _ => Ok(()),
        }
    }
}
