//! Any bytes as commands for the state machine, with snapshots and restores on the way: it must say what the model
//! says, and everything that must hold is verified after each step.

#![no_main]

#[path = "../../crates/core/tests/it/bytes/mod.rs"]
mod bytes;
#[path = "../../crates/core/tests/it/dump.rs"]
mod dump;
#[path = "../../crates/core/tests/it/model/mod.rs"]
mod model;
#[path = "../../crates/core/tests/it/outbox.rs"]
mod outbox;
#[path = "../../crates/core/tests/it/run.rs"]
mod run;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    run::run(&bytes::steps(bytes));
});
