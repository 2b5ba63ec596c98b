//! Well-formed requests: which fields each operation has.

use super::operation::Operation;
use super::request::{Field, Request};

/// Permissions: reading, writing, creating and deleting children, setting the list itself.
pub(super) const ALL: i32 = 31;

/// Entries of an access control list: permissions, scheme, whom it means.
pub(super) type Acl<'a> = [(i32, &'a str, &'a str)];

/// Everybody may do everything.
pub(super) const OPEN: &Acl<'_> = &[(ALL, "world", "anyone")];

/// A create with an open list.
pub(super) fn create(path: &str, data: Option<&[u8]>, mode: i32) -> Request {
    create_as(Operation::Create, path, data, OPEN, mode)
}

/// A create of one of the four kinds, but for the time that `createTTL` has at its end.
pub(super) fn create_as(
    operation: Operation,
    path: &str,
    data: Option<&[u8]>,
    acl: &Acl<'_>,
    mode: i32,
) -> Request {
    let mut fields = vec![Field::Path(path.into()), Field::Data(data.map(<[u8]>::to_vec))];
    fields.extend(acl_fields(acl));
    fields.push(Field::Int(mode));
    Request::new(operation, fields)
}

/// A delete, or another operation that has a path and a number.
pub(super) fn with_number(operation: Operation, path: &str, number: i32) -> Request {
    Request::new(operation, vec![Field::Path(path.into()), Field::Int(number)])
}

/// A read that can set a watch.
pub(super) fn read(operation: Operation, path: &str, watch: bool) -> Request {
    Request::new(operation, vec![Field::Path(path.into()), Field::Byte(watch.into())])
}

/// An operation that has a path only.
pub(super) fn with_path(operation: Operation, path: &str) -> Request {
    Request::new(operation, vec![Field::Path(path.into())])
}

pub(super) fn set_data(path: &str, data: Option<&[u8]>, version: i32) -> Request {
    let data = Field::Data(data.map(<[u8]>::to_vec));
    Request::new(Operation::SetData, vec![Field::Path(path.into()), data, Field::Int(version)])
}

pub(super) fn set_acl(path: &str, acl: &Acl<'_>, version: i32) -> Request {
    let mut fields = vec![Field::Path(path.into())];
    fields.extend(acl_fields(acl));
    fields.push(Field::Int(version));
    Request::new(Operation::SetAcl, fields)
}

/// Watches of a client that comes back: three lists of paths, or five.
pub(super) fn set_watches(operation: Operation, back: i64, lists: &[Vec<String>]) -> Request {
    let mut fields = vec![Field::Zxid(back)];
    for list in lists {
        fields.push(count(list.len()));
        fields.extend(list.iter().cloned().map(Field::Path));
    }
    Request::new(operation, fields)
}

pub(super) fn auth(scheme: &str, credentials: &str) -> Request {
    let credentials = Field::Data(Some(credentials.into()));
    let fields = vec![Field::Int(0), Field::Text(scheme.into()), credentials];
    Request { xid: Some(-4), ..Request::new(Operation::Auth, fields) }
}

fn acl_fields(acl: &Acl<'_>) -> Vec<Field> {
    let mut fields = vec![count(acl.len())];
    for (permissions, scheme, id) in acl {
        let texts = [scheme, id].map(|text| Field::Text((*text).into()));
        fields.push(Field::Int(*permissions));
        fields.extend(texts);
    }
    fields
}

fn count(items: usize) -> Field {
    Field::Int(i32::try_from(items).unwrap_or(i32::MAX))
}
