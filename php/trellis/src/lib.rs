//! The PHP module `trellis`: processes, workers, daemons, signals, and recipes of coordination. Each class has a file or
//! folder of its name; this file only registers them.

use std::ffi::CStr;

use ext_php_rs::prelude::*;
use trellis_php_host::{Information, doorbell, fork, print_information, request, started};

mod daemon;
mod pool;
mod recipe;
mod signals;
mod timer;
mod wait;
mod worker;

extern "C" fn start(_kind: i32, number: i32) -> i32 {
    signals::register(number);
    doorbell::attach(timer::deliver);
    fork::hold_at_fork(recipe::hold_around);
    started(
        pool::register()
            .and_then(|()| worker::register())
            .and_then(|()| daemon::register())
            .and_then(|()| timer::register())
            .and_then(|()| recipe::register()),
    )
}

extern "C" fn begin(_kind: i32, _number: i32) -> i32 {
    request::begin();
    signals::begin();
    0
}

extern "C" fn end(_kind: i32, _number: i32) -> i32 {
    request::end();
    timer::drop_all();
    worker::reset();
    doorbell::reset();
    0
}

/// What PHP asks for when it loads the module.
#[php_module]
pub fn module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .name("trellis")
        .info_function(print_information::<About>)
        .startup_function(start)
        .request_startup_function(begin)
        .request_shutdown_function(end)
}

/// What `phpinfo()` says.
struct About;

impl Information for About {
    const ROWS: &[(&CStr, &CStr)] =
        &[(c"trellis support", c"enabled"), (c"coordination", c"trellis-zk-client")];
}
