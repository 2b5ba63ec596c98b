//! The class `BeanstalkJob`: a job of the library's style, which knows its server.

use std::cell::OnceCell;
use std::rc::Rc;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::error::Result as Registered;
use ext_php_rs::exception::PhpException;
use ext_php_rs::flags::MethodFlags;
use ext_php_rs::prelude::ZendCallable;
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};
use ext_php_rs::zend::ce;
use trellis_php_host::{Call, Throw, create, function, string};
use trellis_tube_client::blocking::Client;
use trellis_tube_client::{Error, Job};

use crate::link::Link;
use crate::values::{self, Array};
use crate::{failure, parameters};

/// How deep JSON may be nested, and PHP's flag for integers that are too large for PHP's: they stay as they are written.
const JSON_DEPTH: i64 = 512;
const JSON_BIGINT_AS_STRING: i64 = 2;

#[derive(Default)]
pub(crate) struct JobObject {
    /// Empty only in an object that was made by a trick of reflection.
    state: OnceCell<State>,
}

struct State {
    link: Rc<Link>,
    server: usize,
    job: Job,
}

trellis_php_host::native!(JobObject = "BeanstalkJob");

pub(crate) fn register() -> Registered<()> {
    let public: Vec<FunctionBuilder<'static>> = vec![
        function("getId", |call| Ok(values::number(state(call)?.job.id))),
        function("getMessage", message),
        function("getBody", |call| Ok(string(&state(call)?.job.body))),
        function("getServer", server),
        function("delete", |call| act(call, Client::delete)),
        function("touch", |call| act(call, Client::touch)),
        function("kick", |call| act(call, Client::kick_job)),
        release_parameters(function("release", release)),
        function("bury", bury).not_required().arg(parameters::priority_to_keep()),
        function("stats", stats),
        function("__debugInfo", debug_info),
    ];
    trellis_php_host::register::<JobObject>(|builder| {
        // Jobs come from a pool.
        let builder = builder.method(function("__construct", |_| Ok::<(), Throw>(())), MethodFlags::Private);
        Ok(public.into_iter().fold(builder, |builder, method| builder.method(method, MethodFlags::Public)))
    })
}

/// An object for a job of this server.
pub(crate) fn object(link: &Rc<Link>, server: usize, job: Job) -> ZBox<ZendObject> {
    create::<JobObject>(|object| {
        // It is new, so there is no state yet.
        let _ = object.state.set(State { link: Rc::clone(link), server, job });
    })
}

fn release_parameters(builder: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    parameters::release_parameters().into_iter().fold(builder.not_required(), FunctionBuilder::arg)
}

fn state<'a>(call: &Call<'a>) -> Result<&'a State, Throw> {
    let state = call.this::<JobObject>()?.state.get();
    state.ok_or_else(|| PhpException::new("the job comes from no server".into(), 0, ce::error()).into())
}

fn act(call: &Call<'_>, act: impl FnOnce(&mut Client, u64) -> Result<(), Error>) -> Result<bool, Throw> {
    let state = state(call)?;
    state.link.with_server(state.server, |client| act(client, state.job.id))?;
    Ok(true)
}

fn release(call: &mut Call<'_>) -> Result<bool, Throw> {
    let (priority, delay) = (parameters::number(call, 0)?, parameters::seconds(call, 1)?);
    act(call, |client, id| {
        let priority = crate::link::priority(client, id, priority)?;
        client.release(id, priority, delay.unwrap_or_default())
    })
}

fn bury(call: &mut Call<'_>) -> Result<bool, Throw> {
    let priority = parameters::number(call, 0)?;
    act(call, |client, id| {
        let priority = crate::link::priority(client, id, priority)?;
        client.bury(id, priority)
    })
}

fn stats(call: &mut Call<'_>) -> Result<Array, Throw> {
    let state = state(call)?;
    let found = state.link.with_server(state.server, |client| client.stats_job(state.job.id))?;
    let found = found.ok_or_else(|| failure::throw(&Error::NotFound))?;
    Ok(values::statistics(&found)?)
}

fn server(call: &mut Call<'_>) -> Result<Option<String>, Throw> {
    let state = state(call)?;
    Ok(state.link.servers()?.into_iter().nth(state.server))
}

fn message(call: &mut Call<'_>) -> Result<Zval, Throw> {
    decoded(&state(call)?.job.body)
}

/// The body; what `put` has made JSON of, an array or an object, is that again.
fn decoded(body: &[u8]) -> Result<Zval, Throw> {
    let text = body.trim_ascii_start();
    let body = string(body);
    if !text.starts_with(b"{") && !text.starts_with(b"[") {
        return Ok(body);
    }
    let decode = ZendCallable::try_from_name("json_decode")?;
    let decoded = decode.try_call(vec![&body, &false, &JSON_DEPTH, &JSON_BIGINT_AS_STRING])?;
    Ok(if decoded.is_null() { body } else { decoded })
}

/// What `var_dump` and `print_r` show: nothing of a job that comes from no server. They want an array and no exception, so
/// a body that can't be decoded is shown as it is.
fn debug_info(call: &mut Call<'_>) -> Result<Array, Throw> {
    let mut array = ZendHashTable::new();
    if let Ok(state) = state(call) {
        array.insert("id", values::number(state.job.id))?;
        array.insert("message", decoded(&state.job.body).unwrap_or_else(|_| string(&state.job.body)))?;
    }
    Ok(array)
}
