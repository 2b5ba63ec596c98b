//! A counter. Laid out as kazoo's `Counter` of whole numbers: the data of its node in decimal digits.

use thiserror::Error;

use super::patience::persist;
use crate::ErrorCode;
use crate::client::Client;
use crate::error::Error;

/// A counter that many change. It starts at 0.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use trellis_zk_client::recipe::Counter;
///
/// let counter = Counter::new(&client, "/app/visits");
/// assert_eq!(counter.add(2).await?, counter.value().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Counter {
    client: Client,
    path: String,
}

/// Why a counter tells no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CounterError {
    /// The session or a server is at fault.
    #[error(transparent)]
    Client(#[from] Error),
    /// The node holds something else. It is not changed.
    #[error("{0} holds no whole number: use another node for the counter")]
    NoNumber(String),
    /// The sum has no room in 64 bits. Nothing is changed.
    #[error("the counter {0} would overflow")]
    Overflow(String),
}

impl Counter {
    /// The counter at this path.
    pub fn new(client: &Client, path: &str) -> Counter {
        Counter { client: client.clone(), path: path.to_owned() }
    }

    /// The value.
    ///
    /// # Errors
    /// If the session is over, a server refuses, or the node holds something else.
    pub async fn value(&self) -> Result<i64, CounterError> {
        Ok(self.read().await?.0)
    }

    /// Adds to the value, and gives the sum.
    ///
    /// # Errors
    /// As of [`value`](Self::value). If the connection was lost, whether it was added may not be known.
    pub async fn add(&self, change: i64) -> Result<i64, CounterError> {
        loop {
            let (value, version) = self.read().await?;
            let sum = value.checked_add(change).ok_or_else(|| CounterError::Overflow(self.path.clone()))?;
            match self.client.set_data(&self.path, sum.to_string().as_bytes(), Some(version)).await {
                Err(error) if error.is(ErrorCode::BadVersion) || error.is(ErrorCode::NoNode) => {}
                outcome => return Ok(outcome.map(|_| sum)?),
            }
        }
    }

    async fn read(&self) -> Result<(i64, i32), CounterError> {
        let client = &self.client;
        loop {
            match persist(client, || client.get_data(&self.path)).await {
                Ok(data) if data.bytes().is_empty() => return Ok((0, data.stat.version)),
                Ok(data) => {
                    let value = std::str::from_utf8(data.bytes()).ok().and_then(|text| text.parse().ok());
                    let value = value.ok_or_else(|| CounterError::NoNumber(self.path.clone()))?;
                    return Ok((value, data.stat.version));
                }
                Err(error) if error.is(ErrorCode::NoNode) => {
                    persist(client, || client.ensure_path(&self.path)).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
