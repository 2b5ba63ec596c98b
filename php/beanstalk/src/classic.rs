//! The class `Beanstalk`, the C extension's style: each call names a tube, and the tube's name chooses the server.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::error::Result as Registered;
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::types::{ZendHashTable, Zval};
use trellis_php_host::function::required;
use trellis_php_host::{Call, Throw, create, function, request};
use trellis_tube_client::blocking::Client;
use trellis_tube_client::{Error, Job, PutOptions, Statistics};

use crate::link::{self, Link};
use crate::parameters::{self, id_parameter, tube_if_several, tube_parameter};
use crate::pool::PoolObject;
use crate::values::{self, Array};

#[derive(Default)]
struct Classic {
    link: Link,
}

trellis_php_host::native!(Classic = "Beanstalk");

thread_local! {
    /// The pool that `init` returns, as long as the request.
    static SINGLETON: ManuallyDrop<RefCell<Option<Zval>>> = const { ManuallyDrop::new(RefCell::new(None)) };
}

pub(crate) fn register() -> Registered<()> {
    trellis_php_host::register::<Classic>(|builder| {
        let builder = builder.method(function("init", init), MethodFlags::Public | MethodFlags::Static);
        let methods = of_servers().into_iter().chain(of_tubes()).chain(of_jobs());
        Ok(methods.fold(builder, |builder, method| builder.method(method, MethodFlags::Public)))
    })
}

/// Lets go of the singleton when the request ends.
pub(crate) fn forget_singleton() {
    let pool = SINGLETON.with(|pool| pool.take());
    // Freeing it may end connections; nothing is borrowed meanwhile.
    drop(pool);
}

fn of_servers() -> Vec<FunctionBuilder<'static>> {
    let [host, port, timeout] = parameters::server_parameters();
    vec![
        function("addserver", add_server).arg(host).not_required().arg(port).arg(timeout),
        function("close", close),
        function("stats", stats),
        function("list_tubes", list_tubes),
    ]
}

fn of_tubes() -> Vec<FunctionBuilder<'static>> {
    let with_tube = |builder: FunctionBuilder<'static>| builder.not_required().arg(tube_if_several());
    vec![
        function("use", use_tube).arg(tube_parameter()),
        function("watch", watch).arg(tube_parameter()),
        function("ignore", ignore).arg(tube_parameter()),
        function("pause_tube", pause).arg(tube_parameter()).arg(required("delay", DataType::Long)),
        function("stats_tube", stats_tube).arg(tube_parameter()),
        with_tube(function("kick", kick).arg(required("bound", DataType::Long))),
        with_tube(function("peek_ready", |call| peek(call, Client::peek_ready))),
        with_tube(function("peek_delayed", |call| peek(call, Client::peek_delayed))),
        with_tube(function("peek_buried", |call| peek(call, Client::peek_buried))),
        with_tube(function("list_tube_used", |call| of_server(call, 0, Client::list_tube_used))),
        with_tube(function("list_tubes_watched", list_tubes_watched)),
        with_tube(function("reserve", reserve)).arg(parameters::wait_parameter()),
    ]
}

fn of_jobs() -> Vec<FunctionBuilder<'static>> {
    let put = function("put", put).arg(tube_parameter()).arg(required("data", DataType::String));
    let of_job =
        |builder: FunctionBuilder<'static>| builder.arg(id_parameter()).not_required().arg(tube_if_several());
    vec![
        parameters::put_parameters("1024", "60").into_iter().fold(put.not_required(), FunctionBuilder::arg),
        of_job(function("delete", |call| of_id(call, Client::delete))),
        of_job(function("touch", |call| of_id(call, Client::touch))),
        of_job(function("kick_job", |call| of_id(call, Client::kick_job))),
        of_job(function("bury", bury)).arg(parameters::priority_to_keep()),
        parameters::release_parameters()
            .into_iter()
            .fold(of_job(function("release", release)), FunctionBuilder::arg),
        of_job(function("peek", |call| found(call, Client::peek))),
        of_job(function("reserve_job", |call| found(call, Client::reserve_job))),
        of_job(function("stats_job", stats_job)),
    ]
}

fn init(_: &mut Call<'_>) -> Result<Zval, Throw> {
    let present = SINGLETON.with(|pool| pool.borrow().as_ref().map(Zval::shallow_clone));
    if let Some(pool) = present {
        return Ok(pool);
    }
    let pool = create::<PoolObject>(|_| {}).into_zval(false)?;
    if request::is_under_way() {
        SINGLETON.with(|kept| kept.replace(Some(pool.shallow_clone())));
    }
    Ok(pool)
}

fn link<'a>(call: &Call<'a>) -> Result<&'a Link, Throw> {
    Ok(&call.this::<Classic>()?.link)
}

/// The server of the tube that is named at `index`. One server alone is that of every tube.
fn server(call: &Call<'_>, index: usize) -> Result<usize, Throw> {
    let tube = parameters::tube_or_none(call, index)?;
    let found = link(call)?.with(|pool| match (tube, pool.servers().len()) {
        (_, 0) => Err(Error::NoServer),
        (Some(tube), _) => Ok(pool.by_key(tube.as_bytes())),
        (None, 1) => Ok(Some(0)),
        (None, _) => Ok(None),
    })?;
    found.ok_or_else(|| call.value_error(index, "must be given, since it says which of the servers is meant"))
}

/// Does something with the server of the tube that is named at `index`.
fn of_server<R>(
    call: &Call<'_>,
    index: usize,
    act: impl FnOnce(&mut Client) -> Result<R, Error>,
) -> Result<R, Throw> {
    let server = server(call, index)?;
    link(call)?.with_server(server, act)
}

/// The same where that tube, if one is named, is to be the used one.
fn of_used<R>(
    call: &Call<'_>,
    index: usize,
    act: impl FnOnce(&mut Client) -> Result<R, Error>,
) -> Result<R, Throw> {
    let tube = parameters::tube_or_none(call, index)?;
    of_server(call, index, |client| {
        if let Some(tube) = tube.filter(|tube| *tube != client.used()) {
            client.use_tube(tube)?;
        }
        act(client)
    })
}

/// Does something with a job; `false` if there is none that it can be done with.
fn of_id(call: &Call<'_>, act: impl FnOnce(&mut Client, u64) -> Result<(), Error>) -> Result<bool, Throw> {
    let id = parameters::id(call, 0)?;
    of_server(call, 1, |client| match act(client, id) {
        Err(Error::NotFound) => Ok(false),
        result => result.map(|()| true),
    })
}

/// A value that may be missing, which is `false` then.
fn or_false(value: Option<Array>) -> Result<Zval, Throw> {
    Ok(match value {
        Some(array) => array.into_zval(false)?,
        None => false.into_zval(false)?,
    })
}

fn job_or_false(job: Option<&Job>) -> Result<Zval, Throw> {
    or_false(job.map(values::job).transpose()?)
}

fn statistics_or_false(statistics: Option<&Statistics>) -> Result<Zval, Throw> {
    or_false(statistics.map(values::statistics).transpose()?)
}

fn add_server(call: &mut Call<'_>) -> Result<bool, Throw> {
    let (address, timeout) = parameters::server(call)?;
    link(call)?.add(address, timeout)?;
    Ok(true)
}

fn close(call: &mut Call<'_>) -> Result<bool, Throw> {
    link(call)?.close()?;
    Ok(true)
}

fn stats(call: &mut Call<'_>) -> Result<Array, Throw> {
    let link = link(call)?;
    Ok(values::by_address(&link.servers()?, &link.with_each(Client::stats)?)?)
}

/// All tubes, under the keys that the C extension gives them: the server's place and the tube's.
fn list_tubes(call: &mut Call<'_>) -> Result<Array, Throw> {
    let mut array = ZendHashTable::new();
    for (server, tubes) in link(call)?.with_each(Client::list_tubes)? {
        for (place, tube) in tubes.iter().enumerate() {
            array.insert(format!("srv{server}_{place}").as_str(), tube.as_str())?;
        }
    }
    Ok(array)
}

fn use_tube(call: &mut Call<'_>) -> Result<bool, Throw> {
    let tube = parameters::tube(call, 0)?;
    of_server(call, 0, |client| client.use_tube(tube))?;
    Ok(true)
}

fn watch(call: &mut Call<'_>) -> Result<bool, Throw> {
    let tube = parameters::tube(call, 0)?;
    of_server(call, 0, |client| client.watch(tube))?;
    Ok(true)
}

fn ignore(call: &mut Call<'_>) -> Result<bool, Throw> {
    let tube = parameters::tube(call, 0)?;
    of_server(call, 0, |client| match client.ignore(tube) {
        Err(Error::NotIgnored) => Ok(false),
        result => result.map(|_| true),
    })
}

fn pause(call: &mut Call<'_>) -> Result<bool, Throw> {
    let tube = parameters::tube(call, 0)?;
    let delay = parameters::seconds(call, 1)?.unwrap_or_default();
    of_server(call, 0, |client| match client.pause(tube, delay) {
        Err(Error::NotFound) => Ok(false),
        result => result.map(|()| true),
    })
}

fn stats_tube(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let tube = parameters::tube(call, 0)?;
    statistics_or_false(of_server(call, 0, |client| client.stats_tube(tube))?.as_ref())
}

fn kick(call: &mut Call<'_>) -> Result<i64, Throw> {
    let bound = parameters::number(call, 0)?.unwrap_or_default();
    Ok(values::number(of_used(call, 1, |client| client.kick(bound))?))
}

fn peek(
    call: &mut Call<'_>,
    peek: impl FnOnce(&mut Client) -> Result<Option<Job>, Error>,
) -> Result<Zval, Throw> {
    job_or_false(of_used(call, 0, peek)?.as_ref())
}

fn list_tubes_watched(call: &mut Call<'_>) -> Result<Array, Throw> {
    Ok(values::list(&of_server(call, 0, Client::list_tubes_watched)?)?)
}

fn reserve(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let wait = parameters::wait(call, 1)?;
    let link = link(call)?;
    let servers = match parameters::tube_or_none(call, 0)? {
        Some(_) => vec![server(call, 0)?],
        None => link.with(|pool| Ok((0..pool.servers().len()).collect()))?,
    };
    let found = link.reserve(&servers, wait)?;
    job_or_false(found.as_ref().map(|(_, job)| job))
}

fn put(call: &mut Call<'_>) -> Result<i64, Throw> {
    let options = parameters::put_options(call, 2, &PutOptions::default())?;
    parameters::tube(call, 0)?;
    let data: &[u8] = call.argument(1)?;
    let inserted = of_used(call, 0, |client| client.put(data, &options))?;
    Ok(values::number(inserted.id))
}

fn bury(call: &mut Call<'_>) -> Result<bool, Throw> {
    let priority = parameters::number(call, 2)?;
    of_id(call, |client, id| {
        let priority = link::priority(client, id, priority)?;
        client.bury(id, priority)
    })
}

fn release(call: &mut Call<'_>) -> Result<bool, Throw> {
    let (priority, delay) = (parameters::number(call, 2)?, parameters::seconds(call, 3)?);
    of_id(call, |client, id| {
        let priority = link::priority(client, id, priority)?;
        client.release(id, priority, delay.unwrap_or_default())
    })
}

fn found(
    call: &mut Call<'_>,
    find: impl FnOnce(&mut Client, u64) -> Result<Option<Job>, Error>,
) -> Result<Zval, Throw> {
    let id = parameters::id(call, 0)?;
    job_or_false(of_server(call, 1, |client| find(client, id))?.as_ref())
}

fn stats_job(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let id = parameters::id(call, 0)?;
    statistics_or_false(of_server(call, 1, |client| client.stats_job(id))?.as_ref())
}
