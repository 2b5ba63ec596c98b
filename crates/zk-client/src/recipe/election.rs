//! An election: of all candidates, one leads, and another follows when it is gone. Laid out as kazoo's `Election`, which
//! is a lock.

use std::time::Duration;

use super::holding::Holding;
use super::lock::Lock;
use crate::client::Client;
use crate::error::Error;

/// An election: of all candidates, one leads, and the next one follows when it is gone.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::Election;
///
/// let election = Election::new(&client, "/app/leader", "host 7");
/// let leadership = election.campaign(None).await?.expect("patience has no end");
/// // Lead, until:
/// leadership.lost().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Election {
    lock: Lock,
}

impl Election {
    /// The election at this path, with the name of this candidate.
    pub fn new(client: &Client, path: &str, candidate: &str) -> Election {
        Election { lock: Lock::new(client, path).identified_by(candidate) }
    }

    /// Waits to be elected, and leads as long as what it gives is kept and not [lost](Holding::lost). `None`: it was not
    /// elected in time.
    ///
    /// # Errors
    /// If the session is over or a server refuses. Lost connections are waited out.
    pub async fn campaign(&self, patience: Option<Duration>) -> Result<Option<Holding>, Error> {
        self.lock.acquire(patience).await
    }

    /// The name of the candidate that leads, if there is any.
    ///
    /// # Errors
    /// As of [`campaign`](Self::campaign).
    pub async fn leader(&self) -> Result<Option<String>, Error> {
        Ok(self.lock.first_contenders(1).await?.pop())
    }

    /// The names of all candidates, the leader first.
    ///
    /// # Errors
    /// As of [`campaign`](Self::campaign).
    pub async fn candidates(&self) -> Result<Vec<String>, Error> {
        self.lock.contenders().await
    }
}
