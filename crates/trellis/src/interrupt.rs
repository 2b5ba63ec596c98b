//! Ctrl-C, where it ends a command but not the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit::{Exit, Failure};

/// Whether the user has had enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    raised: Arc<AtomicBool>,
}

impl Interrupt {
    /// From now on Ctrl-C no longer ends the program, but raises this.
    pub(crate) fn catch_ctrl_c(&self) -> Result<(), Failure> {
        self.catch(SIGINT)
    }

    /// The same for the signal by which other programs end this one.
    pub(crate) fn catch_termination(&self) -> Result<(), Failure> {
        self.catch(SIGTERM)
    }

    /// The same for any signal.
    pub(crate) fn catch(&self, signal: i32) -> Result<(), Failure> {
        signal_hook::flag::register(signal, Arc::clone(&self.raised))
            .map(drop)
            .map_err(|error| Failure::new(Exit::Internal, format!("signals cannot be caught: {error}")))
    }

    /// Whether it is raised.
    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Makes ready for the next time.
    pub(crate) fn clear(&self) {
        self.raised.store(false, Ordering::Relaxed);
    }
}
