//! The first thing that went wrong for good. A failed write or sync is final: after it nothing is acknowledged
//! and the process ends with this reason.

use std::sync::OnceLock;

use tokio::sync::Notify;

/// Set once, by whoever sees the failure first; everyone else's errors are its consequences.
#[derive(Default)]
pub(crate) struct Fault {
    reason: OnceLock<String>,
    set: Notify,
}

impl Fault {
    /// Keeps `reason` if it is the first.
    pub(crate) fn set(&self, reason: &str) {
        if self.reason.set(reason.to_owned()).is_ok() {
            tracing::error!(reason, "stopping: the log has failed, and nothing more will be acknowledged");
        }
        self.set.notify_waiters();
    }

    /// The reason, if there is one.
    pub(crate) fn reason(&self) -> Option<String> {
        self.reason.get().cloned()
    }

    /// The reason, once there is one.
    pub(crate) async fn wait(&self) -> String {
        loop {
            let changed = self.set.notified();
            if let Some(reason) = self.reason.get() {
                return reason.clone();
            }
            changed.await;
        }
    }
}
