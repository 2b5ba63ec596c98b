//! The one place that waits for children: those that were started here, and orphans that were taken over.

use std::io;

use rustix::process::{Pid, Signal, kill_process_group};
use trellis_unix::process::{Status, reap};

/// All children that have ended, one after the other.
///
/// Each that was started here leads a group. What is left of the group is killed with its leader's end: as long as
/// anybody is left in it, no other process can have its number.
pub(super) fn ended(is_leader: impl Fn(Pid) -> bool, mut tell: impl FnMut(Pid, Status)) -> io::Result<()> {
    while let Some((pid, status)) = reap()? {
        if is_leader(pid) {
            // Usually nobody is left.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        tell(pid, status);
    }
    Ok(())
}
