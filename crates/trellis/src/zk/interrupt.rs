//! Ctrl-C, where it ends a command but not the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit::{Exit, Failure};

/// Whether the user has had enough.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt {
    raised: Arc<AtomicBool>,
}

impl Interrupt {
    /// From now on Ctrl-C no longer ends the program, but raises this.
    pub(super) fn catch_ctrl_c(&self) -> Result<(), Failure> {
        self.catch(SIGINT)
    }

    /// The same for the signal by which other programs end this one.
    pub(super) fn catch_termination(&self) -> Result<(), Failure> {
        self.catch(SIGTERM)
    }

    fn catch(&self, signal: i32) -> Result<(), Failure> {
        signal_hook::flag::register(signal, Arc::clone(&self.raised))
            .map(drop)
            .map_err(|error| Failure::new(Exit::Internal, format!("signals cannot be caught: {error}")))
    }

    /// Whether it is raised.
    pub(super) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Makes ready for the next time.
    pub(super) fn clear(&self) {
        self.raised.store(false, Ordering::Relaxed);
    }
}
