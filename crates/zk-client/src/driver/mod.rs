//! What drives a session: a thread, or a task of tokio. They carry bytes and watch the clock, and decide nothing.

#[cfg(feature = "thread")]
pub mod blocking;
#[cfg(feature = "tokio")]
pub mod tokio;

use std::sync::Arc;

use crate::client::shared::Shared;

/// Tells everybody who waits that nobody drives the session any more, however that came to be.
struct Driving(Arc<Shared>);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.stop();
    }
}
