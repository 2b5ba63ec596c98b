//! What a command is run with.

use super::events::Events;
use super::nodes::Nodes;
use crate::output::note;

/// Where and for whom a command is run.
pub(super) struct Context<'a> {
    /// What it works on.
    pub(super) nodes: Nodes<'a>,
    /// Where events are shown; only the shell lives long enough for any.
    pub(super) events: Option<&'a Events>,
}

impl Context<'_> {
    /// Whether to watch: by the flag, or by any word after the path, which was the way before ZooKeeper 3.5.
    pub(super) fn watches(&self, flag: bool, old: Option<&str>, command: &str, usage: &str) -> bool {
        if old.is_some() {
            note(&format!("'{command} path [watch]' has been deprecated. Please use '{usage}' instead."));
        }
        let watch = flag || old.is_some();
        if watch {
            self.warn_of_watches();
        }
        watch
    }

    /// Tells that a watch is of no use where nobody will see it fire.
    pub(super) fn warn_of_watches(&self) {
        if self.events.is_none() {
            note("the watch ends with this command; `trellis zk watch PATH` follows changes");
        }
    }
}
