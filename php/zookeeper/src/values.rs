//! What servers tell, as PHP's arrays, and the other way round.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::types::{ZendHashTable, Zval};
use trellis_php_host::{Call, Throw};
use trellis_zk_client::{Acl, AclEntry, Stat};

/// A znode's record.
pub(crate) fn stat(stat: &Stat) -> Result<ZBox<ZendHashTable>, Throw> {
    let mut array = ZendHashTable::with_capacity(11);
    array.insert("czxid", stat.czxid)?;
    array.insert("mzxid", stat.mzxid)?;
    array.insert("ctime", stat.ctime)?;
    array.insert("mtime", stat.mtime)?;
    array.insert("version", stat.version)?;
    array.insert("cversion", stat.cversion)?;
    array.insert("aversion", stat.aversion)?;
    array.insert("ephemeralOwner", stat.ephemeral_owner)?;
    array.insert("dataLength", stat.data_length)?;
    array.insert("numChildren", stat.num_children)?;
    array.insert("pzxid", stat.pzxid)?;
    Ok(array)
}

/// An access control list for PHP.
pub(crate) fn acl(entries: &[AclEntry]) -> Result<ZBox<ZendHashTable>, Throw> {
    let mut list = ZendHashTable::new();
    for entry in entries {
        let mut array = ZendHashTable::with_capacity(3);
        array.insert("perms", entry.permissions)?;
        array.insert("scheme", entry.scheme.as_str())?;
        array.insert("id", entry.id.as_str())?;
        list.push(array)?;
    }
    Ok(list)
}

/// The access control list that was given as the argument at `index`. Entries that lack something are left out.
pub(crate) fn read_acl<'a>(call: &Call<'a>, index: usize) -> Result<Option<Vec<Acl<'a>>>, Throw> {
    let Some(list) = call.argument::<Option<&ZendHashTable>>(index)? else { return Ok(None) };
    let mut acl = Vec::new();
    for entry in list.values().filter_map(|entry| entry.dereference().array()) {
        let of = |key| entry.get(key).map(Zval::dereference);
        let (Some(perms), Some(scheme), Some(id)) = (of("perms"), of("scheme"), of("id")) else { continue };
        let wrong = |wanted| call.value_error(index, wanted);
        let permissions = perms.coerce_to_long().and_then(|perms| i32::try_from(perms).ok());
        acl.push(Acl {
            permissions: permissions.ok_or_else(|| wrong("must have the bits of PERM_ALL as \"perms\""))?,
            scheme: scheme.str().ok_or_else(|| wrong("must have a string as \"scheme\""))?,
            id: id.str().ok_or_else(|| wrong("must have a string as \"id\""))?,
        });
    }
    Ok(Some(acl))
}
