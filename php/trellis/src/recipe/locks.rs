//! `Trellis\Lock`, `Trellis\SharedLock`, `Trellis\Semaphore` and `Trellis\Election`: what one or a few hold at a time.

use std::time::Duration;

use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::flags::{DataType, MethodFlags};
use trellis_php_host::function::nullable;
use trellis_php_host::{Call, Native, Throw, function};
use trellis_zk_client::recipe;

use super::failure;
use super::object::{
    Indices, Object, Place, identifier_parameter, place_parameters, plain, timeout_parameter,
};
use super::{Election, Lock, Semaphore, SharedLock, counting_constructor};
use crate::wait::timeout;

/// What exceptions call what is held.
const LOCK: &str = "the lock";
const LEASE: &str = "the lease";
const LEADERSHIP: &str = "the leadership";

pub(super) fn lock(builder: ClassBuilder) -> ClassBuilder {
    builder
        .method(constructor(function("__construct", construct::<Lock>)), MethodFlags::Public)
        .method(waiting(function("acquire", acquire)), MethodFlags::Public)
        .method(nothing(function("release", release_lock::<Lock>)), MethodFlags::Public)
        .method(truth(function("isHeld", is_held::<Lock>)), MethodFlags::Public)
        .method(names(function("contenders", contenders)), MethodFlags::Public)
}

pub(super) fn shared_lock(builder: ClassBuilder) -> ClassBuilder {
    builder
        .method(constructor(function("__construct", construct::<SharedLock>)), MethodFlags::Public)
        .method(
            waiting(function("acquireRead", |call| acquire_shared(call, Side::Read))),
            MethodFlags::Public,
        )
        .method(
            waiting(function("acquireWrite", |call| acquire_shared(call, Side::Write))),
            MethodFlags::Public,
        )
        .method(nothing(function("release", release_lock::<SharedLock>)), MethodFlags::Public)
        .method(truth(function("isHeld", is_held::<SharedLock>)), MethodFlags::Public)
        .method(names(function("contenders", shared_contenders)), MethodFlags::Public)
}

pub(super) fn semaphore(builder: ClassBuilder) -> ClassBuilder {
    builder
        .method(counting_constructor::<Semaphore>("max"), MethodFlags::Public)
        .method(waiting(function("acquire", acquire_lease)), MethodFlags::Public)
        .method(
            nothing(function("release", |call| call.this::<Semaphore>()?.0.release(LEASE))),
            MethodFlags::Public,
        )
        .method(truth(function("isHeld", is_held::<Semaphore>)), MethodFlags::Public)
        .method(names(function("holders", holders)), MethodFlags::Public)
}

pub(super) fn election(builder: ClassBuilder) -> ClassBuilder {
    let leader = function("leader", leader).returns(DataType::String, false, true);
    builder
        .method(constructor(function("__construct", construct::<Election>)), MethodFlags::Public)
        .method(waiting(function("campaign", campaign)), MethodFlags::Public)
        .method(
            nothing(function("resign", |call| call.this::<Election>()?.0.release(LEADERSHIP))),
            MethodFlags::Public,
        )
        .method(truth(function("isLeader", is_held::<Election>)), MethodFlags::Public)
        .method(leader, MethodFlags::Public)
        .method(names(function("candidates", candidates)), MethodFlags::Public)
}

fn constructor(builder: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    let [hosts, path] = place_parameters();
    builder.arg(hosts).arg(path).not_required().arg(identifier_parameter()).arg(timeout_parameter())
}

/// A method that waits, and tells whether it was in time.
pub(super) fn waiting(builder: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    truth(builder.not_required().arg(nullable("timeout", DataType::Double)))
}

pub(super) fn truth(builder: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    builder.returns(DataType::Bool, false, false)
}

pub(super) fn nothing(builder: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    builder.returns(DataType::Void, false, false)
}

fn names(builder: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    builder.returns(DataType::Array, false, false)
}

fn construct<T: Native + AsRef<Object>>(call: &mut Call<'_>) -> Result<(), Throw> {
    let indices = Indices { count: None, identifier: Some(2), timeout: 3 };
    call.this::<T>()?.as_ref().construct(call, indices)
}

fn is_held<T: Native + AsRef<Object>>(call: &mut Call<'_>) -> Result<bool, Throw> {
    Ok(call.this::<T>()?.as_ref().is_held())
}

fn release_lock<T: Native + AsRef<Object>>(call: &mut Call<'_>) -> Result<(), Throw> {
    call.this::<T>()?.as_ref().release(LOCK)
}

fn acquire(call: &mut Call<'_>) -> Result<bool, Throw> {
    let object = &call.this::<Lock>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    object.check_free(LOCK)?;
    let got = object.wait_for(&place, patience, plain, async |client| {
        take(&recipe::Lock::new(&client, &place.path).identified_by(&place.identifier), patience).await
    })?;
    Ok(object.keep(got))
}

/// Waits for a lock; no time at all still is a try.
async fn take(
    lock: &recipe::Lock,
    patience: Option<Duration>,
) -> Result<Option<recipe::Holding>, trellis_zk_client::Error> {
    match patience {
        Some(Duration::ZERO) => lock.try_acquire().await,
        patience => lock.acquire(patience).await,
    }
}

fn contenders(call: &mut Call<'_>) -> Result<Vec<String>, Throw> {
    let object = &call.this::<Lock>()?.0;
    let place = object.place()?;
    object.ask(&place, plain, async |client| recipe::Lock::new(&client, &place.path).contenders().await)
}

/// What a shared lock is taken for.
#[derive(Clone, Copy)]
enum Side {
    Read,
    Write,
}

fn acquire_shared(call: &mut Call<'_>, side: Side) -> Result<bool, Throw> {
    let object = &call.this::<SharedLock>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    object.check_free(LOCK)?;
    let got = object.wait_for(&place, patience, plain, async |client| {
        let lock = recipe::ReadWriteLock::new(&client, &place.path).identified_by(&place.identifier);
        match side {
            Side::Read => take(lock.read(), patience).await,
            Side::Write => take(lock.write(), patience).await,
        }
    })?;
    Ok(object.keep(got))
}

fn shared_contenders(call: &mut Call<'_>) -> Result<Vec<String>, Throw> {
    let object = &call.this::<SharedLock>()?.0;
    let place = object.place()?;
    object.ask(&place, plain, async |client| {
        recipe::ReadWriteLock::new(&client, &place.path).write().contenders().await
    })
}

fn of_semaphore(client: &trellis_zk_client::Client, place: &Place) -> recipe::Semaphore {
    recipe::Semaphore::new(client, &place.path, place.count).identified_by(&place.identifier)
}

fn acquire_lease(call: &mut Call<'_>) -> Result<bool, Throw> {
    let object = &call.this::<Semaphore>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    object.check_free(LEASE)?;
    let got = object.wait_for(&place, patience, failure::of_semaphore, async |client| {
        of_semaphore(&client, &place).acquire(patience).await
    })?;
    Ok(object.keep(got))
}

fn holders(call: &mut Call<'_>) -> Result<Vec<String>, Throw> {
    let object = &call.this::<Semaphore>()?.0;
    let place = object.place()?;
    object.ask(&place, plain, async |client| of_semaphore(&client, &place).holders().await)
}

fn campaign(call: &mut Call<'_>) -> Result<bool, Throw> {
    let object = &call.this::<Election>()?.0;
    let (place, patience) = (object.place()?, timeout(call, 0)?);
    object.check_free(LEADERSHIP)?;
    let got = object.wait_for(&place, patience, plain, async |client| {
        recipe::Election::new(&client, &place.path, &place.identifier).campaign(patience).await
    })?;
    Ok(object.keep(got))
}

fn candidates(call: &mut Call<'_>) -> Result<Vec<String>, Throw> {
    let object = &call.this::<Election>()?.0;
    let place = object.place()?;
    object.ask(&place, plain, async |client| {
        recipe::Election::new(&client, &place.path, &place.identifier).candidates().await
    })
}

fn leader(call: &mut Call<'_>) -> Result<Option<String>, Throw> {
    Ok(candidates(call)?.into_iter().next())
}
