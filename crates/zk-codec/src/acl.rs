//! Entries of access control lists, and the identities they speak of.

use crate::jute::{Flaw, Reader, Record, write_i32, write_string};

/// The bits of [`Acl::permissions`].
pub mod permissions {
    /// Reading data and listing children.
    pub const READ: i32 = 1;
    /// Setting data.
    pub const WRITE: i32 = 2;
    /// Creating children.
    pub const CREATE: i32 = 4;
    /// Deleting children.
    pub const DELETE: i32 = 8;
    /// Setting the access control list.
    pub const ADMIN: i32 = 16;
    /// All of them.
    pub const ALL: i32 = READ | WRITE | CREATE | DELETE | ADMIN;
}

/// One entry of an access control list: who may do what.
///
/// Null strings are read as empty ones: kazoo sends the one where Java's client sends the other. Only the schemes whose
/// ids the real server looks into can't do without; it stumbles over their nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Acl<'a> {
    /// What is permitted, as bits of [`permissions`]. Others may be set, too.
    pub permissions: i32,
    /// The kind of identity: `world`, `auth`, `digest`, `ip`, ...
    pub scheme: &'a str,
    /// Whom the scheme means.
    pub id: &'a str,
}

impl Acl<'static> {
    /// Everybody may do everything; what most clients give a node.
    pub const OPEN: Self = Self { permissions: permissions::ALL, scheme: "world", id: "anyone" };
}

impl<'a> Record<'a> for Acl<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let (permissions, scheme) = (reader.i32()?, reader.string_or_empty()?);
        let id = match scheme {
            "world" | "digest" | "ip" => reader.string()?,
            _ => reader.string_or_empty()?,
        };
        Ok(Self { permissions, scheme, id })
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_i32(self.permissions, out);
        write_string(self.scheme, out);
        write_string(self.id, out);
    }
}

/// An identity that a connection has shown, as `whoAmI` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientInfo<'a> {
    /// The kind of identity.
    pub scheme: &'a str,
    /// Who it is; without the password or its digest.
    pub user: &'a str,
}

impl<'a> Record<'a> for ClientInfo<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Ok(Self { scheme: reader.string_or_empty()?, user: reader.string_or_empty()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_string(self.scheme, out);
        write_string(self.user, out);
    }
}
