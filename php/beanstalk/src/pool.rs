//! The class `BeanstalkPool`, the library's style: one tube is used, some are watched, and several servers take turns.

use std::rc::Rc;
use std::time::Duration;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::error::Result as Registered;
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::prelude::ZendCallable;
use ext_php_rs::types::{ZendObject, ZendStr, Zval};
use trellis_php_host::function::required;
use trellis_php_host::{Call, Throw, function, string};
use trellis_tube_client::blocking::{Client, Pool};
use trellis_tube_client::{Error, Job, PutOptions};

use crate::link::Link;
use crate::values::{self, Array};
use crate::{failure, job, parameters};

/// What a put is, unless it says otherwise: the library's defaults.
const PUT: PutOptions = PutOptions { priority: 65_536, delay: Duration::ZERO, ttr: Duration::from_secs(120) };
/// PHP's flag for throwing where something can't be made JSON.
const JSON_THROW_ON_ERROR: i64 = 4_194_304;
const JSON_DEPTH: i64 = 512;

#[derive(Default)]
pub(crate) struct PoolObject {
    link: Rc<Link>,
}

trellis_php_host::native!(PoolObject = "BeanstalkPool");

pub(crate) fn register() -> Registered<()> {
    let [host, port, timeout] = parameters::server_parameters();
    let put = function("put", put).arg(required("message", DataType::Mixed)).not_required();
    let mut methods: Vec<FunctionBuilder<'static>> = vec![
        function("addServer", add_server).arg(host).not_required().arg(port).arg(timeout),
        function("getServers", |call| Ok(values::list(&link(call)?.servers()?)?)),
        function("connect", connect),
        function("close", close),
        parameters::put_parameters("65536", "120").into_iter().fold(put, FunctionBuilder::arg),
        function("reserve", reserve).not_required().arg(parameters::wait_parameter()),
        function("kick", kick).arg(required("bound", DataType::Long)),
        function("peekReady", |call| peek(call, Client::peek_ready)),
        function("peekDelayed", |call| peek(call, Client::peek_delayed)),
        function("peekBuried", |call| peek(call, Client::peek_buried)),
        function("stats", stats),
        function("statsTube", stats_tube).arg(parameters::tube_parameter()),
        function("listTubes", list_tubes),
        function("pauseTube", pause).arg(parameters::tube_parameter()).arg(required("delay", DataType::Long)),
    ];
    // The library has had both names.
    for name in ["useTube", "use"] {
        methods.push(function(name, |call| tell(call, Pool::use_tube)).arg(parameters::tube_parameter()));
    }
    for name in ["watchTube", "watch"] {
        methods.push(function(name, |call| tell(call, Pool::watch)).arg(parameters::tube_parameter()));
    }
    for name in ["ignoreTube", "ignore"] {
        methods.push(function(name, |call| tell(call, Pool::ignore)).arg(parameters::tube_parameter()));
    }
    trellis_php_host::register::<PoolObject>(|builder| {
        Ok(methods.into_iter().fold(builder, |builder, method| builder.method(method, MethodFlags::Public)))
    })
}

fn link<'a>(call: &Call<'a>) -> Result<&'a Rc<Link>, Throw> {
    Ok(&call.this::<PoolObject>()?.link)
}

fn add_server(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let (address, timeout) = parameters::server(call)?;
    link(call)?.add(address, timeout)?;
    Ok(call.this_value())
}

fn connect(call: &mut Call<'_>) -> Result<Zval, Throw> {
    link(call)?.with_each(Client::connect)?;
    Ok(call.this_value())
}

fn close(call: &mut Call<'_>) -> Result<(), Throw> {
    link(call)?.close()
}

fn tell(call: &mut Call<'_>, tell: impl FnOnce(&mut Pool, &str) -> Result<(), Error>) -> Result<Zval, Throw> {
    let tube = parameters::tube(call, 0)?;
    link(call)?
        .with(|pool| if pool.servers().is_empty() { Err(Error::NoServer) } else { tell(pool, tube) })?;
    Ok(call.this_value())
}

fn put(call: &mut Call<'_>) -> Result<i64, Throw> {
    let options = parameters::put_options(call, 1, &PUT)?;
    let body = body(call)?;
    let body = body.zend_str().map(ZendStr::as_bytes).unwrap_or_default();
    let placed = link(call)?.with(|pool| pool.put(body, &options))?;
    Ok(values::number(placed.inserted.id))
}

/// The message as a string: arrays and objects become JSON, since their readers get them back so.
fn body(call: &Call<'_>) -> Result<Zval, Throw> {
    let message: &Zval = call.argument(0)?;
    if message.is_string() {
        return Ok(message.shallow_clone());
    }
    if message.is_array() || message.is_object() {
        let encode = ZendCallable::try_from_name("json_encode")?;
        return Ok(encode.try_call(vec![message, &JSON_THROW_ON_ERROR, &JSON_DEPTH])?);
    }
    let text = message.coerce_to_string().filter(|_| message.is_scalar());
    let text =
        text.ok_or_else(|| call.type_error(0, "must be of type string, int, float, bool, array or object"))?;
    Ok(string(text.as_bytes()))
}

fn reserve(call: &mut Call<'_>) -> Result<ZBox<ZendObject>, Throw> {
    let wait = parameters::wait(call, 0)?;
    let link = link(call)?;
    let servers: Vec<usize> = link.with(|pool| Ok((0..pool.servers().len()).collect()))?;
    let (server, found) = link.reserve(&servers, wait)?.ok_or_else(|| failure::throw(&Error::TimedOut))?;
    Ok(job::object(link, server, found))
}

fn kick(call: &mut Call<'_>) -> Result<i64, Throw> {
    let bound = parameters::number(call, 0)?.unwrap_or_default();
    let counts = link(call)?.with_each(|client| client.kick(bound))?;
    Ok(values::number(counts.into_iter().map(|(_, count)| count).sum()))
}

fn peek(
    call: &mut Call<'_>,
    peek: impl Fn(&mut Client) -> Result<Option<Job>, Error>,
) -> Result<ZBox<ZendObject>, Throw> {
    let link = link(call)?;
    let found = link.with_each(peek)?.into_iter().find_map(|(server, job)| Some((server, job?)));
    let (server, found) = found.ok_or_else(|| failure::throw(&Error::NotFound))?;
    Ok(job::object(link, server, found))
}

fn stats(call: &mut Call<'_>) -> Result<Array, Throw> {
    let link = link(call)?;
    Ok(values::by_address(&link.servers()?, &link.with_each(Client::stats)?)?)
}

fn stats_tube(call: &mut Call<'_>) -> Result<Array, Throw> {
    let tube = parameters::tube(call, 0)?;
    let link = link(call)?;
    let answers = link.with_each(|client| client.stats_tube(tube))?;
    let found: Vec<_> = answers.into_iter().filter_map(|(server, answer)| Some((server, answer?))).collect();
    if found.is_empty() {
        return Err(failure::throw(&Error::NotFound));
    }
    Ok(values::by_address(&link.servers()?, &found)?)
}

fn list_tubes(call: &mut Call<'_>) -> Result<Array, Throw> {
    let mut tubes: Vec<String> = Vec::new();
    for (_, of_server) in link(call)?.with_each(Client::list_tubes)? {
        for tube in of_server {
            if !tubes.contains(&tube) {
                tubes.push(tube);
            }
        }
    }
    Ok(values::list(&tubes)?)
}

fn pause(call: &mut Call<'_>) -> Result<bool, Throw> {
    let tube = parameters::tube(call, 0)?;
    let delay = parameters::seconds(call, 1)?.unwrap_or_default();
    let found = link(call)?.with_each(|client| match client.pause(tube, delay) {
        Err(Error::NotFound) => Ok(false),
        result => result.map(|()| true),
    })?;
    if !found.into_iter().any(|(_, found)| found) {
        return Err(failure::throw(&Error::NotFound));
    }
    Ok(true)
}
