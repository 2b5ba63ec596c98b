//! Any text as a workers.toml: it is understood or refused with a reason, and nothing panics.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use trellis_supervisor::config::Config;

fuzz_target!(|text: &str| {
    if let Err(error) = Config::parse(text, Path::new("workers.toml")) {
        assert!(!error.to_string().is_empty());
    }
});
