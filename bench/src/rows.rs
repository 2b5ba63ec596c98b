//! The table of what is measured, with its targets. Design decisions rest on these rows, so a row keeps its
//! meaning; a new question is a new row.

use crate::server::Durability::{self, Fsync, Interval, Memory};
use crate::server::Speech;

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

/// What is done, and so in whose protocol. Counts are divided in a quick run.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Against beanstalkd.
    Jobs(JobWork),
    /// Against ZooKeeper.
    Znodes(ZnodeWork),
}

/// What is done with jobs.
#[derive(Clone, Copy)]
pub(crate) enum JobWork {
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
    /// A start with so many jobs on disk, until the first reply.
    Restart { jobs: usize },
    /// A walk over so many tubes.
    Tubes { tubes: usize },
    /// The cycle on connections that each watch so many tubes.
    Watched { tubes: usize },
    /// Half of the connections wait for jobs, the other half puts a few at a time.
    Waiting,
}

/// What is done with znodes.
#[derive(Clone, Copy)]
pub(crate) enum ZnodeWork {
    /// Questions for the data of znodes at random, so many in flight on each connection.
    Get { depth: usize },
    /// New data for znodes at random.
    Set { depth: usize },
    /// Nothing but creates.
    Create { depth: usize },
    /// Creates until there are so many; what they take in memory.
    Fill { znodes: usize },
    /// On each connection: one more znode with more data beside so many, then a question for any of these, while they are
    /// written to snapshots.
    Saved { znodes: usize },
    /// Each connection makes one more child of a znode that has so many, asks whether it exists, and deletes it.
    Visit { znodes: usize },
    /// A start with so many on disk, until the first reply.
    Restart { znodes: usize },
}

/// What trellis has to reach.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// The peer's operations a second times this.
    Ratio(f64),
    /// That, and no more processor time for a request than the peer.
    RatioAndCpu(f64),
    /// That, and a latency that 99 of 100 replies keep of at most this share of the peer's.
    RatioAndP99(f64, f64),
    /// So many resident bytes a job or znode at most.
    BytesEach(f64),
    /// No reply later than after so many milliseconds.
    LongestMs(f64),
}

use JobWork::{Cycle, Delayed, Put, Tubes, Waiting, Watched};
use Target::{BytesEach, LongestMs, Ratio, RatioAndCpu, RatioAndP99};
use ZnodeWork::{Create, Get, Set};

impl Row {
    /// The protocol in which it is done.
    pub(crate) fn speech(&self) -> Speech {
        match self.work {
            Work::Jobs(_) => Speech::Beanstalk,
            Work::Znodes(_) => Speech::Zookeeper,
        }
    }
}

const fn jobs(
    name: &'static str,
    work: JobWork,
    connections: usize,
    durability: Durability,
    target: Target,
) -> Row {
    Row { name, work: Work::Jobs(work), connections, durability, target }
}

/// ZooKeeper has but one durability.
const fn znodes(name: &'static str, work: ZnodeWork, connections: usize, target: Target) -> Row {
    Row { name, work: Work::Znodes(work), connections, durability: Fsync, target }
}

const MILLION: usize = 1_000_000;

/// All rows, in the order in which they are measured and shown.
pub(crate) const ROWS: &[Row] = &[
    jobs("cycle 64x1 memory", Cycle, 64, Memory, RatioAndCpu(1.0)),
    jobs("cycle 64x1 interval", Cycle, 64, Interval, RatioAndCpu(1.0)),
    jobs("cycle 64x1 fsync", Cycle, 64, Fsync, Ratio(10.0)),
    jobs("cycle 1x1 memory", Cycle, 1, Memory, Ratio(0.8)),
    jobs("cycle 1x1 fsync", Cycle, 1, Fsync, Ratio(0.8)),
    jobs("put 64x16 memory", Put { depth: 16 }, 64, Memory, Ratio(4.0)),
    jobs("put 64x16 interval", Put { depth: 16 }, 64, Interval, Ratio(4.0)),
    jobs("put 64x1 fsync", Put { depth: 1 }, 64, Fsync, Ratio(12.0)),
    jobs("fill with 1 M jobs", JobWork::Fill { jobs: MILLION }, 64, Memory, BytesEach(230.0)),
    jobs("cycle over 1 M delayed jobs", Delayed { jobs: MILLION }, 64, Memory, Ratio(1.0)),
    jobs("cycle while 1 M jobs are saved", JobWork::Saved { jobs: MILLION }, 64, Interval, LongestMs(20.0)),
    jobs("restart with 1 M jobs", JobWork::Restart { jobs: MILLION }, 64, Interval, LongestMs(5000.0)),
    jobs("walk over 100 k tubes", Tubes { tubes: 100_000 }, 64, Memory, Ratio(1.0)),
    jobs("cycle watching 1000 tubes", Watched { tubes: 1000 }, 64, Memory, Ratio(1.0)),
    jobs("wake 1 of 5 k waiting", Waiting, 10_000, Memory, Ratio(1.0)),
    // With 64 requests that always wait, the mean is 64 divided by the throughput; a smaller share would be below it.
    znodes("getData 64x1", Get { depth: 1 }, 64, RatioAndP99(2.0, 0.5)),
    znodes("getData 64x16", Get { depth: 16 }, 64, Ratio(6.0)),
    znodes("setData 64x1 fsync", Set { depth: 1 }, 64, Ratio(2.0)),
    znodes("setData 1x1 fsync", Set { depth: 1 }, 1, Ratio(2.0)),
    znodes("create 1x1 fsync", Create { depth: 1 }, 1, Ratio(2.0)),
    znodes("create 64x16 fsync", Create { depth: 16 }, 64, RatioAndP99(5.0, 0.1)),
    znodes("fill with 1 M znodes", ZnodeWork::Fill { znodes: MILLION }, 64, BytesEach(260.0)),
    znodes("grow while 1 M znodes are saved", ZnodeWork::Saved { znodes: MILLION }, 64, LongestMs(20.0)),
    znodes("come and go among 1 M siblings", ZnodeWork::Visit { znodes: MILLION }, 64, Ratio(2.0)),
    znodes("restart with 1 M znodes", ZnodeWork::Restart { znodes: MILLION }, 64, LongestMs(5000.0)),
];
