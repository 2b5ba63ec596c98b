//! `Trellis\ProcessPool`: its methods as PHP sees them.

mod exchange;
mod said;
mod state;
mod task;
mod worker;

use std::time::Instant;

use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::error::Result as Registered;
use ext_php_rs::exception::PhpException;
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ClassEntry, ce};
use state::Pool;
use task::Task;
use trellis_php_host::function::{nullable, optional, required};
use trellis_php_host::{Call, Exception, Throw, function, register_exception, register_interface};
use trellis_unix::Signal;

use crate::wait;

trellis_php_host::exceptions! {
    /// What a pool throws: a task has failed, or there was no result in time.
    pub(crate) struct PoolFailure = "Trellis\\ProcessPoolException" extends ce::exception;
}

/// The interface of objects that a pool can run.
pub(crate) struct ProcessInterface;

trellis_php_host::class!(ProcessInterface = "Trellis\\ProcessInterface");

trellis_php_host::native!(Pool = "Trellis\\ProcessPool", Pool::hold);

/// Registers the classes.
pub(crate) fn register() -> Registered<()> {
    register_exception::<PoolFailure>(Ok)?;
    register_interface::<ProcessInterface>(|builder| {
        let run = FunctionBuilder::new_abstract("run").arg(required("parent", DataType::Mixed));
        Ok(builder.method(run, MethodFlags::Public | MethodFlags::Abstract))
    })?;
    trellis_php_host::register::<Pool>(|builder| Ok(statics(counts(settings(results(tasks(builder)))))))
}

fn tasks(builder: ClassBuilder) -> ClassBuilder {
    let construct = function("__construct", construct)
        .not_required()
        .arg(optional("max", DataType::Long, "1"))
        .arg(optional("fork", DataType::Bool, "true"));
    let apply = function("apply", apply)
        .not_required()
        .arg(nullable("func", DataType::Mixed))
        .arg(Arg::new("args", DataType::Mixed).is_variadic());
    let kill = function("kill", kill).arg(required("pid", DataType::Long)).not_required().arg(optional(
        "signo",
        DataType::Long,
        "15",
    ));
    let kill_all = function("killAll", kill_all).not_required().arg(optional("signo", DataType::Long, "15"));
    builder
        .method(construct, MethodFlags::Public)
        .method(apply, MethodFlags::Public)
        .method(function("clear", clear), MethodFlags::Public)
        .method(kill, MethodFlags::Public)
        .method(kill_all, MethodFlags::Public)
}

fn results(builder: ClassBuilder) -> ClassBuilder {
    let timed = |builder: FunctionBuilder<'static>| {
        builder.not_required().arg(nullable("timeout", DataType::Double)).arg(optional(
            "nullOnTimeout",
            DataType::Bool,
            "false",
        ))
    };
    let wait = function("wait", wait_any).not_required().arg(nullable("timeout", DataType::Double));
    builder
        .method(timed(function("get", get)), MethodFlags::Public)
        .method(timed(function("getAll", get_all)), MethodFlags::Public)
        .method(wait, MethodFlags::Public)
        .method(
            function("hasResult", |call| pool(call, |pool| pool.with(|inner| !inner.results.is_empty()))),
            MethodFlags::Public,
        )
        .method(function("getResult", get_result), MethodFlags::Public)
}

fn settings(builder: ClassBuilder) -> ClassBuilder {
    let set_forking = function("setForking", set_forking).arg(required("fork", DataType::Bool));
    let set_max = function("setMax", set_max).arg(required("max", DataType::Long));
    let set_on_create =
        function("setOnCreate", set_on_create).not_required().arg(nullable("callback", DataType::Callable));
    builder
        .method(set_forking, MethodFlags::Public)
        .method(set_max, MethodFlags::Public)
        .method(
            function("getMax", |call| pool(call, |pool| pool.with(|inner| number(inner.max)))),
            MethodFlags::Public,
        )
        .method(set_on_create, MethodFlags::Public)
}

fn counts(builder: ClassBuilder) -> ClassBuilder {
    let pending = function("getPending", get_pending).not_required().arg(optional(
        "pendingOnly",
        DataType::Bool,
        "false",
    ));
    let workers =
        function("getWorkers", |call| pool(call, |pool| pool.with(|inner| number(inner.working()))));
    let active = function("getActive", |call| pool(call, |pool| pool.with(|inner| number(inner.active()))));
    let completed =
        function("getCompleted", |call| pool(call, |pool| pool.with(|inner| number(inner.count))));
    builder
        .method(pending, MethodFlags::Public)
        .method(workers, MethodFlags::Public)
        .method(active, MethodFlags::Public)
        .method(completed, MethodFlags::Public)
}

fn statics(builder: ClassBuilder) -> ClassBuilder {
    let send = function("socket_send", exchange::send)
        .arg(required("socket", DataType::Mixed))
        .arg(required("data", DataType::Mixed));
    let fetch = function("socket_fetch", exchange::fetch).arg(required("socket", DataType::Mixed));
    builder
        .method(send, MethodFlags::Public | MethodFlags::Static)
        .method(fetch, MethodFlags::Public | MethodFlags::Static)
}

fn construct(call: &mut Call<'_>) -> Result<(), Throw> {
    let max = call.argument::<Option<i64>>(0)?.unwrap_or(1);
    let forks = call.argument::<Option<bool>>(1)?.unwrap_or(true);
    let max = checked_max(max)?;
    pool(call, |pool| pool.with(|inner| (inner.max, inner.forks) = (max, forks)))
}

fn apply(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let pool: &Pool = call.this()?;
    if let Some(function) = call.argument::<Option<&Zval>>(0)? {
        let rest = (1..call.count()).map(|index| Ok(call.argument::<&Zval>(index)?.shallow_clone()));
        let Some(task) = Task::new(function, rest.collect::<Result<_, Throw>>()?) else {
            let message = "Parameter 1 in ProcessPool#apply must be a Closure or callable";
            return Err(of_class("UnexpectedValueException", message));
        };
        pool.with(|inner| inner.pending.push_back(task));
    }
    pool.start()?;
    Ok(call.this_value())
}

fn clear(call: &mut Call<'_>) -> Result<Zval, Throw> {
    // They are dropped when nothing is borrowed any more: their destructors are PHP code.
    drop(pool(call, |pool| pool.with(|inner| std::mem::take(&mut inner.pending)))?);
    Ok(call.this_value())
}

fn kill(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let pid: i64 = call.argument(0)?;
    let signal = signal(call, 1)?;
    pool(call, |pool| {
        pool.with(|inner| {
            inner
                .workers
                .iter_mut()
                .filter(|worker| worker.pid == pid)
                .for_each(|worker| worker.signal(signal));
        });
    })?;
    Ok(call.this_value())
}

fn kill_all(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let signal = signal(call, 0)?;
    pool(call, |pool| pool.with(|inner| inner.workers.iter_mut().for_each(|worker| worker.signal(signal))))?;
    Ok(call.this_value())
}

fn get(call: &mut Call<'_>) -> Result<Option<Zval>, Throw> {
    let pool: &Pool = call.this()?;
    let deadline = deadline(call.argument(0)?);
    loop {
        if let Some(said) = pool.with(|inner| inner.results.pop_front()) {
            return said.open().map(Some);
        }
        if pool.with(|inner| inner.active()) == 0 {
            return Ok(None);
        }
        if pool.hear(deadline)?.is_none() {
            return timed_out(call);
        }
    }
}

/// All results, or the first failure; the results that there are stay for the next call then.
fn get_all(call: &mut Call<'_>) -> Result<Option<Vec<Zval>>, Throw> {
    let pool: &Pool = call.this()?;
    let deadline = deadline(call.argument(0)?);
    // The children are waited for, too: what they do at their end is done then.
    while pool.with(|inner| !inner.is_idle()) {
        if pool.hear(deadline)?.is_none() {
            return timed_out(call);
        }
    }
    let failure = pool.with(|inner| {
        let index = inner.results.iter().position(|said| matches!(said, said::Said::Failure(_)))?;
        inner.results.remove(index)
    });
    if let Some(failure) = failure {
        failure.open()?;
    }
    let results = pool.with(|inner| std::mem::take(&mut inner.results));
    results.into_iter().map(said::Said::open).collect::<Result<_, _>>().map(Some)
}

/// The children that have said something or ended, by their pids; null when the time is up, or if there are none.
fn wait_any(call: &mut Call<'_>) -> Result<Option<Vec<i64>>, Throw> {
    let deadline = deadline(call.argument(0)?);
    let heard = call.this::<Pool>()?.hear(deadline)?;
    Ok(heard.filter(|pids| !pids.is_empty()))
}

fn get_result(call: &mut Call<'_>) -> Result<Option<Zval>, Throw> {
    let said = pool(call, |pool| pool.with(|inner| inner.results.pop_front()))?;
    said.map(said::Said::open).transpose()
}

fn set_forking(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let forks = call.argument(0)?;
    pool(call, |pool| pool.with(|inner| inner.forks = forks))?;
    Ok(call.this_value())
}

fn set_max(call: &mut Call<'_>) -> Result<Zval, Throw> {
    let max = checked_max(call.argument(0)?)?;
    pool(call, |pool| pool.with(|inner| inner.max = max))?;
    Ok(call.this_value())
}

fn set_on_create(call: &mut Call<'_>) -> Result<(), Throw> {
    let callback = call.argument::<Option<&Zval>>(0)?.map(Zval::shallow_clone);
    // The one before is dropped when nothing is borrowed any more.
    drop(pool(call, |pool| pool.with(|inner| std::mem::replace(&mut inner.on_create, callback)))?);
    Ok(())
}

fn get_pending(call: &mut Call<'_>) -> Result<i64, Throw> {
    let only = call.argument::<Option<bool>>(0)?.unwrap_or(false);
    pool(call, |pool| {
        pool.with(|inner| match only {
            true => number(inner.pending.len()),
            false => number(inner.active() + inner.results.len()),
        })
    })
}

fn pool<T>(call: &Call<'_>, work: impl FnOnce(&Pool) -> T) -> Result<T, Throw> {
    call.this::<Pool>().map(work)
}

fn timed_out<T>(call: &Call<'_>) -> Result<Option<T>, Throw> {
    match call.argument::<Option<bool>>(1)? {
        Some(true) => Ok(None),
        _ => Err(PoolFailure::with("Timeout", 0)),
    }
}

/// No time, and none at all, is no limit.
fn deadline(timeout: Option<f64>) -> Option<Instant> {
    wait::deadline(Some(timeout.filter(|timeout| *timeout > 0.0)?))
}

fn checked_max(max: i64) -> Result<usize, Throw> {
    let max = usize::try_from(max).ok().filter(|max| *max > 0);
    max.ok_or_else(|| of_class("InvalidArgumentException", "Max value must be > 0"))
}

fn signal(call: &Call<'_>, index: usize) -> Result<Signal, Throw> {
    let Some(number) = call.argument::<Option<i64>>(index)? else { return Ok(Signal::TERM) };
    let signal = i32::try_from(number).ok().and_then(Signal::from_named_raw);
    signal.ok_or_else(|| call.value_error(index, "must be the number of a signal"))
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An exception of one of PHP's own classes.
pub(crate) fn of_class(class: &str, message: &str) -> Throw {
    let class = ClassEntry::try_find(class).unwrap_or_else(ce::exception);
    PhpException::new(message.to_owned(), 0, class).into()
}
