//! Nodes below a chroot: each operation of the protocol as a function with types, of which a command is made. Nothing
//! is printed here.

use trellis_zk_client::blocking::Wait;
use trellis_zk_client::path::{self, Chroot};
use trellis_zk_client::{
    Acl, AddWatchMode, Answer, Client, CreateMode, ErrorCode, Identity, Operation, Reply, Request, Settings,
    Stat, WatcherKind,
};
use trellis_zk_codec::Create;

use super::acl::OwnedAcl;
use super::failure::Error;
use crate::interrupt::Interrupt;
use crate::limits::INTERRUPT_POLL;

/// The nodes of a service, as one session sees them.
pub(super) struct Nodes<'a> {
    client: &'a Client,
    interrupt: &'a Interrupt,
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
        if self.readable { Ok(self) } else { Err(Error::refused(ErrorCode::NoAuth, &self.path)) }
    }
}

impl<'a> Nodes<'a> {
    /// The nodes below the chroot of a session, for whose answers nobody waits longer than the user wants.
    pub(super) fn new(client: &'a Client, interrupt: &'a Interrupt) -> Self {
        Nodes { client, interrupt, chroot: client.chroot().clone() }
    }

    /// The node that stands for `/`.
    pub(super) fn chroot(&self) -> &Chroot {
        &self.chroot
    }

    /// What ends every wait.
    pub(super) fn interrupt(&self) -> &'a Interrupt {
        self.interrupt
    }

    /// The settings for another session like this one.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        Ok(self.client.settings()?)
    }

    /// All nodes of the service, where ZooKeeper keeps its own.
    pub(super) fn of_the_service(&self) -> Nodes<'a> {
        Nodes { chroot: Chroot::default(), ..*self }
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
            _ => Err(trellis_zk_client::Error::Unexpected.into()),
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
        let operations: Vec<Operation<'_>> =
            paths.map(|path| Operation::Delete { path, version: -1 }).collect();
        self.wait(self.client.multi(&operations))?;
        Ok(())
    }

    /// A node's record, if it exists.
    pub(super) fn exists(&self, path: &str, watch: bool) -> Result<Option<Stat>, Error> {
        let at = self.at(path)?;
        let answer = match self.ask(path, &Request::Exists { path: &at, watch }) {
            Err(error) if error.is_no_node() => return Ok(None),
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
        // All are under way before the first is waited for.
        let calls: Vec<_> = server_paths
            .iter()
            .map(|path| self.client.call(&Request::GetChildren2 { path, watch }))
            .collect();
        let mut found = Vec::with_capacity(paths.len());
        for (path, call) in paths.into_iter().zip(calls) {
            match self.wait(call) {
                Ok(answer) => {
                    let (names, stat) = children(&answer)?;
                    found.push(Listed { path, names, stat, readable: true });
                }
                Err(error) if error.is_no_node() => {}
                Err(error) if error.is(ErrorCode::NoAuth) => {
                    found.push(Listed { path, names: Vec::new(), stat: Stat::default(), readable: false });
                }
                Err(error) => return Err(about(&path, error)),
            }
        }
        Ok(found)
    }

    /// Who may do what with a node.
    pub(super) fn acl(&self, path: &str) -> Result<(Vec<OwnedAcl>, Stat), Error> {
        let at = self.at(path)?;
        let answer = self.ask(path, &Request::GetAcl { path: &at })?;
        match answer.reply()? {
            Reply::Acl { acl, stat } => Ok((acl.iter().map(OwnedAcl::from).collect(), stat)),
            _ => Err(trellis_zk_client::Error::Unexpected.into()),
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
        let Reply::Children { children } = answer.reply()? else {
            return Err(trellis_zk_client::Error::Unexpected.into());
        };
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
            _ => Err(trellis_zk_client::Error::Unexpected.into()),
        }
    }

    /// Who the server takes this session for: schemes and users, sorted, since servers have them in no order.
    pub(super) fn who_am_i(&self) -> Result<Vec<(String, String)>, Error> {
        let clients = self.wait(self.client.who_am_i())?;
        let mut found: Vec<(String, String)> =
            clients.into_iter().map(|client| (client.scheme, client.user)).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Claims to be somebody.
    pub(super) fn authenticate(&self, identity: Identity) -> Result<(), Error> {
        self.wait(self.client.authenticate(identity))
    }

    /// Sets a watch that stays.
    pub(super) fn add_watch(&self, path: &str, mode: AddWatchMode) -> Result<(), Error> {
        let at = self.at(path)?;
        self.ask(path, &Request::AddWatch { path: &at, mode })?;
        Ok(())
    }

    /// Takes watches away, if `local` also without the server's consent. Events tell which there were.
    pub(super) fn remove_watches(&self, path: &str, kind: WatcherKind, local: bool) -> Result<(), Error> {
        let at = self.at(path)?;
        let outcome = self.ask(path, &Request::RemoveWatches { path: &at, kind });
        let refused = matches!(&outcome, Err(Error::Client(trellis_zk_client::Error::Refused { .. })));
        if refused || !local {
            outcome?;
        }
        if self.client.forget_watches(&at, kind).is_empty() {
            // A watch of another kind can be what the server had: one that stays counts as any kind.
            return Err(Error::refused(ErrorCode::NoWatcher, path));
        }
        Ok(())
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
        data(&self.wait(self.client.call(&Request::Reconfig { joining, leaving, members, config }))?)
    }

    /// A path as the server must be told it.
    fn at(&self, path: &str) -> Result<String, Error> {
        path::check(path)?;
        Ok(self.chroot.to_server(path))
    }

    /// Calls, and names the node if the server refuses.
    fn ask(&self, path: &str, request: &Request<'_>) -> Result<Answer, Error> {
        self.wait(self.client.call(request)).map_err(|error| about(path, error))
    }

    /// Waits for an answer, or for the user's impatience.
    fn wait<T>(&self, answer: impl Future<Output = Result<T, trellis_zk_client::Error>>) -> Result<T, Error> {
        let answer = answer.wait_while(INTERRUPT_POLL, || !self.interrupt.is_raised());
        Ok(answer.ok_or(Error::Interrupted)??)
    }
}

/// The same error, with the node that it is about.
fn about(path: &str, error: Error) -> Error {
    match error {
        Error::Client(trellis_zk_client::Error::Refused { code, .. }) => Error::refused(code, path),
        error => error,
    }
}

fn stat(answer: &Answer) -> Result<Stat, Error> {
    match answer.reply()? {
        Reply::Stat(stat) => Ok(stat),
        _ => Err(trellis_zk_client::Error::Unexpected.into()),
    }
}

fn data(answer: &Answer) -> Result<(Option<Vec<u8>>, Stat), Error> {
    match answer.reply()? {
        Reply::Data { data, stat } => Ok((data.map(<[u8]>::to_vec), stat)),
        _ => Err(trellis_zk_client::Error::Unexpected.into()),
    }
}

fn children(answer: &Answer) -> Result<(Vec<String>, Stat), Error> {
    let Reply::ChildrenAndStat { children, stat } = answer.reply()? else {
        return Err(trellis_zk_client::Error::Unexpected.into());
    };
    let mut names: Vec<String> = children.iter().map(str::to_owned).collect();
    names.sort_unstable();
    Ok((names, stat))
}
