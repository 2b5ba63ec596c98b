//! The PHP module `beanstalk`: thin shells around `trellis-tube-client`, in the two styles that PHP users know.
//!
//! | Class | What it is |
//! |---|---|
//! | `Beanstalk` | the C extension's: each call names a tube, and the tube's name chooses the server |
//! | `BeanstalkPool` | the library's, which `Beanstalk::init()` returns: one tube is used, and servers take turns |
//! | `BeanstalkJob` | a job of the library's style |
//! | `BeanstalkException` | whatever goes wrong, with a code; some causes have a class of their own |
//!
//! docs/php.md says what a call returns in which case. Here nothing of the protocol is known but what the client tells.

mod classic;
mod failure;
mod job;
mod link;
mod parameters;
mod pool;
mod values;

use ext_php_rs::prelude::*;
use trellis_php_host::{request, started};

extern "C" fn start(_kind: i32, _number: i32) -> i32 {
    started(
        failure::register()
            .and_then(|()| job::register())
            .and_then(|()| pool::register())
            .and_then(|()| classic::register()),
    )
}

extern "C" fn request_begin(_kind: i32, _number: i32) -> i32 {
    request::begin();
    0
}

extern "C" fn request_end(_kind: i32, _number: i32) -> i32 {
    request::end();
    classic::forget_singleton();
    0
}

/// The list of what the module has; PHP asks for it when it loads the module.
#[php_module]
pub fn module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .startup_function(start)
        .request_startup_function(request_begin)
        .request_shutdown_function(request_end)
}
