//! `Trellis\Queue`, `Trellis\Barrier` and `Trellis\DoubleBarrier`.

use ext_php_rs::binary::Binary;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::zend::ce;
use trellis_php_host::function::{nullable, optional, required};
use trellis_php_host::{Call, Native, Throw, function};
use trellis_zk_client::recipe;

use super::locks::{nothing, truth, waiting};
use super::object::{Indices, Object, place_parameters, plain, timeout_parameter};
use super::{Barrier, DoubleBarrier, Queue, counting_constructor};
use crate::wait::timeout;

/// Priorities have three digits.
const PRIORITY_MAX: u16 = 999;
const PRIORITY_DEFAULT: u16 = 100;
const PRIORITY_DEFAULT_TEXT: &str = "100";
/// What exceptions call a place in a double barrier.
const PLACE: &str = "the place in the barrier";

pub(super) fn queue(builder: ClassBuilder) -> ClassBuilder {
    let put = function("put", put).arg(required("value", DataType::String)).not_required().arg(optional(
        "priority",
        DataType::Long,
        PRIORITY_DEFAULT_TEXT,
    ));
    let take = function("take", take).not_required().arg(nullable("timeout", DataType::Double));
    builder
        .implements((ce::countable, "\\Countable"))
        .method(constructor(function("__construct", construct::<Queue>)), MethodFlags::Public)
        .method(nothing(put), MethodFlags::Public)
        .method(take.returns(DataType::String, false, true), MethodFlags::Public)
        .method(function("count", count).returns(DataType::Long, false, false), MethodFlags::Public)
}

pub(super) fn barrier(builder: ClassBuilder) -> ClassBuilder {
    builder
        .method(constructor(function("__construct", construct::<Barrier>)), MethodFlags::Public)
        .method(nothing(function("raise", raise)), MethodFlags::Public)
        .method(truth(function("lower", lower)), MethodFlags::Public)
        .method(waiting(function("wait", wait)), MethodFlags::Public)
}

pub(super) fn double_barrier(builder: ClassBuilder) -> ClassBuilder {
    builder
        .method(counting_constructor::<DoubleBarrier>("count"), MethodFlags::Public)
        .method(waiting(function("enter", enter)), MethodFlags::Public)
        .method(waiting(function("leave", leave)), MethodFlags::Public)
}

fn constructor(builder: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    let [hosts, path] = place_parameters();
    builder.arg(hosts).arg(path).not_required().arg(timeout_parameter())
}

fn construct<T: Native + AsRef<Object>>(call: &mut Call<'_>) -> Result<(), Throw> {
    call.this::<T>()?.as_ref().construct(call, Indices { timeout: 2, ..Indices::default() })
}

fn put(call: &mut Call<'_>) -> Result<(), Throw> {
    let object = &call.this::<Queue>()?.0;
    let place = object.place()?;
    let value: &[u8] = call.argument(0)?;
    let priority = call.argument::<Option<i64>>(1)?.map_or(Ok(PRIORITY_DEFAULT), u16::try_from).ok();
    let priority = priority.filter(|priority| *priority <= PRIORITY_MAX);
    let priority = priority.ok_or_else(|| call.value_error(1, "must be between 0 and 999"))?;
    object.ask(&place, plain, async |client| {
        recipe::Queue::new(&client, &place.path).put_with(value, priority).await
    })
}

/// `take(?float $timeout = null): ?string`: null if there was none in time.
fn take(call: &mut Call<'_>) -> Result<Option<Binary<u8>>, Throw> {
    let object = &call.this::<Queue>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    let taken = object.wait_for(&place, patience, plain, async |client| {
        let queue = recipe::Queue::new(&client, &place.path);
        match patience {
            Some(std::time::Duration::ZERO) => queue.try_take().await,
            patience => queue.take(patience).await,
        }
    })?;
    Ok(taken.map(Binary::new))
}

fn count(call: &mut Call<'_>) -> Result<i64, Throw> {
    let object = &call.this::<Queue>()?.0;
    let place = object.place()?;
    let count =
        object.ask(&place, plain, async |client| recipe::Queue::new(&client, &place.path).len().await)?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

fn raise(call: &mut Call<'_>) -> Result<(), Throw> {
    let object = &call.this::<Barrier>()?.0;
    let place = object.place()?;
    object.ask(&place, plain, async |client| recipe::Barrier::new(&client, &place.path).raise().await)
}

fn lower(call: &mut Call<'_>) -> Result<bool, Throw> {
    let object = &call.this::<Barrier>()?.0;
    let place = object.place()?;
    object.ask(&place, plain, async |client| recipe::Barrier::new(&client, &place.path).lower().await)
}

fn wait(call: &mut Call<'_>) -> Result<bool, Throw> {
    let object = &call.this::<Barrier>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    object.wait_for(&place, patience, plain, async |client| {
        recipe::Barrier::new(&client, &place.path).wait(patience).await
    })
}

fn enter(call: &mut Call<'_>) -> Result<bool, Throw> {
    let object = &call.this::<DoubleBarrier>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    object.check_free(PLACE)?;
    let inside = object.wait_for(&place, patience, plain, async |client| {
        let count = usize::try_from(place.count).unwrap_or(usize::MAX);
        recipe::DoubleBarrier::new(&client, &place.path, count).enter(&place.identifier, patience).await
    })?;
    Ok(object.keep(inside))
}

fn leave(call: &mut Call<'_>) -> Result<bool, Throw> {
    let object = &call.this::<DoubleBarrier>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    let inside = object.take_held(PLACE)?;
    object.wait_for(&place, patience, plain, async |client| {
        let count = usize::try_from(place.count).unwrap_or(usize::MAX);
        recipe::DoubleBarrier::new(&client, &place.path, count).leave(inside, patience).await
    })
}
