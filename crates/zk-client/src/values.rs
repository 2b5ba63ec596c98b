//! What servers tell, kept for longer than the frame that it came in.

use trellis_zk_codec::{Acl, ClientInfo, ErrorCode, OperationResult, Stat};

use crate::error::Error;
use crate::path::Chroot;

/// One entry of an access control list: who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// What is permitted, as bits of [`permissions`](crate::permissions).
    pub permissions: i32,
    /// The kind of identity: `world`, `auth`, `digest`, `ip`, ...
    pub scheme: String,
    /// Whom the scheme means.
    pub id: String,
}

impl AclEntry {
    /// The entry for a request.
    pub fn borrow(&self) -> Acl<'_> {
        Acl { permissions: self.permissions, scheme: &self.scheme, id: &self.id }
    }
}

impl From<Acl<'_>> for AclEntry {
    fn from(acl: Acl<'_>) -> Self {
        AclEntry { permissions: acl.permissions, scheme: acl.scheme.to_owned(), id: acl.id.to_owned() }
    }
}

/// Who a server takes a client for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The kind of identity.
    pub scheme: String,
    /// Who it is; without the password or its digest.
    pub user: String,
}

impl From<ClientInfo<'_>> for ClientIdentity {
    fn from(info: ClientInfo<'_>) -> Self {
        ClientIdentity { scheme: info.scheme.to_owned(), user: info.user.to_owned() }
    }
}

/// What one operation of a [`multi`](crate::Client::multi) or [`multi_read`](crate::Client::multi_read) came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// A node was created at this path.
    Created(String),
    /// A node was deleted.
    Deleted,
    /// A node has new data and this record.
    Set(Stat),
    /// A node had the version.
    Checked,
    /// A node's data.
    Data(crate::Data),
    /// The names of a node's children, sorted.
    Children(Vec<String>),
    /// A reading was refused, which doesn't hinder the others.
    Refused(ErrorCode),
}

impl Done {
    /// Reads what a server says.
    pub(crate) fn read(result: OperationResult<'_>, chroot: &Chroot) -> Result<Done, Error> {
        Ok(match result {
            OperationResult::Create { path } | OperationResult::Create2 { path, .. } => {
                Done::Created(chroot.to_user(path).to_owned())
            }
            OperationResult::Delete => Done::Deleted,
            OperationResult::SetData { stat } => Done::Set(stat),
            OperationResult::Check => Done::Checked,
            OperationResult::GetData { data, stat } => {
                Done::Data(crate::Data { data: data.map(<[u8]>::to_vec), stat })
            }
            OperationResult::GetChildren { children } => {
                let mut names: Vec<String> = children.iter().map(str::to_owned).collect();
                names.sort_unstable();
                Done::Children(names)
            }
            OperationResult::Error(code) => Done::Refused(code),
            OperationResult::Undone => return Err(Error::Unexpected),
        })
    }
}
