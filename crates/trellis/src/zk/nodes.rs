//! Nodes below a chroot: each operation of the protocol as a function with types, of which a command is made. Nothing
//! is printed here.

use trellis_zk_codec::{
    Acl, AddWatchMode, Create, CreateMode, ErrorCode, Operation, OperationResult, Reply, Request, Stat,
    WatcherKind,
};

use super::acl::OwnedAcl;
use super::client::{Answer, CallError, Client, Happening, Identity};
use super::failure::Error;
use super::path::{self, Chroot};

/// The nodes of a service, as one session sees them.
pub(super) struct Nodes<'a> {
    client: &'a Client,
    chroot: Chroot,
}

/// A node and its children.
pub(super) struct Listed {
    /// The node's path.
    pub(super) path: String,
    /// The names of its children, sorted.
    pub(super) names: Vec<String>,
    /// The node's record.
    pub(super) stat: Stat,
    /// Whether the server let us see it; if not, there are no names, and the record is empty.
    pub(super) readable: bool,
}

impl Listed {
    /// The node, if it could be read.
    pub(super) fn read(self) -> Result<Listed, Error> {
        if self.readable {
            Ok(self)
        } else {
            Err(Error::Refused { code: ErrorCode::NoAuth, path: Some(self.path) })
        }
    }
}

impl<'a> Nodes<'a> {
    /// The nodes below `chroot`.
    pub(super) fn new(client: &'a Client, chroot: Chroot) -> Self {
        Nodes { client, chroot }
    }

    /// The session.
    pub(super) fn client(&self) -> &'a Client {
        self.client
    }

    /// The node that stands for `/`.
    pub(super) fn chroot(&self) -> &Chroot {
        &self.chroot
    }

    /// All nodes of the service, where ZooKeeper keeps its own.
    pub(super) fn of_the_service(&self) -> Nodes<'a> {
        Nodes { client: self.client, chroot: Chroot::default() }
    }

    /// Creates a node, and gives its path; a sequential one's is longer than what was asked for.
    pub(super) fn create(
        &self,
        path: &str,
        data: Option<&[u8]>,
        acl: &[OwnedAcl],
        mode: CreateMode,
        ttl_ms: Option<i64>,
    ) -> Result<String, Error> {
        // A number behind the name makes a name of nothing.
        path::check(&if mode.is_sequential() { format!("{path}1") } else { path.to_owned() })?;
        let server_path = self.chroot.to_server(path);
        let acl: Vec<Acl<'_>> = acl.iter().map(OwnedAcl::borrow).collect();
        let create = Create { path: &server_path, data, acl: acl.as_slice().into(), mode };
        let request = match ttl_ms {
            Some(ttl_ms) => Request::CreateTtl { create, ttl_ms },
            None if mode == CreateMode::Container => Request::CreateContainer(create),
            None => Request::Create(create),
        };
        match self.ask(path, &request)?.reply()? {
            Reply::Path { path } | Reply::PathAndStat { path, .. } => {
                Ok(self.chroot.to_user(path).to_owned())
            }
            _ => Err(Error::Unexpected),
        }
    }

    /// Deletes a node without children. A version of -1 fits every version, here and below.
    pub(super) fn delete(&self, path: &str, version: i32) -> Result<(), Error> {
        let at = self.at(path)?;
        self.ask(path, &Request::Delete { path: &at, version })?;
        Ok(())
    }

    /// Deletes many nodes in this order, all or none.
    pub(super) fn delete_all<'p>(&self, paths: impl Iterator<Item = &'p String>) -> Result<(), Error> {
        let paths: Vec<String> = paths.map(|path| self.chroot.to_server(path)).collect();
        let operations: Vec<Operation<'_>> =
            paths.iter().map(|path| Operation::Delete { path, version: -1 }).collect();
        let answer = self.client.call(&Request::Multi(operations.as_slice().into()))?;
        let Reply::Results(results) = answer.reply()? else { return Err(Error::Unexpected) };
        for (result, path) in results.iter().zip(&paths) {
            if let OperationResult::Error(code) = result
                && code != ErrorCode::RuntimeInconsistency
            {
                return Err(Error::Refused { code, path: Some(self.chroot.to_user(path).to_owned()) });
            }
        }
        Ok(())
    }

    /// A node's record, if it exists.
    pub(super) fn exists(&self, path: &str, watch: bool) -> Result<Option<Stat>, Error> {
        let at = self.at(path)?;
        let answer = match self.ask(path, &Request::Exists { path: &at, watch }) {
            Err(Error::Refused { code: ErrorCode::NoNode, .. }) => return Ok(None),
            outcome => outcome?,
        };
        stat(&answer).map(Some)
    }

    /// A node's data, or null.
    pub(super) fn data(&self, path: &str, watch: bool) -> Result<(Option<Vec<u8>>, Stat), Error> {
        let at = self.at(path)?;
        let answer = self.ask(path, &Request::GetData { path: &at, watch })?;
        data(&answer)
    }

    /// Replaces a node's data.
    pub(super) fn set_data(&self, path: &str, data: &[u8], version: i32) -> Result<Stat, Error> {
        let at = self.at(path)?;
        let answer = self.ask(path, &Request::SetData { path: &at, data: Some(data), version })?;
        stat(&answer)
    }

    /// The names of a node's children, sorted.
    pub(super) fn children(&self, path: &str, watch: bool) -> Result<(Vec<String>, Stat), Error> {
        let at = self.at(path)?;
        let answer = self.ask(path, &Request::GetChildren2 { path: &at, watch })?;
        children(&answer)
    }

    /// The same of many nodes, those left out that do not exist any more.
    pub(super) fn children_of_all(&self, paths: Vec<String>, watch: bool) -> Result<Vec<Listed>, Error> {
        let server_paths: Vec<String> = paths.iter().map(|path| self.chroot.to_server(path)).collect();
        let requests: Vec<Request<'_>> =
            server_paths.iter().map(|path| Request::GetChildren2 { path, watch }).collect();
        let mut paths = paths.into_iter();
        let mut found = Vec::with_capacity(requests.len());
        self.client.call_all(&requests, |answer| {
            let path = paths.next().unwrap_or_default();
            match answer {
                Ok(answer) => {
                    let (names, stat) = children(&answer)?;
                    found.push(Listed { path, names, stat, readable: true });
                }
                Err(ErrorCode::NoNode) => {}
                Err(ErrorCode::NoAuth) => {
                    found.push(Listed { path, names: Vec::new(), stat: Stat::default(), readable: false });
                }
                Err(code) => return Err(Error::Refused { code, path: Some(path) }),
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Who may do what with a node.
    pub(super) fn acl(&self, path: &str) -> Result<(Vec<OwnedAcl>, Stat), Error> {
        let at = self.at(path)?;
        let answer = self.ask(path, &Request::GetAcl { path: &at })?;
        match answer.reply()? {
            Reply::Acl { acl, stat } => Ok((acl.iter().map(OwnedAcl::from).collect(), stat)),
            _ => Err(Error::Unexpected),
        }
    }

    /// Decides who may do what with a node.
    pub(super) fn set_acl(&self, path: &str, acl: &[OwnedAcl], version: i32) -> Result<Stat, Error> {
        let acl: Vec<Acl<'_>> = acl.iter().map(OwnedAcl::borrow).collect();
        let at = self.at(path)?;
        let answer = self.ask(path, &Request::SetAcl { path: &at, acl: acl.as_slice().into(), version })?;
        stat(&answer)
    }

    /// Waits until this server knows everything that any server had acknowledged before.
    pub(super) fn sync(&self, path: &str) -> Result<(), Error> {
        let at = self.at(path)?;
        self.ask(path, &Request::Sync { path: &at })?;
        Ok(())
    }

    /// The session's ephemeral nodes whose paths begin so.
    pub(super) fn ephemerals(&self, prefix: &str) -> Result<Vec<String>, Error> {
        path::check(prefix)?;
        let at = self.chroot.to_server_prefix(prefix);
        let answer = self.ask(prefix, &Request::GetEphemerals { prefix: &at })?;
        let Reply::Children { children } = answer.reply()? else { return Err(Error::Unexpected) };
        let mut paths: Vec<String> =
            children.iter().map(|path| self.chroot.to_user(path).to_owned()).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// How many nodes are below a node, at any depth.
    pub(super) fn all_children_number(&self, path: &str) -> Result<i32, Error> {
        let at = self.at(path)?;
        match self.ask(path, &Request::GetAllChildrenNumber { path: &at })?.reply()? {
            Reply::Count(count) => Ok(count),
            _ => Err(Error::Unexpected),
        }
    }

    /// Who the server takes this session for: schemes and users, sorted, since servers have them in no order.
    pub(super) fn who_am_i(&self) -> Result<Vec<(String, String)>, Error> {
        let answer = self.client.call(&Request::WhoAmI)?;
        let Reply::Clients(clients) = answer.reply()? else { return Err(Error::Unexpected) };
        let mut found: Vec<(String, String)> =
            clients.iter().map(|client| (client.scheme.to_owned(), client.user.to_owned())).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Claims to be somebody.
    pub(super) fn authenticate(&self, identity: Identity) -> Result<(), Error> {
        Ok(self.client.authenticate(identity)?)
    }

    /// Sets a watch that stays.
    pub(super) fn add_watch(&self, path: &str, mode: AddWatchMode) -> Result<(), Error> {
        let at = self.at(path)?;
        self.ask(path, &Request::AddWatch { path: &at, mode })?;
        Ok(())
    }

    /// Takes watches away, if `local` also without the server's consent, and tells which there were.
    pub(super) fn remove_watches(
        &self,
        path: &str,
        kind: WatcherKind,
        local: bool,
    ) -> Result<Vec<Happening>, Error> {
        let at = self.at(path)?;
        let outcome = self.ask(path, &Request::RemoveWatches { path: &at, kind });
        if !(local && matches!(outcome, Err(Error::Call(_)))) {
            outcome?;
        }
        let mut removed = self.client.forget_watches(&at, kind);
        if removed.is_empty() {
            // A watch of another kind can be what the server had: one that stays counts as any kind.
            return Err(Error::Refused { code: ErrorCode::NoWatcher, path: Some(path.to_owned()) });
        }
        removed.iter_mut().for_each(|happening| happening.path = Some(path.to_owned()));
        Ok(removed)
    }

    /// The members of the service, as the server writes them down.
    pub(super) fn config(&self, watch: bool) -> Result<(Option<Vec<u8>>, Stat), Error> {
        self.of_the_service().data("/zookeeper/config", watch)
    }

    /// Changes the members.
    pub(super) fn reconfigure(
        &self,
        joining: Option<&str>,
        leaving: Option<&str>,
        members: Option<&str>,
        config: i64,
    ) -> Result<(Option<Vec<u8>>, Stat), Error> {
        data(&self.client.call(&Request::Reconfig { joining, leaving, members, config })?)
    }

    /// A path as the server must be told it.
    fn at(&self, path: &str) -> Result<String, Error> {
        path::check(path)?;
        Ok(self.chroot.to_server(path))
    }

    /// Calls, and names the node if the server refuses.
    fn ask(&self, path: &str, request: &Request<'_>) -> Result<Answer, Error> {
        self.client.call(request).map_err(|error| match error {
            CallError::Refused(code) => Error::Refused { code, path: Some(path.to_owned()) },
            error => Error::Call(error),
        })
    }
}

fn stat(answer: &Answer) -> Result<Stat, Error> {
    match answer.reply()? {
        Reply::Stat(stat) => Ok(stat),
        _ => Err(Error::Unexpected),
    }
}

fn data(answer: &Answer) -> Result<(Option<Vec<u8>>, Stat), Error> {
    match answer.reply()? {
        Reply::Data { data, stat } => Ok((data.map(<[u8]>::to_vec), stat)),
        _ => Err(Error::Unexpected),
    }
}

fn children(answer: &Answer) -> Result<(Vec<String>, Stat), Error> {
    let Reply::ChildrenAndStat { children, stat } = answer.reply()? else { return Err(Error::Unexpected) };
    let mut names: Vec<String> = children.iter().map(str::to_owned).collect();
    names.sort_unstable();
    Ok((names, stat))
}
