//! A barrier that holds everybody up while it is there. Laid out as kazoo's `Barrier`: its node is the barrier.

use std::time::Duration;

use super::patience::{persist, within};
use crate::ErrorCode;
use crate::client::Client;
use crate::error::Error;

/// A barrier that holds everybody up while it is there. It stays when its session ends.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::Barrier;
///
/// let barrier = Barrier::new(&client, "/app/maintenance");
/// barrier.raise().await?;
/// assert!(barrier.lower().await?);
/// assert!(barrier.wait(None).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Barrier {
    client: Client,
    path: String,
}

impl Barrier {
    /// The barrier at this path.
    pub fn new(client: &Client, path: &str) -> Barrier {
        Barrier { client: client.clone(), path: path.to_owned() }
    }

    /// Puts the barrier up, if it is not.
    ///
    /// # Errors
    /// If the session is over or a server refuses. Lost connections are waited out.
    pub async fn raise(&self) -> Result<(), Error> {
        persist(&self.client, || self.client.ensure_path(&self.path)).await
    }

    /// Takes the barrier away; whether it was there.
    ///
    /// # Errors
    /// As of [`raise`](Self::raise).
    pub async fn lower(&self) -> Result<bool, Error> {
        match persist(&self.client, || self.client.delete(&self.path, None)).await {
            Err(error) if error.is(ErrorCode::NoNode) => Ok(false),
            outcome => outcome.map(|()| true),
        }
    }

    /// Waits until the barrier is gone; whether it is, in time.
    ///
    /// # Errors
    /// As of [`raise`](Self::raise).
    pub async fn wait(&self, patience: Option<Duration>) -> Result<bool, Error> {
        let outcome = within(&self.client, patience, gone(&self.client, &self.path)).await;
        outcome.transpose().map(|gone| gone.is_some())
    }
}

/// Waits until a node is gone.
pub(super) async fn gone(client: &Client, path: &str) -> Result<(), Error> {
    loop {
        match client.get_data_watched(path).await {
            Ok((_, mut watch)) => drop(watch.notice().await),
            Err(error) if error.is(ErrorCode::NoNode) => return Ok(()),
            Err(error) => client.wait_out(error).await?,
        }
    }
}
