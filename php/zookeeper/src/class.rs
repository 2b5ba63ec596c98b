//! The class `Zookeeper`: its methods with their parameters, and those that ask no server.

use std::cell::RefCell;
use std::ffi::CString;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use ext_php_rs::binary::Binary;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::error::{Result as Declared, php_error};
use ext_php_rs::flags::{ConstantFlags, DataType, ErrorType, MethodFlags};
use ext_php_rs::types::{ZendHashTable, Zval};
use trellis_php_host::function::{nullable, optional, output, required};
use trellis_php_host::{Call, Throw, function, open_to_append, stream_descriptor};

use crate::failure::{self, BAD_ARGUMENTS};
use crate::session::{IN_ORDER, Session, timeout};
use crate::{config, constants, log, operations, watchers};

/// What an object of the class has.
#[derive(Default)]
pub(crate) struct Zookeeper {
    session: RefCell<Option<Rc<Session>>>,
}

// What waits for a watch or a reply is called whoever has the object, and so holds what it needs.
trellis_php_host::native!(Zookeeper = "Zookeeper", |zookeeper: &Zookeeper, tell: &mut dyn FnMut(&Zval)| {
    if let Ok(Some(session)) = zookeeper.session.try_borrow().as_deref() {
        watchers::with_that_for_states(session.number, tell);
    }
});

impl Zookeeper {
    /// The session, if there is one that this process may use.
    pub(crate) fn session(&self) -> Result<Rc<Session>, Throw> {
        let session = self.session.borrow().clone().ok_or_else(failure::not_connected)?;
        if session.owner.is_this_process() { Ok(session) } else { Err(failure::forked()) }
    }
}

/// Tells PHP of the methods and constants.
pub(crate) fn declare(mut builder: ClassBuilder) -> Declared<ClassBuilder> {
    for &(name, value) in constants::ALL {
        builder = builder.constant(name, i64::from(value), &[], ConstantFlags::Public)?;
    }
    let methods = operations().into_iter().chain(about_the_session());
    let builder = methods.fold(builder, |builder, method| builder.method(method, MethodFlags::Public));
    let flags = MethodFlags::Public | MethodFlags::Static;
    Ok(for_all().into_iter().fold(builder, |builder, method| builder.method(method, flags)))
}

/// The methods that ask a server.
fn operations() -> [FunctionBuilder<'static>; 9] {
    let path = || required("path", DataType::String);
    // It may be null and not left out: a value that was forgotten is not to erase the one that is there.
    let value = || required("value", DataType::String).allow_null();
    let watcher = || nullable("watcher_cb", DataType::Callable);
    let version = || optional("version", DataType::Long, "-1");
    [
        function("create", operations::create)
            .arg(path())
            .arg(value())
            .not_required()
            .arg(nullable("acl", DataType::Array))
            .arg(nullable("flags", DataType::Long)),
        function("delete", operations::delete).arg(path()).not_required().arg(version()),
        function("get", operations::get)
            .arg(path())
            .not_required()
            .arg(watcher())
            .arg(output("stat_info"))
            .arg(optional("max_size", DataType::Long, "0")),
        function("getChildren", operations::children).arg(path()).not_required().arg(watcher()),
        function("exists", operations::exists).arg(path()).not_required().arg(watcher()),
        function("set", operations::set)
            .arg(path())
            .arg(value())
            .not_required()
            .arg(version())
            .arg(output("stat_info")),
        function("getAcl", operations::acl).arg(path()),
        function("setAcl", operations::set_acl)
            .arg(path())
            .arg(required("version", DataType::Long))
            .arg(required("acl", DataType::Array)),
        function("addAuth", operations::add_auth)
            .arg(required("scheme", DataType::String))
            .arg(required("cert", DataType::String))
            .not_required()
            .arg(nullable("completion_cb", DataType::Callable)),
    ]
}

/// The methods that concern the session itself.
fn about_the_session() -> [FunctionBuilder<'static>; 10] {
    let watcher = || nullable("watcher_cb", DataType::Callable);
    let timeout = || nullable("recv_timeout", DataType::Long);
    [
        function("__construct", construct)
            .not_required()
            .arg(optional("host", DataType::String, "\"\""))
            .arg(watcher())
            .arg(timeout()),
        function("connect", connect)
            .arg(required("host", DataType::String))
            .not_required()
            .arg(watcher())
            .arg(timeout()),
        function("close", close),
        function("getState", state_number),
        function("getRecvTimeout", receive_timeout),
        function("getClientId", client_id),
        function("isRecoverable", is_recoverable),
        function("setWatcher", set_watcher).arg(required("watcher_cb", DataType::Callable)),
        function("setLogStream", set_log_stream).arg(required("stream", DataType::Mixed)),
        function("getConfig", config::of),
    ]
}

/// The methods that concern no object.
fn for_all() -> [FunctionBuilder<'static>; 3] {
    [
        function("setDebugLevel", set_debug_level).arg(required("level", DataType::Long)),
        function("setDeterministicConnOrder", set_order).arg(required("trueOrFalse", DataType::Bool)),
        function("dispatch", |_| watchers::dispatch()),
    ]
}

fn construct(call: &mut Call<'_>) -> Result<(), Throw> {
    if call.argument::<Option<&str>>(0)?.unwrap_or_default().is_empty() { Ok(()) } else { connect(call) }
}

fn connect(call: &mut Call<'_>) -> Result<(), Throw> {
    let zookeeper: &Zookeeper = call.this()?;
    let (servers, watcher) = (call.argument(0)?, call.argument(1)?);
    let Some(timeout) = timeout(call.argument(2)?) else {
        php_error(&ErrorType::Warning, "recv_timeout parameter has to be greater than 0");
        return Err(failure::of_code(BAD_ARGUMENTS));
    };
    let session = Session::begin(servers, watcher, timeout)?;
    let before = zookeeper.session.replace(Some(Rc::new(session)));
    drop(before);
    Ok(())
}

fn close(call: &mut Call<'_>) -> Result<(), Throw> {
    let zookeeper: &Zookeeper = call.this()?;
    let session = zookeeper.session.take();
    // What is left of it goes when nothing is borrowed any more: that may be PHP code.
    session.map(drop).ok_or_else(failure::not_connected)
}

fn state_number(call: &mut Call<'_>) -> Result<i32, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    let state = session.client.state();
    let began = session.client.session().is_some() || state.is_over();
    Ok(if began { constants::state_number(state) } else { constants::NOT_CONNECTED })
}

fn receive_timeout(call: &mut Call<'_>) -> Result<i64, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    Ok(i64::try_from(session.client.session_timeout().as_millis()).unwrap_or(i64::MAX))
}

fn client_id(call: &mut Call<'_>) -> Result<ZBox<ZendHashTable>, Throw> {
    let key = call.this::<Zookeeper>()?.session()?.client.session();
    let (id, password) = key.map(|key| (key.id, key.password)).unwrap_or_default();
    let mut both = ZendHashTable::with_capacity(2);
    both.push(id)?;
    both.push(Binary::new(password))?;
    Ok(both)
}

fn is_recoverable(call: &mut Call<'_>) -> Result<bool, Throw> {
    Ok(!call.this::<Zookeeper>()?.session()?.client.state().is_over())
}

fn set_watcher(call: &mut Call<'_>) -> Result<bool, Throw> {
    let session = call.this::<Zookeeper>()?.session()?;
    watchers::keep_for_states(session.number, call.argument(0)?);
    Ok(true)
}

fn set_debug_level(call: &mut Call<'_>) -> Result<bool, Throw> {
    log::set_level(call.argument(0)?);
    Ok(true)
}

fn set_order(call: &mut Call<'_>) -> Result<bool, Throw> {
    IN_ORDER.store(call.argument(0)?, Ordering::Relaxed);
    Ok(true)
}

fn set_log_stream(call: &mut Call<'_>) -> Result<bool, Throw> {
    let stream: &Zval = call.argument(0)?;
    if let Some(name) = stream.str() {
        let name = CString::new(name).map_err(|_| call.value_error(0, "must not contain any null bytes"))?;
        let place = open_to_append(&name);
        let is_open = place.is_some();
        place.into_iter().for_each(|place| log::set_place(place.into()));
        return Ok(is_open);
    }
    if !stream.is_resource() {
        return Err(call.type_error(0, "must be a stream or the path of a file"));
    }
    let descriptor = stream_descriptor(stream);
    let descriptor = descriptor.ok_or_else(|| call.type_error(0, "must be a stream of a file"))?;
    log::set_place(descriptor.into());
    Ok(true)
}
