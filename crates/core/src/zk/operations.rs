//! What operations demand, in ZooKeeper's order, and what they do.
//!
//! Each looks first and changes last: one that is refused has changed nothing.

use std::borrow::Cow;

use super::acl::{Acl, Identities, Permissions};
use super::command::{CreateMode, Op, SessionId, Zxid};
use super::error::Error;
use super::moves::{NewNode, length};
use super::node::Lease;
use super::path;
use super::reply::OpResult;
use super::tree::Tree;
use crate::Time;
use crate::limits::TTL_MILLISECONDS_MAX;

/// The znodes that are always there.
pub(super) const SPECIAL: [&str; 4] = ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"];

/// Who asks in which transaction.
pub(super) struct Request<'a> {
    pub(super) at: Time,
    pub(super) zxid: Zxid,
    pub(super) session: SessionId,
    pub(super) identities: Identities<'a>,
    pub(super) enforce_quota: bool,
}

/// What an operation has done, and the slot of the znode that it did it to; valid until the changes are kept.
pub(super) type Done<'a> = (OpResult<'a>, u32);

/// What a create says.
#[derive(Clone, Copy)]
struct Create<'a> {
    path: &'a str,
    data: Option<&'a [u8]>,
    acl: Acl<'a>,
    mode: CreateMode,
    sequential: bool,
    want_stat: bool,
}

impl Tree {
    /// Carries out one operation, or says why not.
    pub(super) fn carry_out<'a>(&mut self, request: &Request<'_>, op: &Op<'a>) -> Result<Done<'a>, Error> {
        match *op {
            Op::Create { path, data, acl, mode, sequential, want_stat } => {
                self.create(request, Create { path, data, acl, mode, sequential, want_stat })
            }
            Op::Delete { path, version } => self.delete(request, path, version),
            Op::SetData { path, data, version } => self.set(request, path, data, version),
            Op::SetAcl { path, acl, version } => self.set_access(request, path, acl, version),
            Op::Check { path, version } => self.check_version(request, path, version),
            Op::Refuse { error } => Err(error),
        }
    }

    fn create<'a>(&mut self, request: &Request<'_>, create: Create<'a>) -> Result<Done<'a>, Error> {
        if let CreateMode::Ttl { ttl_ms } = create.mode
            && !u64::try_from(ttl_ms).is_ok_and(|ttl_ms| (1..=TTL_MILLISECONDS_MAX).contains(&ttl_ms))
        {
            return Err(Error::BadArguments);
        }
        let parent = path::parent(create.path).ok_or(Error::BadArguments)?;
        let acl = self.resolve_acl(create.acl, request.identities)?;
        let parent = self.nodes.find(parent).ok_or(Error::NoNode)?;
        self.demand(parent, Permissions::CREATE, request.identities)?;
        let family = self.nodes.more(parent);
        let path = match create.sequential {
            true => Cow::Owned(path::sequential(create.path, family.cversion)),
            false => Cow::Borrowed(create.path),
        };
        if !path::is_valid(&path) {
            return Err(Error::BadArguments);
        }
        let name = path::name(&path);
        if name.is_empty() || self.nodes.child(parent, name.as_bytes()).is_some() {
            return Err(Error::NodeExists);
        }
        if matches!(family.lease, Lease::Ephemeral { .. }) {
            return Err(Error::NoChildrenForEphemerals);
        }
        let quota = self.quota_of_child(parent, name.as_bytes());
        self.demand_quota(request, quota, 1, length(create.data))?;
        let acl = self.nodes.acls.add(Acl::known(&acl));
        let (data, mode, session) = (create.data, create.mode, request.session);
        let new = NewNode { parent, name, data, acl, mode, session };
        let (slot, stat) = self.create_node(request.at, request.zxid, &new);
        let stat = create.want_stat.then_some(stat);
        Ok((OpResult::Created { path, stat }, slot))
    }

    fn delete(&mut self, request: &Request<'_>, path: &str, version: i32) -> Result<Done<'static>, Error> {
        let parent_path =
            path::parent(path).filter(|_| !SPECIAL.contains(&path)).ok_or(Error::BadArguments)?;
        let parent = self.nodes.find(parent_path).ok_or(Error::NoNode)?;
        self.demand(parent, Permissions::DELETE, request.identities)?;
        // The root goes by two names, but nothing below it does.
        let child =
            if parent_path == "/" { None } else { self.nodes.child(parent, path::name(path).as_bytes()) };
        let slot = child.ok_or(Error::NoNode)?;
        demand_version(self.nodes.get(slot).version, version)?;
        if self.nodes.more(slot).children > 0 {
            return Err(Error::NotEmpty);
        }
        self.delete_node(request.at, request.zxid, slot);
        Ok((OpResult::Deleted, slot))
    }

    fn set(
        &mut self,
        request: &Request<'_>,
        path: &str,
        data: Option<&[u8]>,
        version: i32,
    ) -> Result<Done<'static>, Error> {
        let slot = self.find_valid(path)?;
        self.demand(slot, Permissions::WRITE, request.identities)?;
        let more_bytes = length(data) - length(self.nodes.get(slot).content.data());
        self.demand_quota(request, self.quota_of(slot), 0, more_bytes)?;
        demand_version(self.nodes.get(slot).version, version)?;
        let stat = self.set_data(request.at, request.zxid, slot, data);
        Ok((OpResult::DataSet { stat }, slot))
    }

    fn set_access(
        &mut self,
        request: &Request<'_>,
        path: &str,
        acl: Acl<'_>,
        version: i32,
    ) -> Result<Done<'static>, Error> {
        if !path::is_valid(path) {
            return Err(Error::BadArguments);
        }
        let acl = self.resolve_acl(acl, request.identities)?;
        let slot = self.nodes.find(path).ok_or(Error::NoNode)?;
        self.demand(slot, Permissions::ADMIN, request.identities)?;
        demand_version(self.nodes.more(slot).aversion, version)?;
        let acl = self.nodes.acls.add(Acl::known(&acl));
        self.set_acl(slot, acl);
        Ok((OpResult::AclSet { stat: self.nodes.stat(slot) }, slot))
    }

    fn check_version(
        &mut self,
        request: &Request<'_>,
        path: &str,
        version: i32,
    ) -> Result<Done<'static>, Error> {
        let slot = self.find_valid(path)?;
        self.demand(slot, Permissions::READ, request.identities)?;
        demand_version(self.nodes.get(slot).version, version)?;
        Ok((OpResult::Checked, slot))
    }

    fn find_valid(&self, path: &str) -> Result<u32, Error> {
        if !path::is_valid(path) {
            return Err(Error::BadArguments);
        }
        self.nodes.find(path).ok_or(Error::NoNode)
    }
}

/// -1 is any version.
fn demand_version(version: i32, expected: i32) -> Result<(), Error> {
    if expected == -1 || expected == version { Ok(()) } else { Err(Error::BadVersion) }
}
