//! What a snapshot is made of. The bytes of it are another crate's business.
//!
//! A snapshot is one [`Header`], then records in any order in which tubes come before the connections that refer
//! to them, and both before the jobs that do. If there is a [`TreeHeader`] among them, it comes before the sessions, and
//! these before the znodes that refer to them; znodes refer to each other in any order. [`State::snapshot_next`](crate::State::snapshot_next) produces
//! such an order, and [`Restore`](crate::Restore) takes it.

use crate::tube::{JobCounts, JobId, Pause, TubeCounts, Wait};
use crate::zk::{Acl, Lease, Password, SessionId, Zxid};
use crate::{ConnectionId, Time};

/// A piece of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// The state's own facts; comes once, and first.
    Header(Header),
    /// A tube. Their order is that of the list of tubes.
    Tube(TubeRecord<'a>),
    /// A connection that is open.
    Connection(ConnectionRecord<'a>),
    /// A job.
    Job(JobRecord<'a>),
    /// The facts of the tree of znodes; comes at most once. Without one the tree is as it was at first.
    Tree(TreeHeader),
    /// A session.
    Session(SessionRecord),
    /// A znode.
    Znode(ZnodeRecord<'a>),
}

/// The clock, the running numbers, the counters, and how many records follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The time of the last command.
    pub time: Time,
    /// The id of the next job.
    pub next_job: JobId,
    /// The running number of the next creation of a tube.
    pub next_tube: u64,
    /// The running number of the next reserve that waits.
    pub next_arrival: u64,
    /// The running number of the next burial.
    pub next_burial: u64,
    /// How many jobs have ever been put.
    pub total_jobs: u64,
    /// How many reservations have ended by their TTR.
    pub job_timeouts: u64,
    /// How many tubes there are.
    pub tubes: u64,
    /// How many connections are open.
    pub connections: u64,
    /// How many jobs there are.
    pub jobs: u64,
}

/// A tube without its jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TubeRecord<'a> {
    /// How the other records of this snapshot name the tube.
    pub number: u32,
    /// Its name.
    pub name: &'a str,
    /// The running number of its creation.
    pub created: u64,
    /// Its pause, if it is paused.
    pub pause: Option<Pause>,
    /// What has happened in it.
    pub counts: TubeCounts,
}

/// A connection without the jobs that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRecord<'a> {
    /// Its name.
    pub id: ConnectionId,
    /// The number of the tube that it uses.
    pub used: u32,
    /// The numbers of the tubes that it watches, in the order of its list.
    pub watched: &'a [u32],
    /// Its reserve, if one waits.
    pub wait: Option<Wait>,
    /// Whether its client can send nothing more.
    pub half_closed: bool,
    /// Whether it has sent a put.
    pub producer: bool,
    /// Whether it has sent a reserve.
    pub worker: bool,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord<'a> {
    /// Its id.
    pub id: JobId,
    /// The number of its tube.
    pub tube: u32,
    /// Its state, and what belongs to it.
    pub standing: Standing,
    /// Smaller is more urgent.
    pub priority: u32,
    /// In seconds, as last given.
    pub delay: u32,
    /// In seconds, at least 1.
    pub ttr: u32,
    /// When it was put, in milliseconds since 1970.
    pub created_milliseconds: u64,
    /// What has happened to it.
    pub counts: JobCounts,
    /// Its bytes.
    pub body: &'a [u8],
}

/// A job's state with what it needs to be put back into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Waits for a worker.
    Ready,
    /// Held by a worker.
    Reserved {
        /// The worker's connection.
        holder: ConnectionId,
        /// When its TTR ends.
        deadline: Time,
    },
    /// Waits for its time.
    Delayed {
        /// When that is.
        until: Time,
    },
    /// Set aside.
    Buried {
        /// The running number of the burial.
        number: u64,
    },
}

/// The running numbers of the tree, and how many records follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeHeader {
    /// The last transaction.
    pub zxid: Zxid,
    /// The running number of the next znode that something ends by itself.
    pub next_birth: u64,
    /// Nothing is removed by itself before; after a moment in which very much was.
    pub timers_pause: Time,
    /// How many sessions there are.
    pub sessions: u64,
    /// How many znodes there are.
    pub znodes: u64,
}

/// A session without its ephemeral znodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// What its client has to show.
    pub password: Password,
    /// In milliseconds.
    pub timeout_ms: u32,
    /// The connection that it has.
    pub connection: Option<ConnectionId>,
}

/// A znode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZnodeRecord<'a> {
    /// How the other records of this snapshot name it.
    pub number: u32,
    /// The number of its parent; none for the root.
    pub parent: Option<u32>,
    /// The last part of its path; empty for the root.
    pub name: &'a str,
    /// Its data.
    pub data: Option<&'a [u8]>,
    /// Its access control list.
    pub acl: Acl<'a>,
    /// Everything else.
    pub facts: ZnodeFacts,
}

/// What there is to a znode besides texts and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZnodeFacts {
    /// The transaction that made it.
    pub czxid: Zxid,
    /// The transaction that last set its data.
    pub mzxid: Zxid,
    /// The transaction that last made or removed a child.
    pub pzxid: Zxid,
    /// When it was made, in milliseconds since 1970.
    pub created_milliseconds: u64,
    /// When its data was last set, in milliseconds since 1970.
    pub modified_milliseconds: u64,
    /// How often its data was set.
    pub version: i32,
    /// How many children it has ever had.
    pub cversion: i32,
    /// How often its access control list was set.
    pub aversion: i32,
    /// Its parent's `cversion` before it was made: brothers are in this order, and it may overflow.
    pub sequence: i32,
    /// What ends it by itself.
    pub lease: Lease,
}
