//! A lock that one at a time holds, in order of arrival. Laid out as kazoo's `Lock`: `PATH/<unique>__lock__<number>`.

use std::time::Duration;

use super::holding::Holding;
use super::names::{self, LOCK};
use super::patience::{persist, within};
use crate::ErrorCode;
use crate::client::Client;
use crate::error::Error;
use crate::path::child;

/// A lock that one at a time holds, in order of arrival.
///
/// ```no_run
/// use std::time::Duration;
/// use trellis_zk_client::blocking::{self, Wait};
/// use trellis_zk_client::{Settings, recipe::Lock};
///
/// let client = blocking::connect(&Settings::new("127.0.0.1:2181")?)?;
/// let lock = Lock::new(&client, "/app/lock").identified_by("report on host 7");
/// if let Some(holding) = lock.acquire(Some(Duration::from_secs(5))).wait()? {
///     // Nobody else does this now.
///     holding.release().wait()?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lock {
    client: Client,
    path: String,
    identifier: String,
    /// The marker of its own nodes, and of those that it has to wait for.
    own: &'static str,
    waits_for: &'static [&'static str],
    /// All that contend.
    all: &'static [&'static str],
}

impl Lock {
    /// The lock at this path.
    pub fn new(client: &Client, path: &str) -> Lock {
        Self::with_markers(client, path, LOCK, &[LOCK], &[LOCK])
    }

    pub(super) fn with_markers(
        client: &Client,
        path: &str,
        own: &'static str,
        waits_for: &'static [&'static str],
        all: &'static [&'static str],
    ) -> Lock {
        let (path, identifier) = (path.to_owned(), String::new());
        Lock { client: client.clone(), path, identifier, own, waits_for, all }
    }

    /// The same lock, with a text for whoever asks who [contends](Self::contenders).
    pub fn identified_by(self, identifier: &str) -> Lock {
        Lock { identifier: identifier.to_owned(), ..self }
    }

    /// Waits for the lock. `None`: it was not to be had in time.
    ///
    /// # Errors
    /// If the session is over or a server refuses. Lost connections are waited out.
    pub async fn acquire(&self, patience: Option<Duration>) -> Result<Option<Holding>, Error> {
        within(&self.client, patience, self.wait()).await.transpose()
    }

    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// As of [`acquire`](Self::acquire).
    pub async fn try_acquire(&self) -> Result<Option<Holding>, Error> {
        let holding = self.stand_in_line().await?;
        if self.predecessor(&holding).await?.is_none() {
            return Ok(Some(holding));
        }
        holding.release().await?;
        Ok(None)
    }

    /// The identifiers of those who hold or want the lock, in their order.
    ///
    /// # Errors
    /// As of [`acquire`](Self::acquire).
    pub async fn contenders(&self) -> Result<Vec<String>, Error> {
        self.first_contenders(usize::MAX).await
    }

    /// The identifiers of the first of them, at most so many. No more is asked for.
    pub(super) async fn first_contenders(&self, count: usize) -> Result<Vec<String>, Error> {
        let client = &self.client;
        let listing = match persist(client, || client.children(&self.path)).await {
            Err(error) if error.is(ErrorCode::NoNode) => return Ok(Vec::new()),
            outcome => outcome?,
        };
        let mut found = Vec::new();
        for name in names::in_line(&listing.names, self.all) {
            if found.len() == count {
                break;
            }
            let path = child(&self.path, name);
            match persist(client, || client.get_data(&path)).await {
                Ok(data) => found.push(String::from_utf8_lossy(data.bytes()).into_owned()),
                Err(error) if error.is(ErrorCode::NoNode) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn wait(&self) -> Result<Holding, Error> {
        let client = &self.client;
        let holding = self.stand_in_line().await?;
        while let Some(predecessor) = self.predecessor(&holding).await? {
            match client.get_data_watched(&child(&self.path, &predecessor)).await {
                // Whatever has happened to it, the line has to be looked at again.
                Ok((_, mut watch)) => drop(watch.notice().await),
                Err(error) if error.is(ErrorCode::NoNode) => {}
                Err(error) => client.wait_out(error).await?,
            }
        }
        Ok(holding)
    }

    async fn stand_in_line(&self) -> Result<Holding, Error> {
        Holding::in_line(&self.client, &self.path, self.own, self.identifier.as_bytes()).await
    }

    /// Who has to go before it is this one's turn.
    async fn predecessor(&self, holding: &Holding) -> Result<Option<String>, Error> {
        let listing = persist(&self.client, || self.client.children(&self.path)).await?;
        if !listing.names.iter().any(|name| name == holding.name()) {
            // Somebody has removed it from the line.
            return Err(Error::Refused { code: ErrorCode::NoNode, path: Some(holding.path()) });
        }
        Ok(names::predecessor(&listing.names, holding.name(), self.waits_for).map(str::to_owned))
    }
}
