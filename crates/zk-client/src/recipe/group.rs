//! Membership in a group: who is there. Laid out as kazoo's `Party`, `PATH/<unique>__party__` with the identifier as data,
//! or as its `ShallowParty`, `PATH/<unique>-<identifier>`.

use super::holding::Holding;
use super::names::MEMBER;
use super::patience::{persist, read_each};
use crate::ErrorCode;
use crate::client::Client;
use crate::error::Error;
use crate::path::{check_part, child};
use crate::watch::Watch;

/// A group of members that come and go.
///
/// ```no_run
/// # async fn example(client: trellis_zk_client::Client) -> Result<(), trellis_zk_client::Error> {
/// use trellis_zk_client::recipe::Group;
///
/// let group = Group::new(&client, "/app/workers");
/// let membership = group.join("host 7").await?;
/// loop {
///     let (members, mut changed) = group.members_watched().await?;
///     println!("{members:?}");
///     if changed.notice().await.is_none() {
///         break;
///     }
/// }
/// # drop(membership);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Group {
    client: Client,
    path: String,
    shallow: bool,
}

impl Group {
    /// The group at this path. Identifiers are any texts.
    pub fn new(client: &Client, path: &str) -> Group {
        Group { client: client.clone(), path: path.to_owned(), shallow: false }
    }

    /// The group at this path, whose identifiers are parts of the nodes' names: they can't have slashes, but are all read
    /// at once.
    pub fn shallow(client: &Client, path: &str) -> Group {
        Group { shallow: true, ..Group::new(client, path) }
    }

    /// Becomes a member until what it gives is dropped or released.
    ///
    /// # Errors
    /// If the session is over, a server refuses, or the identifier can't be in a node's name and has to be. Lost
    /// connections are waited out.
    pub async fn join(&self, identifier: &str) -> Result<Holding, Error> {
        if self.shallow {
            check_part(identifier)?;
        }
        let unique = Client::unique_name()?;
        let name = if self.shallow { format!("{unique}-{identifier}") } else { format!("{unique}{MEMBER}") };
        Holding::named(&self.client, &self.path, name, identifier.as_bytes()).await
    }

    /// The identifiers of all members, sorted.
    ///
    /// # Errors
    /// As of [`join`](Self::join).
    pub async fn members(&self) -> Result<Vec<String>, Error> {
        if !self.shallow {
            return identifiers(&self.client, &self.path, |name| name.contains(MEMBER)).await;
        }
        match persist(&self.client, || self.client.children(&self.path)).await {
            Err(error) if error.is(ErrorCode::NoNode) => Ok(Vec::new()),
            outcome => Ok(shallow_identifiers(&outcome?.names)),
        }
    }

    /// The same, with a watch for the next change. Who wants to know of all changes asks again at each.
    ///
    /// # Errors
    /// As of [`join`](Self::join).
    pub async fn members_watched(&self) -> Result<(Vec<String>, Watch), Error> {
        let client = &self.client;
        loop {
            match client.children_watched(&self.path).await {
                Ok((listing, watch)) if self.shallow => {
                    return Ok((shallow_identifiers(&listing.names), watch));
                }
                Ok((_, watch)) => return Ok((self.members().await?, watch)),
                Err(error) if error.is(ErrorCode::NoNode) => {
                    persist(client, || client.ensure_path(&self.path)).await?;
                }
                Err(error) => client.wait_out(error).await?,
            }
        }
    }
}

fn shallow_identifiers(names: &[String]) -> Vec<String> {
    let mut found: Vec<String> =
        names.iter().filter_map(|name| Some(name.split_once('-')?.1.to_owned())).collect();
    found.sort_unstable();
    found
}

/// The data of all children with such names, sorted.
pub(super) async fn identifiers(
    client: &Client,
    path: &str,
    is_one: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Error> {
    let listing = match persist(client, || client.children(path)).await {
        Err(error) if error.is(ErrorCode::NoNode) => return Ok(Vec::new()),
        outcome => outcome?,
    };
    let paths: Vec<String> =
        listing.names.iter().filter(|name| is_one(name)).map(|name| child(path, name)).collect();
    let nodes = read_each(client, &paths, |path| client.get_data(path)).await?.into_iter().flatten();
    let mut found: Vec<String> =
        nodes.map(|data| String::from_utf8_lossy(data.bytes()).into_owned()).collect();
    found.sort_unstable();
    Ok(found)
}
