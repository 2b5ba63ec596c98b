//! A snapshot as bytes: what it is of, then the state's records, as many in a chunk as fit.
//!
//! ```text
//! meta        version u8 = 1, applied u8 { term u64, index u64 }, members u8 { term u64, index u64 }, membership
//! header      1  time next_job next_tube next_arrival next_burial total_jobs job_timeouts tubes connections jobs, u64 each
//! tube        2  number u32, created u64, paused u8 { seconds u32, until u64 }, puts deletes pauses u64, name u8 + bytes
//! connection  3  id u64, used u32, flags u8, { until u64, arrival u64 } if it waits, watched u32 { number u32 }
//! job         4  id u64, tube u32, state u8 { … }, priority delay ttr u32, created u64,
//!                reserves timeouts releases buries kicks u32, body u32 + bytes
//! ```
//!
//! The tree's records are in `znodes.rs`.
//!
//! `{ … }` of a job: `holder u64, deadline u64` if reserved, `until u64` if delayed, `number u64` if buried.

use trellis_core::snapshot::{ConnectionRecord, Header, JobRecord, Record, Standing, TubeRecord};
use trellis_core::tube::{JobCounts, Pause, TubeCounts, Wait};
use trellis_core::{ConnectionId, Time};

use super::payload::encode_membership;
use super::{FormatError, Reader, znodes};
use crate::types::{LogId, SnapshotMeta, StoredMembership, log_id};

const VERSION: u8 = 1;

const HEADER: u8 = 1;
const TUBE: u8 = 2;
const CONNECTION: u8 = 3;
const JOB: u8 = 4;

const READY: u8 = 0;
const RESERVED: u8 = 1;
const DELAYED: u8 = 2;
const BURIED: u8 = 3;

const HALF_CLOSED: u8 = 1;
const PRODUCER: u8 = 2;
const WORKER: u8 = 4;
const WAITS: u8 = 8;

pub(crate) fn encode_meta(meta: &SnapshotMeta) -> Vec<u8> {
    let mut out = Out(vec![VERSION]);
    out.log_id(meta.last_log_id);
    out.log_id(*meta.last_membership.log_id());
    encode_membership(meta.last_membership.membership(), &mut out.0);
    out.0
}

pub(crate) fn decode_meta(bytes: &[u8]) -> Result<SnapshotMeta, FormatError> {
    let mut reader = Reader(bytes);
    reader.expect_version(VERSION..=VERSION)?;
    let last_log_id = optional_log_id(&mut reader)?;
    let members = optional_log_id(&mut reader)?;
    let last_membership = match members {
        Some(id) => StoredMembership::new(Some(id), reader.membership()?),
        // Before there is a cluster there are no members, which openraft makes by itself alone.
        None => StoredMembership::default(),
    };
    Ok(SnapshotMeta { last_log_id, last_membership })
}

fn optional_log_id(reader: &mut Reader<'_>) -> Result<Option<LogId>, FormatError> {
    if reader.u8()? == 0 {
        return Ok(None);
    }
    let (term, index) = (reader.u64()?, reader.u64()?);
    Ok(Some(log_id(term, index)))
}

/// Little-endian values at the end of a buffer.
pub(super) struct Out(Vec<u8>);

impl Out {
    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u32s(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    pub(super) fn u64s(&mut self, values: &[u64]) {
        values.iter().for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    /// Lists and bodies are bounded far below 4 GiB.
    fn length(&mut self, length: usize) {
        self.u32s(&[u32::try_from(length).expect("a list of more than 2^32 items")]);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Bytes behind their length.
    pub(super) fn long_bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.bytes(bytes);
    }

    fn log_id(&mut self, id: Option<LogId>) {
        self.u8(u8::from(id.is_some()));
        if let Some(id) = id {
            self.u64s(&[id.leader_id.term, id.index]);
        }
    }
}

/// Appends a record to a chunk.
pub(crate) fn encode(record: &Record<'_>, chunk: &mut Vec<u8>) {
    let mut out = Out(std::mem::take(chunk));
    match record {
        Record::Header(header) => encode_header(header, &mut out),
        Record::Tube(tube) => encode_tube(tube, &mut out),
        Record::Connection(connection) => encode_connection(connection, &mut out),
        Record::Job(job) => encode_job(job, &mut out),
        Record::Tree(header) => znodes::encode_tree(header, &mut out),
        Record::Session(session) => znodes::encode_session(session, &mut out),
        Record::Znode(znode) => znodes::encode_znode(znode, &mut out),
    }
    *chunk = out.0;
}

fn encode_header(header: &Header, out: &mut Out) {
    out.u8(HEADER);
    out.u64s(&[header.time.0, header.next_job, header.next_tube, header.next_arrival, header.next_burial]);
    out.u64s(&[header.total_jobs, header.job_timeouts, header.tubes, header.connections, header.jobs]);
}

fn encode_tube(tube: &TubeRecord<'_>, out: &mut Out) {
    out.u8(TUBE);
    out.u32s(&[tube.number]);
    out.u64s(&[tube.created]);
    out.u8(u8::from(tube.pause.is_some()));
    if let Some(pause) = tube.pause {
        out.u32s(&[pause.seconds]);
        out.u64s(&[pause.until.0]);
    }
    out.u64s(&[tube.counts.puts, tube.counts.deletes, tube.counts.pauses]);
    super::entry::name(tube.name, &mut out.0);
}

fn encode_connection(connection: &ConnectionRecord<'_>, out: &mut Out) {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    out.u8(CONNECTION);
    out.u64s(&[connection.id.to_bits()]);
    out.u32s(&[connection.used]);
    out.u8(flag(connection.half_closed, HALF_CLOSED)
        | flag(connection.producer, PRODUCER)
        | flag(connection.worker, WORKER)
        | flag(connection.wait.is_some(), WAITS));
    if let Some(wait) = connection.wait {
        out.u64s(&[wait.until.0, wait.arrival]);
    }
    out.length(connection.watched.len());
    out.u32s(connection.watched);
}

fn encode_job(job: &JobRecord<'_>, out: &mut Out) {
    out.u8(JOB);
    out.u64s(&[job.id]);
    out.u32s(&[job.tube]);
    match job.standing {
        Standing::Ready => out.u8(READY),
        Standing::Reserved { holder, deadline } => {
            out.u8(RESERVED);
            out.u64s(&[holder.to_bits(), deadline.0]);
        }
        Standing::Delayed { until } => {
            out.u8(DELAYED);
            out.u64s(&[until.0]);
        }
        Standing::Buried { number } => {
            out.u8(BURIED);
            out.u64s(&[number]);
        }
    }
    out.u32s(&[job.priority, job.delay, job.ttr]);
    out.u64s(&[job.created_milliseconds]);
    let JobCounts { reserves, timeouts, releases, buries, kicks } = job.counts;
    out.u32s(&[reserves, timeouts, releases, buries, kicks]);
    out.long_bytes(job.body);
}

/// Gives the records of a chunk to `sink`, in their order.
pub(crate) fn decode<E: From<FormatError>>(
    chunk: &[u8],
    sink: &mut dyn FnMut(Record<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = Reader(chunk);
    let mut watched = Vec::new();
    while !reader.is_empty() {
        let record = match reader.u8()? {
            HEADER => Record::Header(decode_header(&mut reader)?),
            TUBE => Record::Tube(decode_tube(&mut reader)?),
            CONNECTION => Record::Connection(decode_connection(&mut reader, &mut watched)?),
            JOB => Record::Job(decode_job(&mut reader)?),
            znodes::TREE => Record::Tree(znodes::decode_tree(&mut reader)?),
            znodes::SESSION => Record::Session(znodes::decode_session(&mut reader)?),
            znodes::ZNODE => Record::Znode(znodes::decode_znode(&mut reader)?),
            tag => return Err(FormatError::Tag(tag, "kind of record in a snapshot").into()),
        };
        sink(record)?;
    }
    Ok(())
}

fn decode_header(reader: &mut Reader<'_>) -> Result<Header, FormatError> {
    Ok(Header {
        time: Time(reader.u64()?),
        next_job: reader.u64()?,
        next_tube: reader.u64()?,
        next_arrival: reader.u64()?,
        next_burial: reader.u64()?,
        total_jobs: reader.u64()?,
        job_timeouts: reader.u64()?,
        tubes: reader.u64()?,
        connections: reader.u64()?,
        jobs: reader.u64()?,
    })
}

fn decode_tube<'a>(reader: &mut Reader<'a>) -> Result<TubeRecord<'a>, FormatError> {
    let (number, created) = (reader.u32()?, reader.u64()?);
    let pause = match reader.u8()? {
        0 => None,
        _ => Some(Pause { seconds: reader.u32()?, until: Time(reader.u64()?) }),
    };
    let counts = TubeCounts { puts: reader.u64()?, deletes: reader.u64()?, pauses: reader.u64()? };
    Ok(TubeRecord { number, created, pause, counts, name: reader.short_str()? })
}

fn decode_connection<'a>(
    reader: &mut Reader<'_>,
    watched: &'a mut Vec<u32>,
) -> Result<ConnectionRecord<'a>, FormatError> {
    let id = ConnectionId::from_bits(reader.u64()?);
    let used = reader.u32()?;
    let flags = reader.u8()?;
    let wait = match flags & WAITS {
        0 => None,
        _ => Some(Wait { until: Time(reader.u64()?), arrival: reader.u64()? }),
    };
    watched.clear();
    for _ in 0..reader.u32()? {
        watched.push(reader.u32()?);
    }
    Ok(ConnectionRecord {
        id,
        used,
        watched,
        wait,
        half_closed: flags & HALF_CLOSED != 0,
        producer: flags & PRODUCER != 0,
        worker: flags & WORKER != 0,
    })
}

fn decode_job<'a>(reader: &mut Reader<'a>) -> Result<JobRecord<'a>, FormatError> {
    let (id, tube) = (reader.u64()?, reader.u32()?);
    let standing = match reader.u8()? {
        READY => Standing::Ready,
        RESERVED => Standing::Reserved {
            holder: ConnectionId::from_bits(reader.u64()?),
            deadline: Time(reader.u64()?),
        },
        DELAYED => Standing::Delayed { until: Time(reader.u64()?) },
        BURIED => Standing::Buried { number: reader.u64()? },
        tag => return Err(FormatError::Tag(tag, "state of a job")),
    };
    let (priority, delay, ttr) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let created_milliseconds = reader.u64()?;
    let counts = JobCounts {
        reserves: reader.u32()?,
        timeouts: reader.u32()?,
        releases: reader.u32()?,
        buries: reader.u32()?,
        kicks: reader.u32()?,
    };
    let body = reader.long_bytes()?;
    Ok(JobRecord { id, tube, standing, priority, delay, ttr, created_milliseconds, counts, body })
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
