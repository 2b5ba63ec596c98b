//! Recipes of coordination, over those of `zk-client`: locks, elections, queues and barriers that programs of other
//! languages take part in.

mod failure;
mod locks;
mod object;
mod others;
mod session;

use ext_php_rs::error::Result as Registered;
use object::Object;
pub(crate) use session::hold_around;
use trellis_php_host::register as register_class;

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
