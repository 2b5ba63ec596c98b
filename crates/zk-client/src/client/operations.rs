//! The operations on nodes, one function each, with paths below the chroot.

use trellis_zk_codec::{Acl, AddWatchMode, Create, CreateMode, ErrorCode, Reply, Request, Stat, WatcherKind};

use super::call::Read;
use super::{Call, Client, WatchedCall, read_nothing};
use crate::error::Error;
use crate::machine::Answer;
use crate::path::{self, Chroot};
use crate::values::{AclEntry, ClientIdentity};

/// The node that holds the members of a service.
const CONFIG_PATH: &str = "/zookeeper/config";

/// A node's data and record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The data, or null: a node may have been created without any.
    pub data: Option<Vec<u8>>,
    /// The record.
    pub stat: Stat,
}

impl Data {
    /// The data, where null is the same as none.
    pub fn bytes(&self) -> &[u8] {
        self.data.as_deref().unwrap_or_default()
    }
}

/// A node's children and record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The names of the children, sorted.
    pub names: Vec<String>,
    /// The record of the node.
    pub stat: Stat,
}

/// A node that is to be.
///
/// ```
/// use trellis_zk_client::{CreateMode, Creation};
///
/// let creation = Creation { data: Some(b"x"), mode: CreateMode::Ephemeral, ..Creation::of("/a") };
/// assert_eq!(creation.acl.len(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Creation<'a> {
    /// The node. A sequential one gets ten digits behind its name.
    pub path: &'a str,
    /// Its data, or null.
    pub data: Option<&'a [u8]>,
    /// Who may do what with it.
    pub acl: &'a [Acl<'a>],
    /// What it is to be.
    pub mode: CreateMode,
    /// Its time to live in milliseconds, for the modes that have one: from 1 to 2^40 - 1.
    pub ttl_ms: i64,
}

impl<'a> Creation<'a> {
    /// A persistent node without data, with which everybody may do everything.
    pub fn of(path: &'a str) -> Creation<'a> {
        Creation { path, data: None, acl: &[Acl::OPEN], mode: CreateMode::Persistent, ttl_ms: 0 }
    }
}

impl Client {
    /// Creates a node, with which everybody may do everything, and gives its path. Its parent must be there.
    pub fn create(&self, path: &str, data: &[u8], mode: CreateMode) -> Call<String> {
        self.create_with(&Creation { data: Some(data), mode, ..Creation::of(path) })
    }

    /// Creates a node, and gives its path.
    pub fn create_with(&self, creation: &Creation<'_>) -> Call<String> {
        let Creation { path, data, acl, mode, ttl_ms } = *creation;
        // A number behind the name makes a name of nothing.
        let checked = if mode.is_sequential() { path::check(&format!("{path}1")) } else { path::check(path) };
        if let Err(error) = checked {
            return Call::failed(self.clone(), error.into(), read_path);
        }
        let server_path = self.shared().chroot.to_server(path);
        let create = Create { path: &server_path, data, acl: acl.into(), mode };
        let request = match mode {
            CreateMode::Container => Request::CreateContainer(create),
            mode if mode.is_ttl() => Request::CreateTtl { create, ttl_ms },
            _ => Request::Create(create),
        };
        self.send(&request, Some(path), read_path)
    }

    /// Creates a persistent node without data, and all that are missing above it; one that is there is left as it is. The
    /// node that stands for `/` is never created: it says where this client belongs, and may be misspelt.
    ///
    /// # Errors
    /// As of [`create`](Self::create), and [`Error::NoChroot`].
    pub async fn ensure_path(&self, path: &str) -> Result<(), Error> {
        let mut missing = vec![path];
        while let Some(path) = missing.last().copied() {
            if path == "/" {
                self.ensure_chroot().await?;
                missing.pop();
                continue;
            }
            match self.create_with(&Creation { data: Some(b""), ..Creation::of(path) }).await {
                Err(error) if error.is(ErrorCode::NoNode) => {
                    missing.push(path.rfind('/').map_or("/", |at| &path[..at.max(1)]));
                }
                Ok(_) => drop(missing.pop()),
                Err(error) if error.is(ErrorCode::NodeExists) => drop(missing.pop()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Fails unless the node that stands for `/` is there.
    async fn ensure_chroot(&self) -> Result<(), Error> {
        match self.exists("/").await? {
            Some(_) => Ok(()),
            None => Err(Error::NoChroot { path: self.chroot().path().to_owned() }),
        }
    }

    /// Deletes a node without children; with a version, only if it has that.
    pub fn delete(&self, path: &str, version: Option<i32>) -> Call<()> {
        self.ask(path, read_nothing, |path| Request::Delete { path, version: version.unwrap_or(-1) })
    }

    /// A node's record, if it exists.
    pub fn exists(&self, path: &str) -> Call<Option<Stat>> {
        self.ask(path, read_existence, |path| Request::Exists { path, watch: false })
    }

    /// The same, with a watch for its coming, its going, or a change of its data.
    pub fn exists_watched(&self, path: &str) -> WatchedCall<Option<Stat>> {
        self.ask_watched(path, read_existence, |path| Request::Exists { path, watch: true })
    }

    /// A node's data.
    pub fn get_data(&self, path: &str) -> Call<Data> {
        self.ask(path, read_data, |path| Request::GetData { path, watch: false })
    }

    /// The same, with a watch for its going or a change of its data. If the node is missing, there is no watch.
    pub fn get_data_watched(&self, path: &str) -> WatchedCall<Data> {
        self.ask_watched(path, read_data, |path| Request::GetData { path, watch: true })
    }

    /// Replaces a node's data; with a version, only if it has that.
    pub fn set_data(&self, path: &str, data: &[u8], version: Option<i32>) -> Call<Stat> {
        self.set_data_or_null(path, Some(data), version)
    }

    /// The same with data that may be null.
    pub fn set_data_or_null(&self, path: &str, data: Option<&[u8]>, version: Option<i32>) -> Call<Stat> {
        if let Err(error) = path::check(path) {
            return Call::failed(self.clone(), error.into(), read_stat);
        }
        let server_path = self.shared().chroot.to_server(path);
        let version = version.unwrap_or(-1);
        self.send(&Request::SetData { path: &server_path, data, version }, Some(path), read_stat)
    }

    /// A node's children.
    pub fn children(&self, path: &str) -> Call<Listing> {
        self.ask(path, read_listing, |path| Request::GetChildren2 { path, watch: false })
    }

    /// The same, with a watch for its going, or the coming and going of a child.
    pub fn children_watched(&self, path: &str) -> WatchedCall<Listing> {
        self.ask_watched(path, read_listing, |path| Request::GetChildren2 { path, watch: true })
    }

    /// Sets a watch that stays: on a node, or on a node and all below it. The node need not be there.
    pub fn follow(&self, path: &str, mode: AddWatchMode) -> WatchedCall<()> {
        self.ask_watched(path, read_nothing, |path| Request::AddWatch { path, mode })
    }

    /// Removes the watches of a path. Their owners are told so by an event.
    ///
    /// # Errors
    /// [`ErrorCode::NoWatcher`] if there are none.
    pub async fn remove_watches(&self, path: &str, kind: WatcherKind) -> Result<(), Error> {
        self.ask(path, read_nothing, |path| Request::RemoveWatches { path, kind }).await?;
        self.forget_watches(&self.shared().chroot.to_server(path), kind);
        Ok(())
    }

    /// Fails with [`ErrorCode::NoWatcher`] unless there is such a watch.
    pub fn check_watches(&self, path: &str, kind: WatcherKind) -> Call<()> {
        self.ask(path, read_nothing, |path| Request::CheckWatches { path, kind })
    }

    /// Who may do what with a node.
    pub fn acl(&self, path: &str) -> Call<(Vec<AclEntry>, Stat)> {
        self.ask(path, read_acl, |path| Request::GetAcl { path })
    }

    /// Decides who may do what with a node; with a version, only if its list (`aversion`) has that.
    pub fn set_acl(&self, path: &str, acl: &[Acl<'_>], version: Option<i32>) -> Call<Stat> {
        if let Err(error) = path::check(path) {
            return Call::failed(self.clone(), error.into(), read_stat);
        }
        let server_path = self.shared().chroot.to_server(path);
        let (acl, version) = (acl.into(), version.unwrap_or(-1));
        self.send(&Request::SetAcl { path: &server_path, acl, version }, Some(path), read_stat)
    }

    /// Waits until this client's server knows everything that any server had acknowledged before.
    pub fn sync(&self, path: &str) -> Call<()> {
        self.ask(path, read_nothing, |path| Request::Sync { path })
    }

    /// How many nodes are below a node, at any depth.
    pub fn count(&self, path: &str) -> Call<i32> {
        self.ask(path, read_count, |path| Request::GetAllChildrenNumber { path })
    }

    /// The paths of the session's ephemeral nodes that begin so; sorted.
    pub fn ephemerals(&self, prefix: &str) -> Call<Vec<String>> {
        let server_prefix = self.shared().chroot.to_server_prefix(prefix);
        self.send(&Request::GetEphemerals { prefix: &server_prefix }, Some(prefix), read_paths)
    }

    /// Who the server takes this client for.
    pub fn who_am_i(&self) -> Call<Vec<ClientIdentity>> {
        self.send(&Request::WhoAmI, None, read_identities)
    }

    /// The members of the service, as the servers keep them in a node of their own. It is not below the chroot.
    pub fn config(&self) -> Call<Data> {
        self.send(&Request::GetData { path: CONFIG_PATH, watch: false }, Some(CONFIG_PATH), read_data)
    }

    /// The same, with a watch for a change.
    pub fn config_watched(&self) -> WatchedCall<Data> {
        let request = Request::GetData { path: CONFIG_PATH, watch: true };
        self.send_watched(&request, (CONFIG_PATH, CONFIG_PATH), read_data)
    }

    /// Changes the members of the service, some by `joining` and `leaving` or all by `members`, and gives the new list.
    /// With a version, only if the list has that.
    pub fn reconfigure(
        &self,
        joining: Option<&str>,
        leaving: Option<&str>,
        members: Option<&str>,
        version: Option<i64>,
    ) -> Call<Data> {
        let config = version.unwrap_or(-1);
        self.send(&Request::Reconfig { joining, leaving, members, config }, None, read_data)
    }

    /// Sends a request about one node.
    fn ask<T>(&self, path: &str, read: Read<T>, request: impl FnOnce(&str) -> Request<'_>) -> Call<T> {
        if let Err(error) = path::check(path) {
            return Call::failed(self.clone(), error.into(), read);
        }
        let server_path = self.shared().chroot.to_server(path);
        self.send(&request(&server_path), Some(path), read)
    }

    fn ask_watched<T>(
        &self,
        path: &str,
        read: Read<T>,
        request: impl FnOnce(&str) -> Request<'_>,
    ) -> WatchedCall<T> {
        if let Err(error) = path::check(path) {
            return WatchedCall::new(Call::failed(self.clone(), error.into(), read), None);
        }
        let server_path = self.shared().chroot.to_server(path);
        self.send_watched(&request(&server_path), (path, &server_path), read)
    }
}

type Answered = Result<Answer, Error>;

fn read_path(answer: Answered, chroot: &Chroot) -> Result<String, Error> {
    match answer?.reply()? {
        Reply::Path { path } | Reply::PathAndStat { path, .. } => Ok(chroot.to_user(path).to_owned()),
        _ => Err(Error::Unexpected),
    }
}

fn read_stat(answer: Answered, _: &Chroot) -> Result<Stat, Error> {
    match answer?.reply()? {
        Reply::Stat(stat) => Ok(stat),
        _ => Err(Error::Unexpected),
    }
}

fn read_existence(answer: Answered, chroot: &Chroot) -> Result<Option<Stat>, Error> {
    match read_stat(answer, chroot) {
        Err(error) if error.is(ErrorCode::NoNode) => Ok(None),
        outcome => outcome.map(Some),
    }
}

fn read_data(answer: Answered, _: &Chroot) -> Result<Data, Error> {
    match answer?.reply()? {
        Reply::Data { data, stat } => Ok(Data { data: data.map(<[u8]>::to_vec), stat }),
        _ => Err(Error::Unexpected),
    }
}

fn read_listing(answer: Answered, _: &Chroot) -> Result<Listing, Error> {
    match answer?.reply()? {
        Reply::ChildrenAndStat { children, stat } => {
            let mut names: Vec<String> = children.iter().map(str::to_owned).collect();
            names.sort_unstable();
            Ok(Listing { names, stat })
        }
        _ => Err(Error::Unexpected),
    }
}

fn read_acl(answer: Answered, _: &Chroot) -> Result<(Vec<AclEntry>, Stat), Error> {
    match answer?.reply()? {
        Reply::Acl { acl, stat } => Ok((acl.iter().map(AclEntry::from).collect(), stat)),
        _ => Err(Error::Unexpected),
    }
}

fn read_count(answer: Answered, _: &Chroot) -> Result<i32, Error> {
    match answer?.reply()? {
        Reply::Count(count) => Ok(count),
        _ => Err(Error::Unexpected),
    }
}

fn read_paths(answer: Answered, chroot: &Chroot) -> Result<Vec<String>, Error> {
    match answer?.reply()? {
        Reply::Children { children } => {
            let mut paths: Vec<String> =
                children.iter().map(|path| chroot.to_user(path).to_owned()).collect();
            paths.sort_unstable();
            Ok(paths)
        }
        _ => Err(Error::Unexpected),
    }
}

fn read_identities(answer: Answered, _: &Chroot) -> Result<Vec<ClientIdentity>, Error> {
    match answer?.reply()? {
        Reply::Clients(clients) => Ok(clients.iter().map(ClientIdentity::from).collect()),
        _ => Err(Error::Unexpected),
    }
}
