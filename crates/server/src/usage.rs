//! CPU time of this process, from the kernel's own account of it.

use std::time::Duration;

/// CPU time since the process started.
#[derive(Clone, Copy, Default)]
pub(crate) struct CpuTime {
    /// In the program.
    pub(crate) user: Duration,
    /// In the kernel.
    pub(crate) system: Duration,
}

/// Zero where the system has no `/proc`.
pub(crate) fn cpu_time() -> CpuTime {
    std::fs::read_to_string("/proc/self/stat").ok().and_then(|stat| parse(&stat)).unwrap_or_default()
}

/// Fields 14 and 15 of `proc_pid_stat(5)`, in clock ticks. The second field is a name that may hold spaces, within
/// parentheses.
fn parse(stat: &str) -> Option<CpuTime> {
    let ticks_per_second = rustix::param::clock_ticks_per_second();
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11).map(str::parse::<u64>);
    let mut next = || {
        let ticks = fields.next()?.ok()?;
        Some(Duration::from_nanos(ticks * (1_000_000_000 / ticks_per_second)))
    };
    Some(CpuTime { user: next()?, system: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_a_strange_name_is_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 1 0 5 0 0";
        let tick = Duration::from_nanos(1_000_000_000 / rustix::param::clock_ticks_per_second());
        let usage = parse(stat).unwrap();
        assert_eq!((usage.user, usage.system), (tick * 250, tick * 50));
        assert!(parse("nonsense").is_none());
    }
}
