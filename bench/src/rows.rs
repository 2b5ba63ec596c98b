//! The table of what is measured, with its targets. DESIGN decisions rest on these rows, so a row keeps its
//! meaning; a new question is a new row.

use crate::server::Durability::{self, Fsync, Interval, Memory};

/// One row of the result.
pub(crate) struct Row {
    /// The row's name, which `--filter` looks at: the work, connections x requests in flight on each, and the
    /// durability.
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    pub(crate) connections: usize,
    pub(crate) durability: Durability,
    pub(crate) target: Target,
}

/// What is done. Counts are divided in a quick run.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Put, reserve, delete on each connection.
    Cycle,
    /// Nothing but puts, so many in flight on each connection.
    Put { depth: usize },
    /// Puts until there are so many jobs; what they take in memory.
    Fill { jobs: usize },
    /// The cycle, on top of so many delayed jobs.
    Delayed { jobs: usize },
    /// The cycle with larger bodies, on top of so many delayed jobs, while these are written to snapshots.
    Saved { jobs: usize },
    /// A walk over so many tubes.
    Tubes { tubes: usize },
    /// The cycle on connections that each watch so many tubes.
    Watched { tubes: usize },
    /// Half of the connections wait for jobs, the other half puts a few at a time.
    Waiting,
}

/// What trellis has to reach.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// The peer's operations a second times this.
    Ratio(f64),
    /// That, and no more processor time for a request than the peer.
    RatioAndCpu(f64),
    /// So many resident bytes a job at most.
    BytesPerJob(f64),
    /// No reply later than after so many milliseconds.
    LongestMs(f64),
}

use Target::{BytesPerJob, LongestMs, Ratio, RatioAndCpu};
use Work::{Cycle, Delayed, Fill, Put, Saved, Tubes, Waiting, Watched};

const fn row(
    name: &'static str,
    work: Work,
    connections: usize,
    durability: Durability,
    target: Target,
) -> Row {
    Row { name, work, connections, durability, target }
}

/// All rows, in the order in which they are measured and shown.
pub(crate) const ROWS: &[Row] = &[
    row("cycle 64x1 memory", Cycle, 64, Memory, RatioAndCpu(1.0)),
    row("cycle 64x1 interval", Cycle, 64, Interval, RatioAndCpu(1.0)),
    row("cycle 64x1 fsync", Cycle, 64, Fsync, Ratio(10.0)),
    row("cycle 1x1 memory", Cycle, 1, Memory, Ratio(0.8)),
    row("cycle 1x1 fsync", Cycle, 1, Fsync, Ratio(0.8)),
    row("put 64x16 memory", Put { depth: 16 }, 64, Memory, Ratio(4.0)),
    row("put 64x16 interval", Put { depth: 16 }, 64, Interval, Ratio(4.0)),
    row("put 64x1 fsync", Put { depth: 1 }, 64, Fsync, Ratio(12.0)),
    row("fill with 1 M jobs", Fill { jobs: 1_000_000 }, 64, Memory, BytesPerJob(230.0)),
    row("cycle over 1 M delayed jobs", Delayed { jobs: 1_000_000 }, 64, Memory, Ratio(1.0)),
    row("cycle while 1 M jobs are saved", Saved { jobs: 1_000_000 }, 64, Interval, LongestMs(20.0)),
    row("walk over 100 k tubes", Tubes { tubes: 100_000 }, 64, Memory, Ratio(1.0)),
    row("cycle watching 1000 tubes", Watched { tubes: 1000 }, 64, Memory, Ratio(1.0)),
    row("wake 1 of 5 k waiting", Waiting, 10_000, Memory, Ratio(1.0)),
];
