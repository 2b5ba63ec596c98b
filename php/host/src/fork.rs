//! Forks by PHP's `pcntl_fork`: what other threads hold at that moment would be held for ever in the child.

use std::sync::OnceLock;

use crate::sys::wrapped::{Invocation, Wrapper, replace, replaces};

/// Has the fork done by what it is given, and holds everything that must be whole meanwhile.
pub type Around = fn(fork: &mut dyn FnMut());

/// Has every fork of PHP's done within `around`; in a module's start-up. The first one stays.
pub fn hold_at_fork(around: Around) {
    let _ = AROUND.set(around);
    replace::<Fork>();
}

static AROUND: OnceLock<Around> = OnceLock::new();

struct Fork;

impl Wrapper for Fork {
    replaces!("pcntl_fork");

    fn run(invocation: &mut Invocation<'_>) {
        match AROUND.get() {
            Some(around) => around(&mut || invocation.call_original()),
            None => invocation.call_original(),
        }
    }
}
