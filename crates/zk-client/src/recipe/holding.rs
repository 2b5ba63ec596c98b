//! What is held as long as an ephemeral node is there: a lock, a lease, a membership, a place in line.

use trellis_zk_codec::{CreateMode, ErrorCode};

use super::patience::{delete, persist};
use crate::client::Client;
use crate::error::Error;
use crate::limits::PARENT_TRIES_MAX;
use crate::path::{check, child};
use crate::state::State;

/// Whether something is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Certain,
    /// There is no connection now. Nobody else can have it before the session's time-out; it is wise to pause.
    Suspended,
    /// It must be taken for lost: the session is over, or has been without word for its whole time-out.
    Lost,
}

/// Something that is held, as long as the session lives. Dropping it gives it back in the background.
#[derive(Debug)]
#[must_use = "it is given back as soon as it is dropped"]
pub struct Holding {
    client: Client,
    parent: String,
    /// What the node's name begins with. Nobody else's does.
    prefix: String,
    /// The node's name, once it is known.
    name: Option<String>,
    /// Whether the node was asked for more than once, so that there may be more than one.
    repeated: bool,
    /// The data by which the node is known to be this one's, as long as it may be somebody else's.
    proof: Option<Vec<u8>>,
    given_back: bool,
}

impl Holding {
    /// Creates an ephemeral node with a unique name, with a number behind it.
    pub(super) async fn in_line(
        client: &Client,
        parent: &str,
        marker: &str,
        data: &[u8],
    ) -> Result<Holding, Error> {
        let prefix = format!("{}{marker}", Client::unique_name()?);
        Self::create(client, parent, prefix, data, CreateMode::EphemeralSequential).await
    }

    /// Creates an ephemeral node with a name that nobody else uses.
    pub(super) async fn named(
        client: &Client,
        parent: &str,
        name: String,
        data: &[u8],
    ) -> Result<Holding, Error> {
        Self::create(client, parent, name, data, CreateMode::Ephemeral).await
    }

    /// Creates an ephemeral node with a name that others use, too. `None`: one of them has it. The data tells whose it
    /// is, so it must be unique.
    pub(super) async fn unless_taken(
        client: &Client,
        parent: &str,
        name: &str,
        data: &[u8],
    ) -> Result<Option<Holding>, Error> {
        let mut holding = Holding::new(client, parent, name.to_owned());
        holding.name = Some(name.to_owned());
        holding.proof = Some(data.to_vec());
        let path = child(parent, name);
        let taken = match persist(client, || client.create(&path, data, CreateMode::Ephemeral)).await {
            Ok(_) => true,
            Err(error) if error.is(ErrorCode::NodeExists) => is_proved(client, &path, data).await?,
            Err(error) => return Err(error),
        };
        holding.proof = None;
        holding.given_back = !taken;
        Ok(taken.then_some(holding))
    }

    fn new(client: &Client, parent: &str, prefix: String) -> Holding {
        Holding {
            client: client.clone(),
            parent: parent.to_owned(),
            prefix,
            name: None,
            repeated: false,
            proof: None,
            given_back: false,
        }
    }

    async fn create(
        client: &Client,
        parent: &str,
        prefix: String,
        data: &[u8],
        mode: CreateMode,
    ) -> Result<Holding, Error> {
        // Messages are to be of the user's path.
        check(parent)?;
        let path = child(parent, &prefix);
        let mut orphaned = 0;
        // It is there before the node is, so that the node is removed if nobody waits for it any longer.
        let mut holding = Holding::new(client, parent, prefix);
        loop {
            match client.create(&path, data, mode).await {
                Ok(path) => holding.name = path.rsplit('/').next().map(str::to_owned),
                Err(error) if error.is(ErrorCode::NodeExists) => holding.name = Some(holding.prefix.clone()),
                // Somebody may have removed the parent just after it was made, but not for ever.
                Err(error) if error.is(ErrorCode::NoNode) && orphaned < PARENT_TRIES_MAX => {
                    orphaned += 1;
                    persist(client, || client.ensure_path(parent)).await?;
                }
                Err(error) if error.is_of_connection() => {
                    // Whether it is there already, can be seen by its name.
                    holding.repeated = true;
                    client.connected().await?;
                    holding.name = find(client, parent, &holding.prefix).await?.into_iter().next();
                }
                Err(error) => {
                    let may_be_done = error.may_be_done() || holding.repeated;
                    if let Err(error) = client.wait_out(error).await {
                        holding.given_back = !may_be_done;
                        return Err(error);
                    }
                }
            }
            if holding.name.is_some() {
                return Ok(holding);
            }
        }
    }

    /// The node's path.
    pub fn path(&self) -> String {
        child(&self.parent, self.name())
    }

    /// The node's name.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.prefix)
    }

    /// The session that it is held in.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How things stand now.
    pub fn standing(&self) -> Standing {
        match self.client.state() {
            State::Connected | State::ConnectedReadOnly => Standing::Certain,
            State::Connecting => Standing::Suspended,
            State::Overdue | State::Expired | State::AuthFailed | State::Closed => Standing::Lost,
        }
    }

    /// Waits until it [must be taken for lost](Standing::Lost).
    pub async fn lost(&self) {
        let mut states = self.client.states();
        while self.standing() != Standing::Lost {
            // What comes may be an older state; the newest one decides.
            states.change().await;
        }
    }

    /// Waits until things stand otherwise than `before`, and tells how.
    pub async fn standing_changed(&self, before: Standing) -> Standing {
        let mut states = self.client.states();
        while self.standing() == before && states.change().await.is_some() {}
        self.standing()
    }

    /// Leaves it alone: its node is known to be gone.
    pub(super) fn forget(mut self) {
        self.given_back = true;
    }

    /// Gives it back, and waits until a server has done so.
    ///
    /// # Errors
    /// [`Error::Over`] if it was lost with its session. Other failures of the connection are waited out.
    pub async fn release(mut self) -> Result<(), Error> {
        let (client, parent) = (self.client.clone(), self.parent.clone());
        remove(&client, &parent, &self.prefix, self.name.as_deref(), self.repeated).await?;
        self.given_back = true;
        Ok(())
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        // A child of a fork holds nothing.
        if self.given_back || self.client.shared().is_forked() {
            return;
        }
        let client = self.client.follower();
        let (parent, prefix) = (std::mem::take(&mut self.parent), std::mem::take(&mut self.prefix));
        let (name, repeated) = (self.name.take(), self.repeated);
        let proof = self.proof.take();
        self.client.shared().spawn(async move {
            if let Some((name, proof)) = name.as_deref().zip(proof)
                && !is_proved(&client, &child(&parent, name), &proof).await.unwrap_or(false)
            {
                return;
            }
            // If it can't be removed, it goes with the session.
            let _ = remove(&client, &parent, &prefix, name.as_deref(), repeated).await;
        });
    }
}

/// Removes a node that may not be known, and all others of its owner.
async fn remove(
    client: &Client,
    parent: &str,
    prefix: &str,
    name: Option<&str>,
    repeated: bool,
) -> Result<(), Error> {
    match name {
        Some(name) if !repeated => delete(client, &child(parent, name)).await,
        _ => {
            for name in find(client, parent, prefix).await? {
                delete(client, &child(parent, &name)).await?;
            }
            Ok(())
        }
    }
}

/// Whether a node is there and has this data.
async fn is_proved(client: &Client, path: &str, proof: &[u8]) -> Result<bool, Error> {
    match persist(client, || client.get_data(path)).await {
        Ok(found) => Ok(found.bytes() == proof),
        Err(error) if error.is(ErrorCode::NoNode) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The nodes whose names begin so. What was asked of another server before is there by then.
async fn find(client: &Client, parent: &str, prefix: &str) -> Result<Vec<String>, Error> {
    persist(client, || client.sync(parent)).await?;
    match persist(client, || client.children(parent)).await {
        Ok(listing) => Ok(listing.names.into_iter().filter(|name| name.starts_with(prefix)).collect()),
        Err(error) if error.is(ErrorCode::NoNode) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
