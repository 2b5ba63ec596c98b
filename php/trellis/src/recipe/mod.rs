//! Recipes of coordination, over those of `zk-client`: locks, elections, queues and barriers that programs of other
//! languages take part in.

mod failure;
mod locks;
mod object;
mod others;
mod session;

use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::error::Result as Registered;
use ext_php_rs::flags::DataType;
use object::{Indices, Object, identifier_parameter, place_parameters, timeout_parameter};
pub(crate) use session::hold_around;
use trellis_php_host::function::required;
use trellis_php_host::{Call, Native, function, register as register_class};

macro_rules! recipes {
    ($($class:ident = $name:literal;)*) => {$(
        /// What an object of the class has.
        #[derive(Default)]
        struct $class(Object);

        trellis_php_host::native!($class = $name);

        impl AsRef<Object> for $class {
            fn as_ref(&self) -> &Object {
                &self.0
            }
        }
    )*};
}

recipes! {
    Lock = "Trellis\\Lock";
    SharedLock = "Trellis\\SharedLock";
    Semaphore = "Trellis\\Semaphore";
    Election = "Trellis\\Election";
    Queue = "Trellis\\Queue";
    Barrier = "Trellis\\Barrier";
    DoubleBarrier = "Trellis\\DoubleBarrier";
}

/// Registers the classes.
pub(crate) fn register() -> Registered<()> {
    failure::register()?;
    register_class::<Lock>(|builder| Ok(locks::lock(builder)))?;
    register_class::<SharedLock>(|builder| Ok(locks::shared_lock(builder)))?;
    register_class::<Semaphore>(|builder| Ok(locks::semaphore(builder)))?;
    register_class::<Election>(|builder| Ok(locks::election(builder)))?;
    register_class::<Queue>(|builder| Ok(others::queue(builder)))?;
    register_class::<Barrier>(|builder| Ok(others::barrier(builder)))?;
    register_class::<DoubleBarrier>(|builder| Ok(others::double_barrier(builder)))
}

/// The constructor of what is for so many at a time; the parameter of this name says how many.
fn counting_constructor<T: Native + AsRef<Object>>(count: &str) -> FunctionBuilder<'static> {
    let construct = function("__construct", |call: &mut Call<'_>| {
        let indices = Indices { count: Some(2), identifier: Some(3), timeout: 4 };
        call.this::<T>()?.as_ref().construct(call, indices)
    });
    let [hosts, path] = place_parameters();
    let construct = construct.arg(hosts).arg(path).arg(required(count, DataType::Long)).not_required();
    construct.arg(identifier_parameter()).arg(timeout_parameter())
}
