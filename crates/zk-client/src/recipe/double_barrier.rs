//! A double barrier: all begin together, and end together. Laid out as kazoo's `DoubleBarrier`: `PATH/<unique>` for each
//! that has come, and `PATH/ready` once enough have.

use std::time::Duration;

use trellis_zk_codec::{CreateMode, EventKind};

use super::barrier::gone;
use super::holding::Holding;
use super::patience::{delete, persist, within};
use crate::ErrorCode;
use crate::client::Client;
use crate::error::Error;
use crate::path::{check, child};
use crate::watch::{Notice, Watch};

/// The node that says that enough have come.
const READY: &str = "ready";

/// A double barrier: all begin together, and end together.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::DoubleBarrier;
///
/// let barrier = DoubleBarrier::new(&client, "/app/round", 5);
/// let inside = barrier.enter("host 7", None).await?.expect("patience has no end");
/// // Four others are here, too.
/// barrier.leave(inside, None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DoubleBarrier {
    client: Client,
    path: String,
    count: usize,
}

impl DoubleBarrier {
    /// The barrier at this path for so many.
    pub fn new(client: &Client, path: &str, count: usize) -> DoubleBarrier {
        DoubleBarrier { client: client.clone(), path: path.to_owned(), count }
    }

    /// Waits until enough have come. `None`: not so in time, and this one has gone again.
    ///
    /// # Errors
    /// If the session is over or a server refuses. Lost connections are waited out.
    pub async fn enter(
        &self,
        identifier: &str,
        patience: Option<Duration>,
    ) -> Result<Option<Holding>, Error> {
        within(&self.client, patience, self.come(identifier)).await.transpose()
    }

    /// Waits until all have left; whether they have, in time. This one has left in any case.
    ///
    /// # Errors
    /// As of [`enter`](Self::enter).
    pub async fn leave(&self, inside: Holding, patience: Option<Duration>) -> Result<bool, Error> {
        let outcome = within(&self.client, patience, self.go(inside)).await;
        outcome.transpose().map(|gone| gone.is_some())
    }

    async fn come(&self, identifier: &str) -> Result<Holding, Error> {
        let client = &self.client;
        // Messages are to be of the user's path.
        check(&self.path)?;
        let ready = child(&self.path, READY);
        // The watch is there before this one counts, as the others may have come, gone, and taken the node away before
        // it would be looked for.
        let (mut there, mut watch) = self.exists(&ready).await?;
        let name = Client::unique_name()?;
        let inside = Holding::named(client, &self.path, name, identifier.as_bytes()).await?;
        while !there {
            if self.inside().await?.len() >= self.count {
                match persist(client, || client.create(&ready, b"", CreateMode::Persistent)).await {
                    Err(error) if !error.is(ErrorCode::NodeExists) => return Err(error),
                    _ => break,
                }
            }
            match watch.notice().await {
                Some(Notice::Event(event)) if event.kind == EventKind::NodeCreated => break,
                _ => (there, watch) = self.exists(&ready).await?,
            }
        }
        Ok(inside)
    }

    async fn exists(&self, path: &str) -> Result<(bool, Watch), Error> {
        let (stat, watch) = persist(&self.client, || self.client.exists_watched(path)).await?;
        Ok((stat.is_some(), watch))
    }

    /// The first by name waits for the last and so on, all others for the first: so nobody has to look at all. Only those
    /// of this round are waited for: who is quick may have come back for the next one.
    async fn go(&self, inside: Holding) -> Result<(), Error> {
        let client = &self.client;
        delete(client, &child(&self.path, READY)).await?;
        let own = inside.name().to_owned();
        let round = self.inside().await?;
        loop {
            let names = self.left_of(&round).await?;
            match names.iter().rfind(|name| **name != own) {
                Some(last) if names.first() == Some(&own) => gone(client, &child(&self.path, last)).await?,
                _ => break,
            }
        }
        inside.release().await?;
        while let Some(first) = self.left_of(&round).await?.first() {
            gone(client, &child(&self.path, first)).await?;
        }
        Ok(())
    }

    /// Those of a round that are still inside, sorted.
    async fn left_of(&self, round: &[String]) -> Result<Vec<String>, Error> {
        let mut names = self.inside().await?;
        names.retain(|name| round.binary_search(name).is_ok());
        Ok(names)
    }

    /// The names of all that are inside, sorted.
    async fn inside(&self) -> Result<Vec<String>, Error> {
        let mut names = persist(&self.client, || self.client.children(&self.path)).await?.names;
        names.retain(|name| name != READY);
        Ok(names)
    }
}
