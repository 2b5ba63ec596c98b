//! Answers to questions; changes nothing.

use super::acl::{Identities, Permissions, ShownAcl};
use super::command::{SessionId, Zxid};
use super::error::Error;
use super::listing::Children;
use super::query::{MultiRead, Query};
use super::reply::{EventKind, ReadResult, Reply};
use super::tree::Tree;
use crate::{ConnectionId, Outbox};

impl Tree {
    /// Brings znodes near that questions soon to come are about.
    pub(crate) fn prefetch(&self, paths: &[&str]) {
        self.nodes.prefetch(paths);
    }

    /// Answers a connection; one without a session is told so.
    pub(crate) fn answer(
        &self,
        connection: ConnectionId,
        identities: Identities<'_>,
        query: &Query<'_>,
        outbox: &mut dyn Outbox,
    ) {
        let reply = self.reply_to(connection, identities, query).unwrap_or_else(Reply::Error);
        outbox.zk(connection, self.zxid, reply);
    }

    fn reply_to<'a>(
        &'a self,
        connection: ConnectionId,
        identities: Identities<'_>,
        query: &'a Query<'_>,
    ) -> Result<Reply<'a>, Error> {
        let session = self.sessions.of_connection(connection).ok_or(Error::SessionMoved)?;
        let reply = match query {
            Query::GetData { path } => {
                let slot = self.find_readable(path, identities)?;
                Reply::Data { data: self.nodes.get(slot).content.data(), stat: self.nodes.stat(slot) }
            }
            Query::Exists { path } if path.contains('\0') => return Err(Error::BadArguments),
            Query::Exists { path } => {
                let slot = self.nodes.find(path).ok_or(Error::NoNode)?;
                Reply::Exists { stat: self.nodes.stat(slot) }
            }
            Query::GetChildren { path } => {
                let slot = self.find_readable(path, identities)?;
                Reply::Children(Children::new(&self.nodes, slot))
            }
            Query::GetChildren2 { path } => {
                let slot = self.find_readable(path, identities)?;
                Reply::Children2 { children: Children::new(&self.nodes, slot), stat: self.nodes.stat(slot) }
            }
            Query::GetAllChildrenNumber { path } => {
                let slot = self.find_readable(path, identities)?;
                Reply::ChildrenNumber(self.nodes.more(slot).nodes_below)
            }
            Query::GetEphemerals { prefix } => {
                Reply::Ephemerals(self.ephemerals_below(self.sessions.get(session).id, prefix))
            }
            Query::GetAcl { path } => self.acl_of(path, identities)?,
            Query::MultiRead { reads } => {
                Reply::MultiRead(reads.iter().map(|read| self.read(read, identities)).collect())
            }
            Query::Sync { path } => Reply::Synced { path },
            Query::SetWatches { zxid, data, exist, child } => Reply::Watches {
                data: data.iter().map(|path| self.missed_data(path, *zxid)).collect(),
                exist: exist.iter().map(|path| self.missed_creation(path)).collect(),
                child: child.iter().map(|path| self.missed_child(path, *zxid)).collect(),
            },
        };
        Ok(reply)
    }

    fn ephemerals_below(&self, session: SessionId, prefix: &str) -> Vec<String> {
        let blank = |character: char| character <= ' ';
        let prefix = if matches!(prefix.trim_matches(blank), "" | "/") { "" } else { prefix };
        self.ephemeral_paths(session).filter(|path| path.starts_with(prefix)).collect()
    }

    fn find_readable(&self, path: &str, identities: Identities<'_>) -> Result<u32, Error> {
        let slot = self.nodes.find(path).ok_or(Error::NoNode)?;
        self.demand(slot, Permissions::READ, identities)?;
        Ok(slot)
    }

    fn acl_of(&self, path: &str, identities: Identities<'_>) -> Result<Reply<'_>, Error> {
        let slot = self.nodes.find(path).ok_or(Error::NoNode)?;
        let masked = self.demand(slot, Permissions::ADMIN, identities).is_err();
        if masked {
            self.demand(slot, Permissions::READ, identities)?;
        }
        let acl = ShownAcl { acl: self.nodes.acls.get(self.nodes.get(slot).acl), masked };
        Ok(Reply::Acl { acl, stat: self.nodes.stat(slot) })
    }

    fn read(&self, read: &MultiRead<'_>, identities: Identities<'_>) -> ReadResult<'_> {
        let (MultiRead::GetData { path } | MultiRead::GetChildren { path }) = read;
        match (read, self.find_readable(path, identities)) {
            (_, Err(error)) => ReadResult::Error(error),
            (MultiRead::GetData { .. }, Ok(slot)) => {
                ReadResult::Data { data: self.nodes.get(slot).content.data(), stat: self.nodes.stat(slot) }
            }
            (MultiRead::GetChildren { .. }, Ok(slot)) => {
                ReadResult::Children(Children::new(&self.nodes, slot))
            }
        }
    }

    fn missed_data(&self, path: &str, seen: Zxid) -> Option<EventKind> {
        match self.nodes.find(path) {
            None => Some(EventKind::Deleted),
            Some(slot) => (self.nodes.get(slot).mzxid > seen).then_some(EventKind::DataChanged),
        }
    }

    fn missed_creation(&self, path: &str) -> Option<EventKind> {
        self.nodes.find(path).map(|_| EventKind::Created)
    }

    fn missed_child(&self, path: &str, seen: Zxid) -> Option<EventKind> {
        match self.nodes.find(path) {
            None => Some(EventKind::Deleted),
            Some(slot) => (self.nodes.more(slot).pzxid > seen).then_some(EventKind::ChildrenChanged),
        }
    }
}
