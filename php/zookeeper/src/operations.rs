//! What is asked of a server, one function for each method. Those that are given a callback set a watch.

use ext_php_rs::binary::Binary;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, Zval};
use trellis_php_host::{Call, Throw};
use trellis_zk_client::blocking::Wait;
use trellis_zk_client::{Acl, CreateMode, Creation, Data, Error, Identity, WatchedCall};

use crate::class::Zookeeper;
use crate::failure::{self, BAD_ARGUMENTS};
use crate::session::Session;
use crate::{values, watchers};

/// A znode's data, which may be null.
type Bytes = Option<Binary<u8>>;

pub(crate) fn create(call: &mut Call<'_>) -> Result<String, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let acl = values::read_acl(call, 2)?;
    let mode = i32::try_from(call.argument::<Option<i64>>(3)?.unwrap_or(0)).ok();
    // Those with a time to live have no place for it here.
    let mode = mode.and_then(CreateMode::from_number).filter(|mode| !mode.is_ttl());
    let creation = Creation {
        path: call.argument(0)?,
        data: call.argument(1)?,
        acl: acl.as_deref().unwrap_or(&[Acl::OPEN]),
        mode: mode.ok_or_else(|| failure::of_code(BAD_ARGUMENTS))?,
        ttl_ms: 0,
    };
    session.client.create_with(&creation).wait().map_err(|error| failure::of(&error))
}

pub(crate) fn delete(call: &mut Call<'_>) -> Result<bool, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let version = version(call, 1)?;
    session.client.delete(call.argument(0)?, version).wait().map_err(|error| failure::of(&error))?;
    Ok(true)
}

pub(crate) fn get(call: &mut Call<'_>) -> Result<Bytes, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let path = call.argument(0)?;
    let size_max = call.argument::<Option<i64>>(3)?.unwrap_or(0);
    let size_max =
        usize::try_from(size_max).map_err(|_| call.value_error(3, "must be greater than or equal to 0"))?;
    let data = match call.argument(1)? {
        None => session.client.get_data(path).wait().map_err(|error| failure::of(&error))?,
        Some(watcher) => watched(&session, session.client.get_data_watched(path), watcher)?,
    };
    let mut bytes = data_and_stat(call, 2, data)?;
    if let Some(bytes) = bytes.as_mut().filter(|_| size_max > 0) {
        bytes.truncate(size_max);
    }
    Ok(bytes)
}

pub(crate) fn exists(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let path = call.argument(0)?;
    let stat = match call.argument(1)? {
        None => session.client.exists(path).wait().map_err(|error| failure::of(&error))?,
        Some(watcher) => watched(&session, session.client.exists_watched(path), watcher)?,
    };
    Ok(match stat {
        Some(stat) => values::stat(&stat)?.into_zval(false)?,
        None => false.into_zval(false)?,
    })
}

pub(crate) fn children(call: &mut Call<'_>) -> Result<Vec<String>, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let path = call.argument(0)?;
    let listing = match call.argument(1)? {
        None => session.client.children(path).wait().map_err(|error| failure::of(&error))?,
        Some(watcher) => watched(&session, session.client.children_watched(path), watcher)?,
    };
    Ok(listing.names)
}

pub(crate) fn set(call: &mut Call<'_>) -> Result<bool, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let version = version(call, 2)?;
    let set = session.client.set_data_or_null(call.argument(0)?, call.argument(1)?, version);
    let stat = set.wait().map_err(|error| failure::of(&error))?;
    if call.count() > 3 {
        call.set_output(3, values::stat(&stat)?)?;
    }
    Ok(true)
}

pub(crate) fn acl(call: &mut Call<'_>) -> Result<ZBox<ZendHashTable>, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let (acl, stat) = session.client.acl(call.argument(0)?).wait().map_err(|error| failure::of(&error))?;
    let mut both = ZendHashTable::with_capacity(2);
    both.push(values::stat(&stat)?)?;
    both.push(values::acl(&acl)?)?;
    Ok(both)
}

pub(crate) fn set_acl(call: &mut Call<'_>) -> Result<bool, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let version = version(call, 1)?;
    let acl = values::read_acl(call, 2)?.unwrap_or_default();
    let set = session.client.set_acl(call.argument(0)?, &acl, version);
    set.wait().map_err(|error| failure::of(&error))?;
    Ok(true)
}

/// Doesn't wait for the answer, of which the callback is told.
pub(crate) fn add_auth(call: &mut Call<'_>) -> Result<bool, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let credentials: &[u8] = call.argument(1)?;
    let identity =
        Identity { scheme: call.argument::<&str>(0)?.to_owned(), credentials: Some(credentials.to_vec()) };
    let callback = call.argument::<Option<&Zval>>(2)?;
    let key = callback.map(|callback| watchers::keep(session.number, callback));
    let shown = session.client.authenticate(identity);
    if let Some(key) = key {
        let queue = session.queue.clone();
        shown.on_done(move |outcome| {
            queue.push_done(key, outcome.as_ref().map_or_else(failure::code, |()| 0));
        });
    }
    Ok(true)
}

/// Waits for the answer to a request that sets a watch, and has the callback called when it fires.
pub(crate) fn watched<T>(session: &Session, asked: WatchedCall<T>, watcher: &Zval) -> Result<T, Throw> {
    let (value, watch) = asked.wait().map_err(|error: Error| failure::of(&error))?;
    watchers::follow(session.number, &session.queue, watch, watcher);
    Ok(value)
}

/// Gives the record to the variable that was passed at `index`, and the data back.
pub(crate) fn data_and_stat(call: &mut Call<'_>, index: usize, data: Data) -> Result<Bytes, Throw> {
    if call.count() > index {
        call.set_output(index, values::stat(&data.stat)?)?;
    }
    Ok(data.data.map(Binary::new))
}

/// The version at `index`, of which -1 means any.
fn version(call: &Call<'_>, index: usize) -> Result<Option<i32>, Throw> {
    let version = call.argument::<Option<i64>>(index)?.unwrap_or(-1);
    let version =
        i32::try_from(version).map_err(|_| call.value_error(index, "must be an integer of 32 bits"))?;
    Ok(Some(version))
}
