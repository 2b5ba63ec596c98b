//! The class `ZookeeperConfig`: the members of the service, which can be changed while it runs.

use std::cell::RefCell;
use std::rc::Rc;

use ext_php_rs::binary::Binary;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::error::Result as Declared;
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::types::{ZendObject, Zval};
use trellis_php_host::function::{nullable, optional, output, required};
use trellis_php_host::{Call, Throw, create, function, object_value, state};
use trellis_zk_client::blocking::Wait;

use crate::class::Zookeeper;
use crate::failure;
use crate::operations::{data_and_stat, watched};
use crate::session::Session;

/// What an object of the class has: the `Zookeeper` that it came from.
#[derive(Default)]
pub(crate) struct Config {
    zookeeper: RefCell<Option<Zval>>,
}

trellis_php_host::native!(Config = "ZookeeperConfig", |config: &Config, tell: &mut dyn FnMut(&Zval)| {
    if let Ok(zookeeper) = config.zookeeper.try_borrow() {
        zookeeper.iter().for_each(tell);
    }
});

/// The members of the service that a `Zookeeper` is connected to.
pub(crate) fn of(call: &mut Call<'_>) -> Result<ZBox<ZendObject>, Throw> {
    call.this::<Zookeeper>()?.session()?;
    let zookeeper = call.this_object().map(object_value);
    Ok(create::<Config>(|config| drop(config.zookeeper.replace(zookeeper))))
}

/// Tells PHP of the methods.
pub(crate) fn declare(builder: ClassBuilder) -> Declared<ClassBuilder> {
    let get = function("get", get)
        .not_required()
        .arg(nullable("watcher_cb", DataType::Callable))
        .arg(output("stat_info"));
    let change = |builder: ClassBuilder, name: &str, change: Change| {
        let method = match change {
            Change::Add => function(name, |call| reconfigure(call, Change::Add)),
            Change::Remove => function(name, |call| reconfigure(call, Change::Remove)),
            Change::Set => function(name, |call| reconfigure(call, Change::Set)),
        };
        let method = method
            .arg(required("members", DataType::String))
            .not_required()
            .arg(optional("version", DataType::Long, "-1"))
            .arg(output("stat_info"));
        builder.method(method, MethodFlags::Public)
    };
    let builder = builder.method(get, MethodFlags::Public);
    let builder = change(builder, "add", Change::Add);
    let builder = change(builder, "remove", Change::Remove);
    Ok(change(builder, "set", Change::Set))
}

/// What is done with the members that are given.
#[derive(Clone, Copy)]
enum Change {
    Add,
    Remove,
    Set,
}

fn get(call: &mut Call<'_>) -> Result<Option<Binary<u8>>, Throw> {
    let session = session(call)?;
    let data = match call.argument(0)? {
        None => session.client.config().wait().map_err(|error| failure::of(&error))?,
        Some(watcher) => watched(&session, session.client.config_watched(), watcher)?,
    };
    data_and_stat(call, 1, data)
}

fn reconfigure(call: &mut Call<'_>, change: Change) -> Result<Option<Binary<u8>>, Throw> {
    let session = session(call)?;
    let members = Some(call.argument::<&str>(0)?);
    let version = call.argument::<Option<i64>>(1)?;
    let asked = match change {
        Change::Add => session.client.reconfigure(members, None, None, version),
        Change::Remove => session.client.reconfigure(None, members, None, version),
        Change::Set => session.client.reconfigure(None, None, members, version),
    };
    let data = asked.wait().map_err(|error| failure::of(&error))?;
    data_and_stat(call, 2, data)
}

fn session(call: &Call<'_>) -> Result<Rc<Session>, Throw> {
    let config: &Config = call.this()?;
    let zookeeper = config.zookeeper.borrow();
    let zookeeper = zookeeper.as_ref().and_then(Zval::object).and_then(state::<Zookeeper>);
    zookeeper.ok_or_else(failure::not_connected)?.session()
}
