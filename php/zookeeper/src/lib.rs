//! The PHP module `zookeeper`: the class `Zookeeper` and what belongs to it, a shell around the client of `zk-client`.
//!
//! | File | What it holds |
//! |---|---|
//! | `class.rs`, `constants.rs` | the class as PHP sees it: methods, parameters, constants |
//! | `operations.rs` | what is asked of a server |
//! | `session.rs` | how a session begins and ends, also around forks |
//! | `watchers.rs` | callbacks, and how events find them |
//! | `config.rs` | the class `ZookeeperConfig` |
//! | `failure.rs`, `values.rs` | exceptions; arrays for stats and access control lists |
//! | `settings.rs`, `log.rs` | php.ini, and what is told to whoever runs a script |
//! | `save_handler.rs` | `session.save_handler = zookeeper` |
//!
//! Nothing is borrowed or locked while PHP is called.

mod class;
mod config;
mod constants;
mod failure;
mod log;
mod operations;
mod save_handler;
mod session;
mod settings;
mod values;
mod watchers;

use std::ffi::CStr;

use ext_php_rs::prelude::*;
use trellis_php_host::{
    Call, Information, Throw, doorbell, fork, function, offer, print_information, request, started,
};

use class::Zookeeper;
use config::Config;

/// The list of what the module has; PHP asks for it when it loads the module.
#[php_module]
pub fn module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .name("zookeeper")
        .startup_function(start)
        .info_function(print_information::<About>)
        .request_startup_function(begin_request)
        .request_shutdown_function(end_request)
        .shutdown_function(end)
        .function(function("zookeeper_dispatch", dispatch))
}

/// What `phpinfo()` says, in the words that scripts look for.
struct About;

impl Information for About {
    const ROWS: &[(&CStr, &CStr)] = &[(c"zookeeper support", c"enabled"), (c"client", c"trellis-zk-client")];
}

extern "C" fn start(_kind: i32, number: i32) -> i32 {
    settings::register(number);
    doorbell::attach(watchers::deliver);
    fork::hold_at_fork(session::hold_around);
    // Without PHP's sessions there is nothing to keep.
    offer::<save_handler::Handler>();
    started(
        failure::register()
            .and_then(|()| trellis_php_host::register::<Zookeeper>(class::declare))
            .and_then(|()| trellis_php_host::register::<Config>(config::declare)),
    )
}

extern "C" fn begin_request(_kind: i32, _number: i32) -> i32 {
    request::begin();
    0
}

extern "C" fn end_request(_kind: i32, _number: i32) -> i32 {
    request::end();
    watchers::drop_all();
    doorbell::reset();
    0
}

extern "C" fn end(_kind: i32, _number: i32) -> i32 {
    save_handler::end();
    0
}

fn dispatch(_: &mut Call<'_>) -> Result<(), Throw> {
    watchers::dispatch()
}
