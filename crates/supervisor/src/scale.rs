//! How many processes a tube needs. Nothing here asks a server or reads a clock.

use crate::Moment;
use crate::config::Processes;

/// The jobs of a tube that want a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Jobs that are ready.
    pub ready: u64,
    /// Jobs that are being worked on, by whomever.
    pub reserved: u64,
}

/// Follows the depth of one tube: up at once, down only when fewer processes have been enough for a while.
///
/// ```
/// use std::time::Duration;
/// use trellis_supervisor::Moment;
/// use trellis_supervisor::config::{Processes, Scaling};
/// use trellis_supervisor::scale::{Depth, Scale};
///
/// let scaling = Scaling { jobs_per_process: 10, cooldown: Duration::from_secs(30) };
/// let mut scale = Scale::new(Processes { min: 1, max: 4, scaling });
/// let second = |seconds| Moment(Duration::from_secs(seconds));
/// assert_eq!(scale.wanted(second(0), Depth { ready: 25, reserved: 0 }), 3);
/// assert_eq!(scale.wanted(second(1), Depth { ready: 0, reserved: 2 }), 3);
/// assert_eq!(scale.wanted(second(31), Depth { ready: 0, reserved: 2 }), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Scale {
    processes: Processes,
    current: u32,
    /// Since when fewer have been enough, and the most that were needed since then.
    lower: Option<(Moment, u32)>,
}

impl Scale {
    /// Begins with the fewest processes.
    #[must_use]
    pub fn new(processes: Processes) -> Scale {
        Scale { processes, current: processes.min, lower: None }
    }

    /// Takes what a changed file says; the number of processes stays as far as it may.
    pub fn change(&mut self, processes: Processes) {
        self.current = self.current.min(processes.max).max(processes.min);
        self.processes = processes;
        self.lower = None;
    }

    /// The number of processes for a depth, from `min` to `max`. Ask every second or so.
    pub fn wanted(&mut self, now: Moment, depth: Depth) -> u32 {
        let needed = self.needed(depth);
        if needed >= self.current {
            self.current = needed;
            self.lower = None;
            return self.current;
        }
        let (since, most) = self.lower.map_or((now, needed), |(since, most)| (since, most.max(needed)));
        if now.since(since) >= self.processes.scaling.cooldown {
            // What the time before needed is not gone at once; the rest begins a time of its own.
            self.current = most;
            self.lower = (needed < most).then_some((now, needed));
        } else {
            self.lower = Some((since, most));
        }
        self.current
    }

    fn needed(&self, depth: Depth) -> u32 {
        let Processes { min, max, scaling } = self.processes;
        let jobs = depth.ready.saturating_add(depth.reserved);
        let processes = jobs.div_ceil(u64::from(scaling.jobs_per_process.max(1)));
        u32::try_from(processes).unwrap_or(u32::MAX).min(max).max(min)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Depth, Scale};
    use crate::Moment;
    use crate::config::{Processes, Scaling};

    /// Each line of the table: seconds, ready, reserved, and the processes that are wanted then.
    #[track_caller]
    fn check(min: u32, max: u32, jobs_per_process: u32, table: &[(u64, u64, u64, u32)]) {
        let scaling = Scaling { jobs_per_process, cooldown: Duration::from_secs(30) };
        let mut scale = Scale::new(Processes { min, max, scaling });
        for (seconds, ready, reserved, wanted) in table {
            let depth = Depth { ready: *ready, reserved: *reserved };
            let found = scale.wanted(Moment(Duration::from_secs(*seconds)), depth);
            assert_eq!(found, *wanted, "at {seconds} s with {ready} and {reserved} of {table:?}");
        }
    }

    #[test]
    fn more_jobs_get_more_processes_at_once() {
        check(1, 8, 1, &[(0, 0, 0, 1), (1, 3, 0, 3), (1, 3, 2, 5), (2, 100, 0, 8)]);
        check(0, 8, 10, &[(0, 0, 0, 0), (1, 1, 0, 1), (2, 10, 0, 1), (3, 10, 1, 2), (4, u64::MAX, 1, 8)]);
    }

    #[test]
    fn fewer_jobs_get_fewer_processes_after_a_while() {
        check(1, 8, 1, &[(0, 8, 0, 8), (10, 0, 0, 8), (39, 0, 0, 8), (40, 0, 0, 1)]);
    }

    #[test]
    fn a_number_that_swings_keeps_what_it_needs() {
        check(
            1,
            8,
            1,
            &[
                (0, 8, 0, 8),
                (10, 2, 0, 8),
                (20, 5, 0, 8),
                (30, 1, 0, 8),
                (40, 1, 0, 5),
                (69, 1, 0, 5),
                (70, 1, 0, 1),
            ],
        );
        check(
            1,
            8,
            1,
            &[(0, 8, 0, 8), (10, 2, 0, 8), (39, 8, 0, 8), (40, 2, 0, 8), (69, 2, 0, 8), (70, 2, 0, 2)],
        );
    }

    #[test]
    fn a_changed_file_keeps_what_it_allows() {
        let scaling = Scaling { jobs_per_process: 1, cooldown: Duration::from_secs(30) };
        let mut scale = Scale::new(Processes { min: 1, max: 8, scaling });
        let (second, none) = (|seconds| Moment(Duration::from_secs(seconds)), Depth::default());
        assert_eq!(scale.wanted(second(0), Depth { ready: 6, reserved: 0 }), 6);
        scale.change(Processes { min: 2, max: 9, scaling });
        assert_eq!(scale.wanted(second(1), none), 6);
        scale.change(Processes { min: 2, max: 4, scaling });
        assert_eq!(scale.wanted(second(2), none), 4);
        assert_eq!(scale.wanted(second(32), none), 2);
    }

    #[test]
    fn a_fixed_number_is_fixed() {
        check(3, 3, 1, &[(0, 0, 0, 3), (50, 100, 0, 3), (100, 0, 0, 3)]);
        check(0, 0, 1, &[(0, 5, 0, 0)]);
    }
}
