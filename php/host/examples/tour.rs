//! A module that shows every part of the host, for the tests of tests/host.

#![allow(missing_docs, reason = "the module is for tests, which say what its functions are for")]

use std::cell::Cell;

use trellis_php_host::ext_php_rs::builders::ClassBuilder;
use trellis_php_host::ext_php_rs::error::Result as Registered;
use trellis_php_host::ext_php_rs::flags::{ConstantFlags, DataType, MethodFlags};
use trellis_php_host::ext_php_rs::prelude::*;
use trellis_php_host::ext_php_rs::types::{ZendHashTable, Zval};
use trellis_php_host::ext_php_rs::zend::ce;
use trellis_php_host::function::{nullable, optional, output, required};
use trellis_php_host::{Call, Class, Exception, Owner, Throw};
use trellis_php_host::{function, register, register_exception, started};

trellis_php_host::exceptions! {
    /// Whatever goes wrong on the tour.
    pub struct Failure = "TourException" extends ce::exception;
    /// Something isn't there.
    pub struct Missing = "Tour\\MissingException" extends Failure::entry;
}

#[derive(Default)]
struct Counter {
    count: Cell<i64>,
    owner: Owner,
}

trellis_php_host::native!(Counter = "Tour\\Counter");

fn types(call: &mut Call<'_>) -> Result<String, Throw> {
    let text: &str = call.argument(0)?;
    let integer: i64 = call.argument(1)?;
    let float: Option<f64> = call.argument(2)?;
    let flag: Option<bool> = call.argument(3)?;
    let list: Option<&ZendHashTable> = call.argument(4)?;
    Ok(format!(
        "{text:?} {integer} {float:?} {flag:?} {:?} of {}",
        list.map(ZendHashTable::len),
        call.count()
    ))
}

fn outputs(call: &mut Call<'_>) -> Result<i64, Throw> {
    let value: i64 = call.argument(0)?;
    if value < 0 {
        return Err(call.value_error(0, "must not be negative"));
    }
    call.set_output(1, value * 2)?;
    call.set_output(2, format!("twice {value}"))?;
    Ok(value)
}

fn apply(call: &mut Call<'_>) -> Result<Option<Zval>, Throw> {
    let Some(callback) = call.argument::<Option<&Zval>>(0)? else { return Ok(None) };
    Ok(Some(ZendCallable::new(callback)?.try_call(vec![&1_i64])?))
}

fn fail(call: &mut Call<'_>) -> Result<(), Throw> {
    Err(Missing::with(call.argument(0)?, -101))
}

fn add(call: &mut Call<'_>) -> Result<i64, Throw> {
    let counter: &Counter = call.this()?;
    counter.count.set(counter.count.get().wrapping_add(call.argument::<Option<i64>>(0)?.unwrap_or(1)));
    Ok(counter.count.get())
}

fn class(builder: ClassBuilder) -> Registered<ClassBuilder> {
    let add = function("add", add).not_required().arg(optional("step", DataType::Long, "1"));
    let mine = function("mine", |call| Ok(call.this::<Counter>()?.owner.is_this_process()));
    builder.method(add, MethodFlags::Public).method(mine, MethodFlags::Public).constant(
        "LIMIT",
        7_i64,
        &[],
        ConstantFlags::Public,
    )
}

extern "C" fn start(_kind: i32, _number: i32) -> i32 {
    started(
        register_exception::<Failure>(|builder| {
            builder.constant("CODE", -101_i64, &[], ConstantFlags::Public)
        })
        .and_then(|()| register_exception::<Missing>(Ok))
        .and_then(|()| register::<Counter>(class)),
    )
}

#[php_module]
pub fn module(module: ModuleBuilder) -> ModuleBuilder {
    let types = function("tour_types", types)
        .arg(required("text", DataType::String))
        .arg(required("integer", DataType::Long))
        .not_required()
        .arg(nullable("float", DataType::Double))
        .arg(optional("flag", DataType::Bool, "false"))
        .arg(nullable("list", DataType::Array))
        .returns(DataType::String, false, false);
    let outputs = function("tour_outputs", outputs)
        .arg(required("value", DataType::Long))
        .not_required()
        .arg(output("double"))
        .arg(output("text"));
    let apply = function("tour_apply", apply).not_required().arg(nullable("callback", DataType::Callable));
    let call = function("tour_call", apply_always).arg(required("callback", DataType::Callable));
    let fail = function("tour_fail", fail).arg(required("message", DataType::String));
    let panic = function("tour_panic", |_| -> Result<(), Throw> { panic!("a mistake of ours") });
    module
        .name("tour")
        .startup_function(start)
        .function(types)
        .function(outputs)
        .function(apply)
        .function(call)
        .function(fail)
        .function(panic)
}

fn apply_always(call: &mut Call<'_>) -> Result<Zval, Throw> {
    Ok(ZendCallable::new(call.argument(0)?)?.try_call(vec![])?)
}
