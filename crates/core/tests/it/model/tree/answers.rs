//! Answers to questions.

use trellis_core::ConnectionId;
use trellis_core::zk::{AclEntry, Error, EventKind, Identities, MultiRead, Permissions, Query, Reply};

use super::operations::named;
use super::{Asker, Node, Tree};
use crate::outbox::zk_line;

impl Tree {
    pub(crate) fn ask(&mut self, connection: ConnectionId, identities: Identities<'_>, query: &Query<'_>) {
        let identities = identities.pairs().map(|(scheme, id)| (scheme.to_owned(), id.to_owned())).collect();
        let session = self.session_of(connection);
        let asker = Asker { session: session.unwrap_or(0), identities, enforce_quota: false };
        let reply = match session {
            None => Err(Error::SessionMoved),
            Some(_) => self.reply(&asker, query),
        };
        let reply = reply.unwrap_or_else(|error| format!("{:?}", Reply::Error(error)));
        self.out.push(zk_line(connection, self.zxid, &reply));
    }

    /// The children that the znode with this path has, if the asker may know.
    pub(crate) fn list(
        &self,
        connection: ConnectionId,
        identities: Identities<'_>,
        path: &str,
    ) -> Result<Vec<String>, Error> {
        let identities = identities.pairs().map(|(scheme, id)| (scheme.to_owned(), id.to_owned())).collect();
        let session = self.session_of(connection).ok_or(Error::SessionMoved)?;
        let asker = Asker { session, identities, enforce_quota: false };
        Ok(self.readable(&asker, path)?.children.clone())
    }

    fn reply(&self, asker: &Asker, query: &Query<'_>) -> Result<String, Error> {
        let text = match query {
            Query::GetData { path } => {
                let data = self.readable(asker, path)?.data.as_deref();
                format!("{:?}", Reply::Data { data, stat: self.stat(named(path)) })
            }
            Query::Exists { path } if path.contains('\0') => return Err(Error::BadArguments),
            Query::Exists { path } => {
                self.nodes.get(named(path)).ok_or(Error::NoNode)?;
                format!("{:?}", Reply::Exists { stat: self.stat(named(path)) })
            }
            Query::GetChildren { path } => format!("Children({:?})", self.readable(asker, path)?.children),
            Query::GetChildren2 { path } => {
                let children = &self.readable(asker, path)?.children;
                format!("Children2 {{ children: {children:?}, stat: {:?} }}", self.stat(named(path)))
            }
            Query::GetAllChildrenNumber { path } => {
                self.readable(asker, path)?;
                let above = format!("{}/", path.trim_end_matches('/'));
                let below = self.nodes.keys().filter(|path| path.starts_with(&above) && *path != "/");
                format!("ChildrenNumber({})", below.count())
            }
            Query::GetEphemerals { prefix } => {
                let prefix = if prefix.trim() == "/" || prefix.trim().is_empty() { "" } else { prefix };
                let mut paths = self.ephemerals(asker.session);
                paths.retain(|path| path.starts_with(prefix));
                format!("Ephemerals({paths:?})")
            }
            Query::GetAcl { path } => self.acl(asker, path)?,
            Query::MultiRead { reads } => {
                let results: Vec<_> = reads.iter().map(|read| self.read(asker, read)).collect();
                format!("MultiRead([{}])", results.join(", "))
            }
            Query::Sync { path } => format!("{:?}", Reply::Synced { path }),
            Query::SetWatches { zxid, data, exist, child } => {
                let missed =
                    |path: &str, changed: &dyn Fn(&Node) -> bool, kind| match self.nodes.get(named(path)) {
                        None => Some(EventKind::Deleted),
                        Some(node) => changed(node).then_some(kind),
                    };
                let set = |path: &str| missed(path, &|node| node.mzxid > *zxid, EventKind::DataChanged);
                let moved = |path: &str| missed(path, &|node| node.pzxid > *zxid, EventKind::ChildrenChanged);
                let made = |path: &str| self.nodes.get(named(path)).map(|_| EventKind::Created);
                let reply = Reply::Watches {
                    data: data.iter().map(|path| set(path)).collect(),
                    exist: exist.iter().map(|path| made(path)).collect(),
                    child: child.iter().map(|path| moved(path)).collect(),
                };
                format!("{reply:?}")
            }
        };
        Ok(text)
    }

    fn readable(&self, asker: &Asker, path: &str) -> Result<&Node, Error> {
        let node = self.nodes.get(named(path)).ok_or(Error::NoNode)?;
        asker.demand(node, 1)?;
        Ok(node)
    }

    fn acl(&self, asker: &Asker, path: &str) -> Result<String, Error> {
        let node = self.nodes.get(named(path)).ok_or(Error::NoNode)?;
        asker.demand(node, 1 | 16)?;
        let clear = asker.demand(node, 16).is_ok();
        let entries: Vec<_> = node
            .acl
            .iter()
            .map(|(permissions, scheme, id)| {
                let user = id.split(':').next().unwrap_or_default();
                let hidden = !clear && scheme == "digest";
                let id = if hidden { format!("{user}:x") } else { id.clone() };
                AclEntry { permissions: Permissions(*permissions), scheme, id: id.into() }
            })
            .collect();
        Ok(format!("Acl {{ acl: {entries:?}, stat: {:?} }}", self.stat(named(path))))
    }

    fn read(&self, asker: &Asker, read: &MultiRead<'_>) -> String {
        let (MultiRead::GetData { path } | MultiRead::GetChildren { path }) = read;
        match (read, self.readable(asker, path)) {
            (_, Err(error)) => format!("Error({error:?})"),
            (MultiRead::GetData { .. }, Ok(node)) => {
                format!("Data {{ data: {:?}, stat: {:?} }}", node.data.as_deref(), self.stat(named(path)))
            }
            (MultiRead::GetChildren { .. }, Ok(node)) => format!("Children({:?})", node.children),
        }
    }
}
